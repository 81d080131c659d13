"""How well heat maps find what an inspector marked with boxes."""

from dataclasses import dataclass

import numpy as np

from rkd_keras.data.reading.boxes import mask_of_boxes


def pointing_hit(heat, boxes):
    """Say whether the hottest pixel lies in a box (the pointing game).

    Args:
        heat: array `(height, width)`, not negative, of the image's own size.
        boxes: see `rkd_keras.data.mask_of_boxes`.

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
    return bool(mask_of_boxes(heat.shape, boxes).ravel()[np.argmax(heat)])


def box_energy(heat, boxes):
    """Return the share of the heat that lies in the boxes.

    Args:
        heat: array `(height, width)`, not negative, of the image's own size.
        boxes: see `rkd_keras.data.mask_of_boxes`.

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
    return float(heat[mask_of_boxes(heat.shape, boxes)].sum() / total)


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
            boxes: see `rkd_keras.data.mask_of_boxes`.
        """
        heat = np.asarray(heat)
        chance = float(mask_of_boxes(heat.shape, boxes).mean())
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
