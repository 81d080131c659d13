"""New samples for classes that have too few, by mosaic and fusion."""

import numpy as np

from rkd_keras.data.samples.fusion import fusion
from rkd_keras.data.samples.mosaic import mosaic
from rkd_keras.data.streamed_images import chosen_images, joined_images

METHODS = ("copy", "mosaic", "fusion", "mosaic+fusion")
NEEDED = {"copy": 1, "mosaic": 4, "fusion": 2}
BATCH = 64


def make_samples(images, count, method, seed=0, blur=None, make=None):
    """Make new samples of one class.

    Each new sample is made of different images, drawn evenly; with fewer images
    than a sample needs, images come twice in it.

    Args:
        images: array `(n, H, W, C)`, uint8, of one class.
        count: number of new samples.
        method: `"mosaic"`, `"fusion"`, `"mosaic+fusion"` (in turn), or `"copy"`
            (the images again, what the others have to beat).
        seed: integer. Defaults to `0`.
        blur: filter along the seams of mosaics, see `rkd_keras.data.samples.mosaic`.
            Defaults to `None`.
        make: function from groups of images `(N, needed, H, W, C)` to samples
            `(N, H, W, C)`, 0 to 255, in place of the method's own. Defaults to
            `None`.

    Returns:
        Pair: samples `(count, H, W, C)`, uint8, and a list of `count` pairs of
        the method's name and the indices of the images it used.

    Raises:
        ValueError: for an unknown method, or no images.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((5, 16, 16, 3), "uint8")
        >>> samples, sources = make_samples(images, 3, "fusion")
        >>> samples.shape, sources[0][0], len(sources[0][1])
        ((3, 16, 16, 3), 'fusion', 2)
    """
    if method not in METHODS:
        raise ValueError(
            f"`method` must be one of {METHODS}. Received: method={method}"
        )
    if len(images) == 0:
        raise ValueError("`images` must hold at least one image. Received: none")
    rng = np.random.default_rng(seed)
    methods = method.split("+")
    samples = np.empty((count, *images.shape[1:]), "uint8")
    sources = [None] * count
    for offset, name in enumerate(methods):
        places = np.arange(offset, count, len(methods))
        chosen = _draw(rng, len(images), len(places), NEEDED[name])
        for start in range(0, len(places), BATCH):
            part = slice(start, start + BATCH)
            groups = images[chosen[part]]
            made = _make(name, groups, blur) if make is None else make(groups)
            samples[places[part]] = np.round(np.asarray(made))
            for place, used in zip(places[part], chosen[part], strict=True):
                sources[place] = (name, used.tolist())
    return samples, sources


def oversample(images, labels, method, seed=0, blur=None, per_class=None):
    """Fill up every class with new samples.

    Args:
        images: array `(N, H, W, C)`, uint8, or `StreamedImages`.
        labels: array `(N,)` of class indices.
        method: see `make_samples`.
        seed: integer. Defaults to `0`.
        blur: see `make_samples`.
        per_class: images that each class shall have at least. Defaults to
            `None`: as many as the largest class has.

    Returns:
        Pair of images and labels: those given, then the new ones. Of `StreamedImages`
        the new ones alone are in memory.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((7, 16, 16, 3), "uint8")
        >>> x, y = oversample(images, np.array([0] * 5 + [1] * 2), "fusion")
        >>> np.bincount(y).tolist()
        [5, 5]
    """
    labels = np.asarray(labels)
    counts = np.bincount(labels)
    target = counts.max() if per_class is None else per_class
    made, all_labels = [], [labels]
    for c in np.flatnonzero(counts):
        missing = max(target - counts[c], 0)
        members = np.flatnonzero(labels == c)
        own = chosen_images(images, members)
        made.append(make_samples(own, missing, method, [seed, c], blur)[0])
        all_labels.append(np.full(missing, c, labels.dtype))
    together = joined_images(images, np.concatenate(made))
    return together, np.concatenate(all_labels)


def _draw(rng, available, count, needed):
    """`count` rows of `needed` indices, distinct within a row where possible."""
    keys = rng.random((count, max(available, 1)))
    rows = np.argsort(keys, axis=1)[:, :needed]
    if available >= needed:
        return rows
    more = rng.integers(0, available, (count, needed - available))
    return np.concatenate([rows, more], axis=1)


def _make(name, groups, blur):
    if name == "copy":
        return groups[:, 0]
    if name == "mosaic":
        return mosaic(groups, blur)
    return fusion(groups[:, 0], groups[:, 1])
