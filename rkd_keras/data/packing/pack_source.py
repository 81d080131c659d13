"""Find out what is to be packed, and how its names shall begin."""

from dataclasses import dataclass
from pathlib import Path

from rkd_keras.data.reading.image_index import ImageIndex
from rkd_keras.data.reading.open_dataset import open_dataset
from rkd_keras.errors import InputError
from rkd_keras.files.images import list_images
from rkd_keras.files.packs import is_pack


@dataclass
class PackSource:
    """Images that are to be packed.

    Attributes:
        index: their `ImageIndex`; without class names for images that nobody has
            labelled.
        layout: `"folders"`, `"manifest"` or `"unlabelled"`; earlier packs say
            `"neu"` for folders whose names tell the class.
    """

    index: ImageIndex
    layout: str

    def names(self):
        """Name the images as the pack will.

        Returns:
            List of paths within the data set, with `/`.

        Raises:
            InputError: when an image is listed twice.
        """
        names = self.index.names()
        if len(set(names)) < len(names):
            twice = next(name for i, name in enumerate(names) if name in names[:i])
            raise InputError(f"{twice} is listed twice; a pack holds an image once")
        return names


def find_source(path, labelled=True):
    """Find out what is to be packed.

    Args:
        path: folder or CSV manifest, as of `open_dataset`.
        labelled: whether classes are looked for; if not, all images below the
            folder are taken. Defaults to `True`.

    Returns:
        A `PackSource`.

    Raises:
        InputError: when the path is a pack already; see also `open_dataset`.
    """
    path = Path(path)
    if is_pack(path):
        raise InputError(f"{path} is a pack already")
    if not labelled:
        if not path.is_dir():
            raise InputError(f"{path} is no folder; give the folder of the images")
        files = list_images(path)
        index = ImageIndex(files, [0] * len(files), (), root=path)
        return PackSource(index, "unlabelled")
    index = open_dataset(path)
    if path.is_file():
        return PackSource(index, "manifest")
    return PackSource(index, "folders")
