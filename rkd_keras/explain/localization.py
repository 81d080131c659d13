"""How well heat maps find what an inspector marked with boxes."""

from dataclasses import dataclass

import numpy as np

from rkd_keras.errors import InputError


def boxes_mask(boxes, shape):
    """Paint boxes into a mask.

    Args:
        boxes: array `(boxes, 4)` of `(xmin, ymin, xmax, ymax)` in pixels, maxima
            exclusive; cut to the image, at least one pixel each.
        shape: `(height, width)` of the image.

    Returns:
        Array `(height, width)`, bool.

    Raises:
        InputError: for boxes of another shape, or whose maxima are below their
            minima.

    Example:
        >>> int(boxes_mask([[0, 0, 2, 2], [1, 1, 3, 3]], (4, 4)).sum())
        7
    """
    boxes = np.asarray(boxes, dtype=np.int64)
    if boxes.size == 0:
        boxes = boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InputError(f"`boxes` must be (boxes, 4). Received: shape={boxes.shape}")
    mask = np.zeros(shape, bool)
    for left, top, right, bottom in boxes.tolist():
        if right < left or bottom < top:
            raise InputError(
                "a box is (xmin, ymin, xmax, ymax) with xmin <= xmax and "
                f"ymin <= ymax. Received: box={(left, top, right, bottom)}"
            )
        right, bottom = max(right, left + 1), max(bottom, top + 1)
        mask[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return mask


def pointing_hit(heat, boxes):
    """Say whether the hottest pixel lies in a box (the pointing game).

    Args:
        heat: array `(height, width)`, not negative, of the image's own size.
        boxes: see `boxes_mask`.

    Returns:
        A bool; `False` for a map without heat, which points nowhere.

    Reference:
        - Zhang et al., "Top-Down Neural Attention by Excitation Backprop",
          International Journal of Computer Vision 126, 2018.

    Example:
        >>> import numpy as np
        >>> pointing_hit(np.eye(3) * [1, 2, 1], [[1, 1, 2, 2]])
        True
    """
    heat = np.asarray(heat)
    if not heat.max() > 0:
        return False
    return bool(boxes_mask(boxes, heat.shape).ravel()[np.argmax(heat)])


def box_energy(heat, boxes):
    """Return the share of the heat that lies in the boxes.

    Args:
        heat: array `(height, width)`, not negative, of the image's own size.
        boxes: see `boxes_mask`.

    Returns:
        A float in [0, 1]; 0 for a map without heat.

    Reference:
        - Wang et al., "Score-CAM: Score-Weighted Visual Explanations for
          Convolutional Neural Networks", CVPR Workshops 2020.

    Example:
        >>> import numpy as np
        >>> box_energy(np.ones((4, 4)), [[0, 0, 2, 4]])
        0.5
    """
    heat = np.asarray(heat, dtype=np.float64)
    total = heat.sum()
    if not total > 0:
        return 0.0
    return float(heat[boxes_mask(boxes, heat.shape)].sum() / total)


@dataclass
class LocalizationScores:
    """Pointing game and energy, collected image by image.

    Chance is what a map without any information scores: the share of the image
    that the boxes cover, for the hit rate as for the energy. A method that is no
    better explains nothing.

    Args:
        class_names: the classes' names.

    Example:
        >>> import numpy as np
        >>> scores = LocalizationScores(("a", "b"))
        >>> scores.add(0, np.eye(4), [[0, 0, 2, 2]])
        >>> row = scores.table()[0]
        >>> row["class"], row["pointing"], row["energy"], row["chance"]
        ('a', 1.0, 0.5, 0.25)
    """

    class_names: tuple

    def __post_init__(self):
        """Begin with no image."""
        self._rows = [[] for _ in self.class_names]

    def add(self, label, heat, boxes):
        """Score one image.

        Args:
            label: index of the image's class.
            heat: array `(height, width)`, of the image's own size.
            boxes: see `boxes_mask`.
        """
        heat = np.asarray(heat)
        chance = float(boxes_mask(boxes, heat.shape).mean())
        self._rows[label].append(
            (pointing_hit(heat, boxes), box_energy(heat, boxes), chance)
        )

    def table(self):
        """Return one dict per class that has images, and one for their mean.

        Returns:
            List of dicts with `class`, `images`, `pointing` (hit rate),
            `energy` (mean share) and `chance`; the last row, `"mean"`, is the
            mean over classes.
        """
        table = []
        for name, rows in zip(self.class_names, self._rows, strict=True):
            if rows:
                pointing, energy, chance = np.mean(rows, axis=0).tolist()
                table.append(
                    {
                        "class": name,
                        "images": len(rows),
                        "pointing": pointing,
                        "energy": energy,
                        "chance": chance,
                    }
                )
        if table:
            keys = ("pointing", "energy", "chance")
            means = {k: float(np.mean([row[k] for row in table])) for k in keys}
            images = sum(row["images"] for row in table)
            table.append({"class": "mean", "images": images, **means})
        return table
