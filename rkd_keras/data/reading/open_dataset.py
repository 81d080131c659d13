"""Open a data set in whichever of the known layouts it has."""

import logging
from pathlib import Path

from rkd_keras.data.reading.manifest import read_manifest
from rkd_keras.data.reading.read_pack import read_pack
from rkd_keras.data.reading.tree import read_tree
from rkd_keras.errors import InputError
from rkd_keras.files.names import printable
from rkd_keras.files.packs import is_pack

LOGGER = logging.getLogger(__name__)


def open_dataset(path, class_from="auto"):
    """List a data set's images and labels.

    The layout is found out: a `.csv` file is a manifest (`file`, `label` and,
    at will, `split`); a pack (see `pack_images`) is what was packed; any other folder
    has a folder for each class, with train, val and test folders at any level or
    none, or images whose names (`scratches_1.jpg`, `Sc_1.bmp`) or Pascal VOC
    annotations tell the class. Links are followed, hidden files are not. What is not
    used is in the index's `unused`, and `rkd-keras data check` names it.

    Args:
        path: folder or CSV file.
        class_from: what tells the class in a folder: `"name"` of the file,
            `"annotation"`, `"folder"` (the innermost), or the number of a level of
            folders below the one that holds all images, such as `"1"`. Defaults to
            `"auto"`: found out.

    Returns:
        An `ImageIndex`, whose `layout` says how the folder was understood.

    Raises:
        InputError: when the path does not exist or holds no labelled images.

    Example:
        >>> import tempfile, pathlib
        >>> root = pathlib.Path(tempfile.mkdtemp())
        >>> for name in ("dent", "scratch"):
        ...     (root / name).mkdir()
        ...     _ = (root / name / "1.png").write_bytes(b"")
        >>> open_dataset(root).class_names
        ('dent', 'scratch')
    """
    index = read_any(path, class_from)
    losses = [*(str(each) for each in index.unused if each.is_loss), *index.faults]
    if losses:
        LOGGER.warning(
            "what lies in %s is not all used: %s%s; rkd-keras data check names all",
            path,
            printable(losses[0]),
            f" and {len(losses) - 1} more" if len(losses) > 1 else "",
        )
    return index


def read_any(path, class_from="auto"):
    """List a data set as `open_dataset` does, without a word on what is not used.

    Args:
        path: folder or CSV file.
        class_from: see `open_dataset`. Defaults to `"auto"`.

    Returns:
        An `ImageIndex`.
    """
    path = Path(path)
    if path.is_file() and path.suffix.lower() == ".csv":
        return read_manifest(path)
    if not path.is_dir():
        raise InputError(f"{path} is neither a folder nor a CSV manifest")
    if is_pack(path):
        return read_pack(path)
    return read_tree(path, class_from)
