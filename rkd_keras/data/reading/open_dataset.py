"""Open a data set in whichever of the known layouts it has."""

from pathlib import Path

from rkd_keras.data.reading.folders import read_folders, read_manifest
from rkd_keras.data.reading.neu import class_of, read_neu
from rkd_keras.data.reading.read_pack import read_pack
from rkd_keras.errors import InputError
from rkd_keras.files.images import IMAGE_SUFFIXES
from rkd_keras.files.packs import is_pack


def open_dataset(path):
    """List a data set's images and labels.

    The layout is found out: a `.csv` file is a manifest (`file`, `label` and,
    at will, `split`); a folder with `IMAGES` and `ANNOTATIONS`, or with flat
    files named `scratches_1.jpg` or `Sc_1.bmp`, is NEU-DET or NEU-CLS; a pack
    (see `pack_images`) is what was packed; any other folder has one folder per
    class, with train, val and test folders at any level or none.

    Args:
        path: folder or CSV file.

    Returns:
        An `ImageIndex`.

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
    path = Path(path)
    if path.is_file() and path.suffix.lower() == ".csv":
        return read_manifest(path)
    if not path.is_dir():
        raise InputError(f"{path} is neither a folder nor a CSV manifest")
    if is_pack(path):
        return read_pack(path)
    names = {p.name.lower() for p in path.iterdir() if p.is_dir()}
    flat = [p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
    if {"images", "annotations"} <= names or (flat and all(map(class_of, flat))):
        return read_neu(path)
    if flat and not names:
        raise InputError(
            f"{path} holds images whose names tell no class; put them into folders "
            "per class or list them in a CSV manifest (file,label)"
        )
    return read_folders(path)
