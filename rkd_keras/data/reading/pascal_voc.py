"""Pascal VOC files: the objects and boxes that they hold, and their faults."""

from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from rkd_keras.data.reading.boxes import from_voc
from rkd_keras.errors import InputError

VOC_EDGES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class VocObject:
    """What a VOC file says of one object.

    Attributes:
        where: file, number and class of the object, for messages.
        class_name: its class; empty where none is given.
        box: tuple `(left, top, right, bottom)`, `None` where it cannot be used.
        fault: what is wrong with it, `None` where nothing is.
    """

    where: str
    class_name: str = ""
    box: tuple | None = None
    fault: str | None = None

    def misfit(self, shape):
        """Compare the box with the image.

        Args:
            shape: `(height, width)` of the image.

        Returns:
            A sentence, or `None` where the box lies within the image.

        Example:
            >>> VocObject("1.xml, object 1", "dent", (0, 0, 9, 4)).misfit((8, 8))
            '1.xml, object 1: its box reaches beyond the image of 8x8 pixels'
        """
        if self.box is None:
            return None
        height, width = shape
        left, top, right, bottom = self.box
        if 0 <= left and 0 <= top and right <= width and bottom <= height:
            return None
        outside = left >= width or top >= height or right <= 0 or bottom <= 0
        lies = "lies wholly outside of" if outside else "reaches beyond"
        return f"{self.where}: its box {lies} the image of {width}x{height} pixels"


def read_objects(source, name=None):
    """Read the objects of one Pascal VOC file.

    Args:
        source: the `.xml` file's path, or its bytes.
        name: what to call it in messages. Defaults to the path.

    Returns:
        List of `VocObject`.

    Raises:
        InputError: when the file is no VOC annotation.

    Example:
        >>> xml = b"<annotation><object><name>dent</name></object></annotation>"
        >>> read_objects(xml, "1.xml")[0].fault
        '1.xml, object 1 (dent): it has no box'
    """
    name = name or str(source)
    root = _parsed(source, name)
    objects = []
    for number, item in enumerate(root.iter("object"), start=1):
        class_name = (item.findtext("name") or "").strip()
        where = f"{name}, object {number}" + (f" ({class_name})" if class_name else "")
        # Some programs put all boxes of a class into one object.
        for found in item.findall("bndbox") or [None]:
            box, fault = _box_of(found)
            if fault:
                fault = f"{where}: {fault}"
                objects.append(VocObject(where, class_name, fault=fault))
            else:
                box = tuple(from_voc(box)[0].tolist())
                objects.append(VocObject(where, class_name, box))
    return objects or [VocObject(name, fault=f"{name} describes no object")]


def _parsed(source, name):
    try:
        if isinstance(source, bytes):
            root = ElementTree.fromstring(source)
        else:
            root = ElementTree.parse(source).getroot()
    except (ElementTree.ParseError, ValueError, LookupError, OSError) as error:
        raise InputError(f"{name} is no Pascal VOC annotation: {error}") from error
    if root.tag != "annotation":
        raise InputError(f"{name} is no Pascal VOC annotation: it begins <{root.tag}>")
    return root


def other_scale(source, shape, name=None):
    """Compare the size that a VOC file declares with the image's.

    Args:
        source: the `.xml` file's path, or its bytes.
        shape: `(height, width)` of the image.
        name: what to call it in messages. Defaults to the path.

    Returns:
        A sentence where they differ, else `None`.

    Raises:
        InputError: when the file is no VOC annotation.

    Example:
        >>> xml = "<size><width>400</width><height>400</height></size>"
        >>> xml = f"<annotation>{xml}</annotation>".encode()
        >>> other_scale(xml, (200, 200), "1.xml")
        '1.xml is of an image of 400x400 pixels, not 200x200: its boxes may not fit'
    """
    name = name or str(source)
    size = _parsed(source, name).find("size")
    if size is None:
        return None
    declared = [(size.findtext(edge) or "").strip() for edge in ("width", "height")]
    image = [str(side) for side in reversed(shape)]
    # Programs that do not know the size write 0.
    if declared == image or not all(d.isdecimal() and int(d) for d in declared):
        return None
    return (
        f"{name} is of an image of {'x'.join(declared)} pixels, not {'x'.join(image)}: "
        "its boxes may not fit"
    )


def read_voc(source, name=None):
    """Read the boxes of one Pascal VOC file.

    Args:
        source: the `.xml` file's path, or its bytes.
        name: what to call it in messages. Defaults to the path.

    Returns:
        Pair: array `(boxes, 4)`, int64, of `(left, top, right, bottom)` in pixels
        from 0, `right` and `bottom` excluded; and a list of sentences, one for each
        object whose box is missing or cannot be used.

    Raises:
        InputError: when the file is no VOC annotation.
    """
    objects = read_objects(source, name)
    boxes = [each.box for each in objects if each.box is not None]
    faults = [each.fault for each in objects if each.fault is not None]
    return np.array(boxes, np.int64).reshape(-1, 4), faults


def _box_of(found):
    """Return a box as VOC has it and `None`, or `None` and what is wrong."""
    if found is None:
        return None, "it has no box"
    box = []
    for edge in VOC_EDGES:
        text = (found.findtext(edge) or "").strip()
        try:
            box.append(int(float(text)))
            known = abs(box[-1]) < 2**31
        except (ValueError, OverflowError):
            known = False
        if not known:
            shown = f"is {text!r}, which is no pixel" if text else "is missing"
            return None, f"{edge} of its box {shown}"
    for low, high in ((0, 2), (1, 3)):
        if box[low] > box[high]:
            return None, (
                f"its box has {VOC_EDGES[low]} {box[low]} above "
                f"{VOC_EDGES[high]} {box[high]}"
            )
    return box, None


def class_names_of(path):
    """Return the classes of the objects in a VOC file.

    Args:
        path: the file.

    Returns:
        Set of names; empty for what is no annotation.
    """
    try:
        return {each.class_name for each in read_objects(path)} - {""}
    except InputError:
        return set()


def read_annotations(annotations):
    """Read the boxes of a data set's images.

    Args:
        annotations: dict from an image's index to its VOC file.

    Returns:
        Pair: dict from the indices of images with boxes to arrays as `read_voc`
        returns them, and a list of sentences on what could not be used.
    """
    boxes, faults = {}, []
    for i, path in annotations.items():
        try:
            found, wrong = read_voc(path)
        except InputError as error:
            found, wrong = (), [str(error)]
        faults += wrong
        if len(found):
            boxes[i] = found
    return boxes, faults
