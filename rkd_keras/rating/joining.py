"""Marks that lie close together are one defect."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rkd_keras.measure import Measurement


def join_marks(
    found: Measurement, window: tuple[int, int, int, int], reach: float
) -> list[Measurement]:
    """Join marks that lie close together.

    Args:
        found: `Measurement` of a frame.
        window: the square that stands for the image: x, y, width, height.
        reach: marks with a gap of at most this belong together, pixels.

    Returns:
        List of `Measurement`, each of the marks of one defect and with the square as
        its image. Moments are those of the frame.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.measure import measure
        >>> mask = np.zeros((128, 400), bool)
        >>> mask[10:20, 10:20] = mask[10:20, 24:34] = True
        >>> [joined.bbox for joined in join_marks(measure(None, mask), (0, 0, 9, 9), 6)]
        [(10, 10, 24, 10)]
    """
    import numpy as np

    from rkd_keras.measure import Measurement
    from rkd_keras.rating.windows import group_boxes

    defects = found.defects
    boxes = np.array([defect.bbox for defect in defects])
    shape = (int(window[3]), int(window[2]))
    pixels = shape[0] * shape[1] * found.pixel_size**2
    joined = []
    for members in group_boxes(boxes, reach):
        parts = [defects[i] for i in members]
        area = sum(part.area for part in parts)
        perimeter = sum(part.perimeter for part in parts)
        m10, m01 = sum(p.m10 for p in parts), sum(p.m01 for p in parts)
        low = boxes[members, :2].min(axis=0)
        high = (boxes[members, :2] + boxes[members, 2:]).max(axis=0)
        joined.append(
            Measurement(
                image_shape=shape,
                count=len(parts),
                area=area,
                perimeter=perimeter,
                area_ratio=min(100 * area / pixels, 100.0),
                k=perimeter / area,
                m10=m10,
                m01=m01,
                centroid=(m10 / area, m01 / area),
                bbox=(*low.tolist(), *(high - low).tolist()),
                orientation=None,
                longest=max(max(part.width, part.height) for part in parts),
                touching_border=sum(part.touches_border for part in parts),
                defects=tuple(parts),
                mm_per_pixel=found.mm_per_pixel,
                unit=found.unit,
            )
        )
    return joined
