"""Compare segmentations with masks drawn by hand."""

import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.images import list_images, read_image, read_mask
from rkd_keras.files.names import printable
from rkd_keras.measure.grey import as_grey


def intersection_over_union(found, truth):
    """Return |found and truth| / |found or truth|; 1 when both are empty.

    Args:
        found: array `(H, W)`, bool.
        truth: array `(H, W)`, bool.

    Returns:
        A float in [0, 1].

    Raises:
        InputError: when the sizes differ.

    Example:
        >>> import numpy as np
        >>> a, b = np.zeros((2, 2), bool), np.ones((2, 2), bool)
        >>> intersection_over_union(a, b), intersection_over_union(a, a)
        (0.0, 1.0)
    """
    if found.shape != truth.shape:
        raise InputError(
            "masks must be of one size. Received: "
            f"found={found.shape}, truth={truth.shape}"
        )
    union = int((found | truth).sum())
    return int((found & truth).sum()) / union if union else 1.0


@dataclass
class MaskedImages:
    """Images with true masks, sorted into classes and two halves.

    Attributes:
        names: list of file names without suffix.
        images: list of arrays `(H, W)`, uint8.
        masks: list of arrays `(H, W)`, bool.
        classes: list of class names: what stands before the file name's last
            underscore.
        halves: list of `"tune"` or `"check"`: the halves in which settings were
            chosen and checked.

    Example:
        >>> MaskedImages([], [], [], [], []).names
        []
    """

    names: list
    images: list
    masks: list
    classes: list
    halves: list

    @classmethod
    def read(cls, images, masks, seed=0):
        """Pair the files of two folders by name and halve each class.

        A mask has its image's path within the folder, with any suffix; where no other
        image has its name, it may lie in any folder.

        Images that share pixels (see `rkd_keras.data.find_overlaps`) are in one half.

        Args:
            images: folder of images.
            masks: folder of masks, see `rkd_keras.files.images.read_mask`.
            seed: of the halves. Defaults to `0`.

        Returns:
            `MaskedImages`.

        Raises:
            InputError: when a mask is missing, of another size, or may be that of
                several images.
        """
        files = list_images(images)
        truth = _masks_of(files, images, masks)
        by_class = defaultdict(list)
        for file in files:
            by_class[file.stem.rpartition("_")[0] or "all"].append(file)
        tune = _tuned(by_class, files, seed)
        found = cls([], [], [], [], [])
        for name, members in sorted(by_class.items()):
            for file in members:
                image = as_grey(read_image(file))
                mask = read_mask(truth[file])
                if mask.shape != image.shape:
                    raise InputError(f"{truth[file]} is not of its image's size")
                found.names.append(file.stem)
                found.images.append(image)
                found.masks.append(mask)
                found.classes.append(name)
                found.halves.append("tune" if file in tune else "check")
        return found


def _masks_of(files, images, masks):
    """Find the mask of each image, a dict."""
    listed = list_images(masks)
    places = dict(zip(_places(listed, masks), listed, strict=True))
    by_name, named = defaultdict(list), defaultdict(list)
    for path in listed:
        by_name[path.stem].append(path)
    for file in files:
        named[file.stem].append(file)
    found = {}
    for file, place in zip(files, _places(files, images), strict=True):
        alike = by_name[file.stem]
        if place in places:
            found[file] = places[place]
        elif not alike:
            raise InputError(f"{masks} holds no mask for {printable(file.name)}")
        elif len(alike) > 1 or len(named[file.stem]) > 1:
            raise InputError(
                f"{printable(alike[0])} may be the mask of several images, or several "
                f"of {printable(file)}; put masks into folders as their images"
            )
        else:
            found[file] = alike[0]
    return found


def _places(files, folder):
    from rkd_keras.data.reading.identity import relative_names

    names = relative_names(files, folder)
    return [PurePosixPath(name).with_suffix("").as_posix() for name in names]


def _tuned(by_class, files, seed):
    """Return the files of the half in which settings are chosen."""
    from rkd_keras.data.reading.groups import find_groups, take_whole
    from rkd_keras.data.reading.image_index import ImageIndex

    number = {file: i for i, file in enumerate(files)}
    pools = []
    for _, members in sorted(by_class.items()):
        order = np.random.default_rng(seed).permutation(len(members))
        pools.append(np.array([number[members[i]] for i in order]))
    index = ImageIndex(files, [0] * len(files), ("all",))
    groups = find_groups(index, "overlap", quiet=True)
    taken, _ = take_whole(pools, groups.ids, [len(pool) // 2 for pool in pools])
    return {files[i] for pool in taken for i in pool}


def score_segmentation(data, method, progress=None):
    """Score one segmentation.

    Args:
        data: `MaskedImages`.
        method: callable from a grey image to a mask.
        progress: callable that wraps the images to show progress, or `None`.

    Returns:
        A dict with `"all"`, `"tune"` and `"check"`: each a dict from class to its
        mean IoU and `"mean"` over classes; and `"ms"`, processor milliseconds per
        image.

    Example:
        >>> import numpy as np
        >>> mask = np.eye(4, dtype=bool)
        >>> data = MaskedImages(["a_1"], [mask * 255], [mask], ["a"], ["tune"])
        >>> score_segmentation(data, lambda image: image > 0)["all"]
        {'a': 1.0, 'mean': 1.0}
    """
    scores = defaultdict(lambda: defaultdict(list))
    spent = 0.0
    images = data.images if progress is None else progress(data.images)
    for image, truth, name, half in zip(
        images, data.masks, data.classes, data.halves, strict=True
    ):
        begin = time.process_time()
        found = method(image)
        spent += time.process_time() - begin
        value = intersection_over_union(found, truth)
        scores["all"][name].append(value)
        scores[half][name].append(value)
    result = {}
    for part, classes in scores.items():
        means = {name: float(np.mean(values)) for name, values in classes.items()}
        result[part] = {**means, "mean": float(np.mean(list(means.values())))}
    result["ms"] = 1000 * spent / max(1, len(data.images))
    return result
