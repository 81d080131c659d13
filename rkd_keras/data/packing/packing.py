"""Pack large sets of images into few files, and unpack them again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import FindingsError, InputError
from rkd_keras.options import AnyPath, Data, Option, Overwrite, Quiet, checked


@checked
def pack_images(
    data: Data,
    out: Annotated[AnyPath, Option("Folder to write the pack to.")],
    shard_images: Annotated[int, Option("Images in a shard.", at_least=1)] = 1000,
    unlabelled: Annotated[
        bool, Option("Pack all images; look for no classes.")
    ] = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
):
    """Pack many images into few files: TFRecords with checksums and a manifest.

    A pack is given to any command in place of the folder that was packed. The
    images' own bytes, names, classes, parts, groups and boxes are kept.

    Every record is a `tf.train.Example` that TensorFlow reads as well:
    `image/encoded` (the file's own bytes), `image/filename`, and where they are
    known `image/class/text`, `image/class/label`, `image/part`, `image/group`,
    `image/boxes`
    (`xmin, ymin, xmax, ymax` in pixels from 1, the maxima included, box after box, as
    in Pascal VOC), `annotation/filename` and `annotation/encoded`.

    Returns:
        The manifest, a dict.

    Raises:
        InputError: when an image cannot be read or is listed twice, or the folder
            holds something else than a pack that may be replaced; see also
            `open_dataset`.

    Example:
        >>> import tempfile, pathlib
        >>> from rkd_keras.data import open_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for name in ("dent", "scratch"):
        ...     (folder / "images" / name).mkdir(parents=True)
        ...     _ = (folder / "images" / name / "1.png").write_bytes(b"any bytes")
        >>> pack_images(folder / "images", folder / "pack", quiet=True)["images"]
        2
        >>> open_dataset(folder / "pack").class_names
        ('dent', 'scratch')
    """
    from rkd_keras.data.packing.pack_source import find_source
    from rkd_keras.data.packing.shards import write_pack
    from rkd_keras.files.results import make_folder
    from rkd_keras.progress import shown_progress

    _check_target(out, overwrite)
    source = find_source(data, not unlabelled)
    names = source.names()
    make_folder(out)
    _clear_pack(out)
    with shown_progress("packing", quiet) as progress:
        return write_pack(source, names, out, shard_images, progress)


def _check_target(out, overwrite):
    from rkd_keras.files.packs import is_pack

    if out.is_dir() and any(out.iterdir()) and not (overwrite and is_pack(out)):
        raise InputError(f"{out} is not empty; give another folder")


def _clear_pack(out):
    """Remove an earlier pack, and nothing else."""
    from rkd_keras.files.packs import MANIFEST, Pack, is_pack

    if not is_pack(out):
        return
    shards = Pack(out).manifest["shards"]
    (out / MANIFEST).unlink()
    for shard in shards:
        for name in (shard["file"], shard["index"]):
            (out / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class Unpacked:
    """What came out of a pack.

    Attributes:
        folder: where the files are.
        files: list of the images' paths.
        faults: list of sentences, one for each image that could not be restored.

    Example:
        >>> Unpacked(Path("again"), [], []).faults
        []
    """

    folder: Path
    files: list
    faults: list


@checked
def unpack_images(
    data: Annotated[AnyPath, Option("The pack.")],
    out: Annotated[AnyPath, Option("Folder to write the images to.")],
    quiet: Quiet = False,
):
    """Write a pack's images as files again: the same bytes under the same names.

    A pack of a CSV manifest gives a `manifest.csv` too, for there the folders do not
    tell the classes.

    Returns:
        An `Unpacked`.

    Raises:
        FindingsError: when images could not be restored; the rest is written all the
            same. Its `result` is the `Unpacked`.
        InputError: when the folder holds no pack, its index is damaged, or `out` is
            not empty.

    Example:
        >>> import tempfile, pathlib
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> (folder / "images" / "dent").mkdir(parents=True)
        >>> _ = (folder / "images" / "dent" / "1.png").write_bytes(b"any bytes")
        >>> manifest = pack_images(folder / "images", folder / "pack", quiet=True)
        >>> found = unpack_images(folder / "pack", folder / "again", quiet=True)
        >>> found.files[0].read_bytes()
        b'any bytes'
    """
    from rkd_keras.data.packing.shards import restore
    from rkd_keras.data.reading.manifest import write_manifest
    from rkd_keras.files.packs import open_pack
    from rkd_keras.files.results import make_folder
    from rkd_keras.progress import shown_progress

    pack = open_pack(data)
    images, files, faults = list(pack.images.values()), [], []
    _check_target(out, overwrite=False)
    make_folder(out)
    with shown_progress("unpacking", quiet) as progress:
        for done, image in enumerate(images, start=1):
            try:
                restore(pack, image, out)
                files.append(out / image.name)
            except InputError as error:
                faults.append(str(error))
            progress(done, len(images))
    if pack.manifest["layout"] == "manifest":
        rows = (
            (image.name, image.class_name, image.part, image.group) for image in images
        )
        write_manifest(out / "manifest.csv", rows)
    found = Unpacked(out, files, faults)
    if faults:
        raise FindingsError(
            f"{len(faults)} images of {data} could not be restored", found
        )
    return found
