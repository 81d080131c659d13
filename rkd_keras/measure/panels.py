"""Figures of the paper for one image: Table 1's steps and Figure 18's six panels."""

import cv2
import numpy as np

from rkd_keras.files.images import to_rgb_uint8
from rkd_keras.files.picture_grid import picture_grid
from rkd_keras.measure.enhance import (
    bilateral_filter,
    enhance,
    otsu_mask,
    stretch_curve,
)
from rkd_keras.measure.grey import as_grey
from rkd_keras.measure.measurement import Measurement
from rkd_keras.measure.overlay import (
    GREEN,
    display_image,
    draw_boxes,
    draw_centroids,
    draw_outlines,
    measured,
)
from rkd_keras.measure.shape import measure

# Distinct and readable on grey; more defects begin again.
COLORS = (
    (230, 75, 60),
    (60, 140, 230),
    (70, 180, 90),
    (245, 180, 40),
    (160, 90, 210),
    (40, 190, 190),
    (240, 120, 190),
    (150, 110, 60),
)


def six_panels(
    image: np.ndarray,
    mask: np.ndarray | None = None,
    measurement: Measurement | None = None,
    side: int = 320,
) -> np.ndarray:
    """Draw Figure 18 for one image.

    (a) original, (b) enhanced, (c) traced boundaries, (d) connected components,
    (e) regions of interest, (f) centroids.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        mask: array `(H, W)`, bool; made by `segment` when `None`. Defaults to
            `None`.
        measurement: the `Measurement` of the mask; made when `None`. Defaults to
            `None`.
        side: shorter side of a panel in pixels. Defaults to `320`.

    Returns:
        Array `(h, w, 3)`, uint8, RGB.

    Example:
        >>> import numpy as np
        >>> image = np.full((50, 50), 200, "uint8")
        >>> image[20:30, 20:30] = 50
        >>> six_panels(image, image < 100).ndim
        3
    """
    mask, measurement = measured(image, mask, measurement)

    def base(picture):
        return display_image(picture, side, 3 * side)

    original = base(image)
    boundaries = np.zeros_like(original)
    draw_outlines(boundaries, mask, GREEN)
    components = color_components(original, mask)
    regions = (original // 4).astype(np.uint8)
    inside = _resized_mask(_boxes_mask(measurement), original.shape)
    regions[inside] = original[inside]
    draw_boxes(regions, measurement)
    centroids = draw_outlines(original.copy(), mask)
    draw_centroids(centroids, measurement)
    return panel_grid(
        [
            ("(a) original", original),
            ("(b) enhanced", base(enhance(_shrunk(image, 6 * side)))),
            ("(c) boundaries", boundaries),
            ("(d) components", components),
            ("(e) regions of interest", regions),
            ("(f) centroids", centroids),
        ],
        columns=3,
    )


def preprocessing_panels(image: np.ndarray, side: int = 320) -> np.ndarray:
    """Draw the paper's preprocessing step by step (Table 1).

    Original, bilateral filter, grey transformation curve over the histogram,
    stretched contrast, Otsu's mask, red boxes on the salient regions.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        side: shorter side of a panel in pixels. Defaults to `320`.

    Returns:
        Array `(h, w, 3)`, uint8, RGB.

    Example:
        >>> import numpy as np
        >>> preprocessing_panels(np.eye(50, dtype="uint8") * 200).ndim
        3
    """
    grey = as_grey(_shrunk(image, 6 * side))
    filtered = bilateral_filter(grey)
    stretched = enhance(grey)
    mask = otsu_mask(stretched)

    def base(picture):
        return display_image(picture, side, 3 * side)

    boxes = draw_boxes(base(grey), salient(measure(None, mask)))
    curve = draw_curve(filtered, *base(grey).shape[:2])
    return panel_grid(
        [
            ("original", base(grey)),
            ("bilateral filter", base(filtered)),
            ("grey transformation", curve),
            ("stretched", base(stretched)),
            ("Otsu", base(mask.astype(np.uint8) * 255)),
            ("salient regions", boxes),
        ],
        columns=3,
    )


def salient(measurement, share=0.1):
    """Keep the defects of at least `share` of the largest one's area.

    Args:
        measurement: `Measurement`.
        share: in [0, 1]. Defaults to `0.1`.

    Returns:
        A `Measurement` whose `defects` are fewer; its totals are unchanged.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((20, 20), bool)
        >>> mask[:10, :10] = mask[15, 15] = True
        >>> len(salient(measure(None, mask)).defects)
        1
    """
    from dataclasses import replace

    largest = max((d.area for d in measurement.defects), default=0.0)
    kept = tuple(d for d in measurement.defects if d.area >= share * largest)
    return replace(measurement, defects=kept)


def extract_rois(
    image: np.ndarray, measurement: Measurement, margin: int = 0
) -> list[np.ndarray]:
    """Cut out each defect's bounding box.

    Args:
        image: array `(H, W)` or `(H, W, 3)`.
        measurement: the image's `Measurement`.
        margin: pixels to add on every side, as far as the image goes. Defaults to
            `0`.

    Returns:
        List of arrays, views into the image, one per defect.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((20, 20), bool)
        >>> mask[4:9, 3:13] = True
        >>> [roi.shape for roi in extract_rois(mask, measure(None, mask), 1)]
        [(7, 12)]
    """
    found = []
    for defect in measurement.defects:
        left, top, width, height = defect.bbox
        rows = slice(max(0, top - margin), top + height + margin)
        found.append(image[rows, max(0, left - margin) : left + width + margin])
    return found


def color_components(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Paint each connected component in a colour of its own.

    Args:
        image: array `(h, w)` or `(h, w, 3)`, uint8, the mask's image at any size.
        mask: array `(H, W)`, bool.

    Returns:
        Array `(h, w, 3)`, uint8, RGB.

    Example:
        >>> import numpy as np
        >>> color_components(np.zeros((4, 4), "uint8"), np.eye(4, dtype=bool)).shape
        (4, 4, 3)
    """
    canvas = to_rgb_uint8(image) // 2
    size = canvas.shape[1::-1]
    if mask.size > canvas.shape[0] * canvas.shape[1]:
        # Labels of a large strip would cost four bytes a pixel.
        share = cv2.resize(
            mask.view(np.uint8) * 255, size, interpolation=cv2.INTER_AREA
        )
        mask = share > 0
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    table = np.array([COLORS[i % len(COLORS)] for i in range(count)], np.uint8)
    labels = cv2.resize(labels.astype(np.float32), size, interpolation=0).astype(int)
    painted = labels > 0
    canvas[painted] = table[labels[painted] - 1]
    return canvas


def draw_curve(grey, height, width):
    """Draw a histogram with the grey transformation curve over it.

    Args:
        grey: array `(H, W)`, uint8.
        height: of the picture in pixels.
        width: of the picture in pixels.

    Returns:
        Array `(height, width, 3)`, uint8, RGB.

    Example:
        >>> import numpy as np
        >>> draw_curve(np.zeros((4, 4), "uint8"), 50, 60).shape
        (50, 60, 3)
    """
    canvas = np.full((height, width, 3), 255, np.uint8)
    counts = np.bincount(grey.ravel(), minlength=256)
    x = np.round(np.linspace(0, width - 1, 256)).astype(int)
    bars = np.round(counts / counts.max() * (height - 1) * 0.9).astype(int)
    for position, bar in zip(x.tolist(), bars.tolist(), strict=True):
        cv2.line(
            canvas, (position, height - 1), (position, height - 1 - bar), (185,) * 3, 2
        )
    y = height - 1 - stretch_curve(grey).astype(float) / 255 * (height - 1)
    line = np.stack([x, np.round(y)], axis=1).astype(np.int32)
    cv2.polylines(canvas, [line], False, (225, 35, 35), 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (0, 0), (width - 1, height - 1), (120,) * 3, 1)
    return canvas


def panel_grid(panels, columns):
    """Set pictures side by side with a caption under each.

    Args:
        panels: list of `(caption, array (h, w, 3) uint8)`, all of one size.
        columns: pictures in a row.

    Returns:
        Array, uint8, RGB, on white.

    Example:
        >>> import numpy as np
        >>> panel_grid([("a", np.zeros((50, 60, 3), "uint8"))], 1).shape
        (108, 84, 3)
    """
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    return picture_grid(rows, gap=12, caption=34, font=0.6)


def _shrunk(image, most_side):
    """Shrink a large image; neither eyes nor memory gain by filtering all of it."""
    image = np.asarray(image)
    factor = most_side / max(image.shape[:2])
    if factor >= 1:
        return image
    size = tuple(max(1, round(side * factor)) for side in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _boxes_mask(measurement):
    from rkd_keras.data.reading.boxes import mask_of_boxes

    found = (defect.bbox for defect in measurement.defects)
    boxes = [(x, y, x + width, y + height) for x, y, width, height in found]
    return mask_of_boxes(measurement.image_shape, boxes)


def _resized_mask(mask, shape):
    size = (shape[1], shape[0])
    return cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
