"""Where the defects of labelled images are."""

import logging
from pathlib import Path

from rkd_keras.errors import InputError

LOGGER = logging.getLogger(__name__)


def defects(index, members, shape, region="auto", masks=None):
    """Load images of a class and mark where their defects are.

    Args:
        index: an `ImageIndex`.
        members: array of indices.
        shape: `(height, width)` that images and regions are resized to.
        region: `"auto"`, `"boxes"`, `"masks"` or `"segment"`.
        masks: folder of masks, with `region="masks"`.

    Returns:
        Triple: images `(n, height, width, 3)`, regions `(n, height, width)` of
        bool, and the indices of those that could be read.

    Raises:
        InputError: when no image can be read, or a mask may belong to several.
    """
    import cv2
    import numpy as np

    from rkd_keras.data import mask_of_boxes
    from rkd_keras.files.images import read_image, resize_image

    images, regions, kept = [], [], []
    for i in members:
        try:
            image = read_image(index.files[i])
        except InputError as error:
            LOGGER.warning("left out: %s", error)
            continue
        if region == "masks":
            mask = _read_mask(masks, index, i, image.shape[:2])
        elif region == "boxes" or (region == "auto" and i in index.boxes):
            mask = mask_of_boxes(image.shape[:2], index.boxes.get(i, ()))
        else:
            from rkd_keras.measure import segment

            mask = segment(image)
        height, width = shape
        mask = cv2.resize(
            mask.astype("uint8"), (width, height), interpolation=cv2.INTER_AREA
        )
        images.append(resize_image(image, shape))
        regions.append(mask > 0)
        kept.append(i)
    if not images:
        raise InputError("none of the images of a class could be decoded")
    return np.stack(images), np.stack(regions), np.array(kept)


def _read_mask(folder, index, i, shape):
    """The mask of an image; an empty one where there is none.

    It is looked for where the image lies in the data set, then in a folder of the
    class's name, then by its name alone.
    """
    import cv2
    import numpy as np

    from rkd_keras.files.images import IMAGE_SUFFIXES, read_mask

    stem, name = index.files[i].stem, index.class_names[index.labels[i]]
    own = folder / Path(index.names()[i]).parent
    found = [
        file
        for place in (own, folder / name, folder)
        for suffix in IMAGE_SUFFIXES
        if (file := place / f"{stem}{suffix}").is_file()
    ]
    if not found:
        return np.zeros(shape, bool)
    same = [
        file
        for file, label in zip(index.files, index.labels, strict=True)
        if file.stem == stem and (found[0].parent == folder or label == index.labels[i])
    ]
    if found[0].parent != own and len(same) > 1:
        raise InputError(
            f"{found[0]} may be the mask of {same[0]} or of {same[1]}; put masks into "
            "folders of their classes' names, or as their images lie"
        )
    mask = read_mask(found[0])
    if mask.shape != shape:
        size = shape[::-1]
        resized = cv2.resize(
            mask.astype("uint8"), size, interpolation=cv2.INTER_NEAREST
        )
        mask = resized > 0
    return mask
