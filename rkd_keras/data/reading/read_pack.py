"""List what is in a pack."""

from rkd_keras.data.reading.boxes import from_voc, is_proper
from rkd_keras.data.reading.image_index import ImageIndex
from rkd_keras.errors import InputError
from rkd_keras.files.packs import open_pack


def read_pack(directory):
    """List a pack's images and labels, in the order in which they were packed.

    Args:
        directory: the pack's folder.

    Returns:
        An `ImageIndex`, equal to that of what was packed but for the files'
        folder.

    Raises:
        InputError: when the pack is damaged, a shard is missing, or its images
            have no labels.

    Example:
        >>> read_pack("nowhere")
        Traceback (most recent call last):
        rkd_keras.errors.InputError: nowhere is no pack: nowhere/rkd_pack.json is missing
    """  # noqa: E501
    pack = open_pack(directory)
    pack.check_shards()
    images = list(pack.images.values())
    if not pack.class_names:
        raise InputError(
            f"the images of {directory} were packed without labels; pack a folder per "
            "class or a CSV manifest"
        )
    number = {name: i for i, name in enumerate(pack.class_names)}
    return ImageIndex(
        [pack.directory / image.name for image in images],
        [number[image.class_name] for image in images],
        pack.class_names,
        [image.part for image in images],
        _boxes(images),
        root=pack.directory,
        groups=[image.group for image in images],
        layout="a pack",
    )


def _boxes(images):
    """Packs keep boxes as VOC files have them; older ones keep unusable ones too."""
    boxes = {i: from_voc(image.boxes or ()) for i, image in enumerate(images)}
    boxes = {i: found[is_proper(found)] for i, found in boxes.items()}
    return {i: found for i, found in boxes.items() if len(found)}
