"""List what is in a pack."""

import numpy as np

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
        {
            i: np.array(image.boxes, np.int64).reshape(-1, 4)
            for i, image in enumerate(images)
            if image.boxes is not None
        },
    )
