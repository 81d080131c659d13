"""Read a folder of images in any of the known layouts."""

import unicodedata
from collections import Counter
from pathlib import Path

from rkd_keras.data.reading.annotation_files import FOLDERS, match_annotations
from rkd_keras.data.reading.class_level import at_level, find_level
from rkd_keras.data.reading.image_index import index_of
from rkd_keras.data.reading.neu import class_of, number_of
from rkd_keras.data.reading.parts import PARTS
from rkd_keras.data.reading.pascal_voc import class_names_of, read_annotations
from rkd_keras.errors import InputError, OptionError
from rkd_keras.files.images import IMAGE_SUFFIXES, why_not_read
from rkd_keras.files.names import printable
from rkd_keras.files.results import is_result
from rkd_keras.files.walking import Unused, walk

CONTAINERS = ("images", "image", "imgs", "img", "jpegimages")
# Folders of pictures that are no images of the surface.
MASKS = ("masks", "mask", "ground_truth", "groundtruth", *FOLDERS)


def read_tree(directory, class_from="auto"):
    """Read a folder of images.

    Args:
        directory: the folder.
        class_from: see `open_dataset`. Defaults to `"auto"`.

    Returns:
        An `ImageIndex`; classes in alphabetical order. Images are sorted by class and
        number where their names tell the class, else by path.

    Raises:
        InputError: when there is no image below, or nothing tells their classes.
    """
    directory = Path(directory)
    walked = walk(directory)
    images, annotations, unused = _sorted_out(directory, walked)
    if not images:
        raise InputError(f"{directory} holds no images{_what_else(unused)}")
    places = [_Place(path, directory) for path in images]
    by_name = _by_name(places, directory, annotations, class_from)
    if by_name:
        found, layout = _named(directory, by_name, annotations, class_from)
    else:
        found, layout = _foldered(directory, places, class_from)
    used = {path for path, _, _ in found}
    why = "nothing tells its class" if by_name else "it lies in no class's folder"
    unused += [Unused(p, why, is_loss=True) for p in images if p not in used]
    index = index_of(found, directory)
    matched, more = match_annotations(index.files, annotations, directory, CONTAINERS)
    index.annotations = matched
    index.boxes, index.faults = read_annotations(matched)
    index.unused = sorted([*unused, *more], key=lambda each: each.path)
    index.layout = layout + ("; boxes from Pascal VOC files" if matched else "")
    return index


class _Place:
    """Where an image lies: its part, and the folders that may name its class."""

    def __init__(self, path, directory):
        folders = path.relative_to(directory).parts[:-1]
        parts = [PARTS[f.lower()] for f in folders if f.lower() in PARTS]
        self.path, self.parent = path, folders
        self.part = parts[-1] if parts else None
        self.folders = tuple(
            unicodedata.normalize("NFC", f)
            for f in folders
            if f.lower() not in PARTS and f.lower() not in CONTAINERS
        )


def _sorted_out(directory, walked):
    """Split what lies in a folder into images, annotations and the rest."""
    images, annotations, unused = [], [], list(walked.unused)
    for path in walked.files:
        suffix = path.suffix.lower()
        folders = {f.lower() for f in path.relative_to(directory).parts[:-1]}
        if suffix == ".xml":
            annotations.append(path)
        elif suffix in IMAGE_SUFFIXES and folders & set(MASKS):
            unused.append(Unused(path, "it lies in a folder of masks or annotations"))
        elif suffix in IMAGE_SUFFIXES and is_result(path):
            unused.append(Unused(path, "it is a picture of results of rkd-keras"))
        elif suffix in IMAGE_SUFFIXES:
            images.append(path)
        else:
            reason = why_not_read(path)
            unused.append(Unused(path, reason or "it is no image", bool(reason)))
    reason = "it is a pack, which is opened by itself"
    unused += [Unused(path, reason, is_loss=True) for path in walked.packs]
    unused += [Unused(path, "the folder holds no image", True) for path in walked.empty]
    return images, annotations, unused


def _what_else(unused):
    losses = [each for each in unused if each.is_loss]
    return f"; {losses[0]}" if losses else ""


def _by_name(places, directory, annotations, class_from):
    """Return the images whose names or annotations tell the classes, if they do."""
    if class_from in ("name", "annotation"):
        return places
    if class_from != "auto":
        return []
    beside = {
        path.relative_to(directory).parts[:depth]
        for path in annotations
        for depth, folder in enumerate(path.relative_to(directory).parts[:-1])
        if folder.lower() in FOLDERS
    }
    # NEU-DET: `IMAGES` beside `ANNOTATIONS`, with no folders of classes in it.
    voc = [
        place
        for place in places
        if place.parent
        and place.parent[-1].lower() in CONTAINERS
        and place.parent[:-1] in beside
    ]
    one_folder = len({place.folders for place in places}) == 1
    if voc and (one_folder or not any(place.folders for place in voc)):
        return voc
    named = all(class_of(place.path) for place in places)
    flat = not any(place.folders for place in places)
    return places if flat or (one_folder and named) else []


def _named(directory, places, annotations, class_from):
    """Take the classes from names, or from the objects of the annotations."""
    paths = [place.path for place in places]
    matched, _ = match_annotations(paths, annotations, directory, CONTAINERS)
    found, ways = [], Counter()
    for i, place in enumerate(places):
        name = None if class_from == "annotation" else class_of(place.path)
        way = "the files' names, as NEU's"
        if name is None and class_from != "name" and i in matched:
            names = class_names_of(matched[i])
            name = names.pop() if len(names) == 1 else None
            way = "the objects of their annotations"
        if name is not None:
            found.append((place.path, _class_name(name), place.part))
            ways[way] += 1
    if 2 * len(found) < len(places):
        raise InputError(
            f"{directory} holds images whose names tell no class "
            f"({len(places) - len(found)} of {len(places)}); put them into folders per "
            "class or list them in a CSV manifest (file,label)"
        )
    found.sort(key=lambda each: (each[1], number_of(each[0]), each[0]))
    layout = f"classes from {' and '.join(ways)}"
    return found, layout + _parts_of(found)


def _foldered(directory, places, class_from):
    """Take the classes from the folders."""
    inside = [place for place in places if place.folders]
    if not inside:
        raise InputError(
            f"{directory} holds images whose names tell no class; put them into "
            "folders per class or list them in a CSV manifest (file,label)"
        )
    shared = _shared([place.folders for place in inside])
    below = [place.folders[shared:] for place in inside]
    level, others = find_level(below)
    if class_from not in ("auto", "folder"):
        if not class_from.isdecimal() or int(class_from) < 1:
            raise OptionError(
                "class_from",
                "must be auto, name, annotation, folder or the number of a level of "
                f"folders, not {class_from!r}",
            )
        level, others = int(class_from), []
    elif class_from == "folder":
        level, others = max(map(len, below)), []
    found = [
        (place.path, _class_name(at_level(folders, level)), place.part)
        for place, folders in zip(inside, below, strict=True)
    ]
    layout = "a folder for each class"
    if max(map(len, below)) > 1:
        layout += f" (those of level {level})"
    layout += _parts_of(found)
    for other in others:
        names = sorted({printable(at_level(folders, other)) for folders in below})
        layout += (
            f"; --class-from {other} would take level {other}: {', '.join(names[:3])}"
        )
        layout += " and so on" if len(names) > 3 else ""
    return found, layout


def _class_name(name):
    """Name a class after a folder or an object: what tables and cards can hold."""
    name = printable(name)
    return name.strip() or name.replace(" ", r"\x20")


def _shared(all_folders):
    """Number of folders that hold all images and so name no class."""
    first, last = min(all_folders), max(all_folders)
    count = 0
    while count < min(len(first), len(last)) and first[count] == last[count]:
        count += 1
    # One must remain.
    return min(count, min(map(len, all_folders)) - 1)


def _parts_of(found):
    return "; parts from folders" if any(part for _, _, part in found) else ""
