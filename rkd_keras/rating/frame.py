"""One frame of a strip: its marks joined to defects, each rated in its own square."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from rkd_keras.measure import Grade, GradeRules, Measurement
    from rkd_keras.predict import Predictor, Verdict

# Chosen by benchmarks/station/sensitivity.py on a cold-rolled line's crops.
MIN_CONTRAST = 0.06
MAX_DEFECTS = 40
MAX_MARKS = 1000
MAX_WINDOWS = 16
# Marks nearer than this share of a window belong to one defect.
REACH = 0.08


@dataclass(frozen=True)
class FrameDefect:
    """One defect of a frame.

    Attributes:
        verdict: what the predictor says of the square around it.
        measurement: of its marks, with the square as the image; boxes and moments
            are those of the frame.
        grade: severity and decision.
        window: the square, `(x, y, width, height)` in pixels.
    """

    verdict: Verdict
    measurement: Measurement
    grade: Grade
    window: tuple


def rate_frame(
    image: np.ndarray,
    predictor: Predictor,
    rules: GradeRules | None = None,
    mm_per_pixel: float | None = None,
    min_contrast: float = MIN_CONTRAST,
) -> list[FrameDefect]:
    """Rate the defects of a frame.

    A frame is segmented; marks that lie close together are one defect. Each square of
    the frame that holds a defect is classified (see `window_grid`), and a defect gets
    the verdict of the square around it. It is graded as if that square were the
    image, for that is what rules about shares and K refer to. A frame without marks
    is not classified at all. Whether it shows a surface at all is for
    `rkd_keras.rating.quality.picture_fault` to say, before.

    Args:
        image: array `(H, W, 3)`, uint8, RGB.
        predictor: a `Predictor`.
        rules: `GradeRules`, or `None` for the package's own. Defaults to `None`.
        mm_per_pixel: side of a pixel, millimetres; `None` measures in pixels.
            Defaults to `None`.
        min_contrast: what has less contrast is surface, see `segment`. Defaults to
            `0.06`.

    Returns:
        List of `FrameDefect`, worst first, at most 40.

    Raises:
        InputError: when the rules are in another unit or name a class that the
            predictor does not know.

    Example:
        >>> import numpy as np
        >>> rate_frame(np.full((128, 400, 3), 150, "uint8"), predictor=None)
        []
    """
    from rkd_keras.measure import measure, segment
    from rkd_keras.rating.rate import rate
    from rkd_keras.rating.rules import open_rules
    from rkd_keras.rating.windows import nearest_window, window_grid

    rules = open_rules(rules, getattr(predictor, "class_names", None))
    mask = segment(image, min_contrast=min_contrast)
    if not mask.any():
        return []
    found = measure(None, mask, mm_per_pixel)
    if found.count > MAX_MARKS:
        largest = sorted(found.defects, key=lambda d: -d.area)[:MAX_MARKS]
        found = dataclasses.replace(found, defects=tuple(largest))
    windows = window_grid(*image.shape[:2])
    groups = join_marks(found, windows[0], REACH * windows[0, 2])
    places = [nearest_window(windows, *_centre(group.bbox)) for group in groups]
    used = sorted(set(places))
    crops = [image[y : y + h, x : x + w] for x, y, w, h in windows[used].tolist()]
    classified = zip(crops, predictor.predict(crops), strict=True)
    seen = dict(zip(used, classified, strict=True))
    defects = []
    for group, place in zip(groups, places, strict=True):
        crop, verdict = seen[place]
        rated = rate(
            crop, None, rules, verdict=verdict, measurement=group, quality_gate=False
        )
        window = tuple(windows[place].tolist())
        defects.append(FrameDefect(rated.verdict, group, rated.grade, window))
    defects.sort(key=lambda d: (-d.grade.severity, -d.measurement.area))
    return defects[:MAX_DEFECTS]


def frame_decision(defects: list[FrameDefect]) -> str:
    """Return the worst decision on a frame's defects.

    Args:
        defects: list of `FrameDefect`.

    Returns:
        `"accept"`, `"review"` or `"reject"`; `"accept"` without a defect.

    Example:
        >>> frame_decision([])
        'accept'
    """
    from rkd_keras.measure.rule_parser import DECISIONS

    worst = max((DECISIONS.index(d.grade.decision) for d in defects), default=0)
    return DECISIONS[worst]


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


def classify_windows(predictor: Predictor, image: np.ndarray) -> list[tuple]:
    """Classify each square of an image.

    Args:
        predictor: a `Predictor`.
        image: array `(H, W, 3)`, uint8, RGB.

    Returns:
        List of pairs of the square `(x, y, width, height)` and its `Verdict`; of a
        large image the first 16 squares only.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.predict import load
        >>> found = classify_windows(load(), np.zeros((128, 400, 3), "uint8"))
        >>> [window for window, _ in found][:2]
        [(0, 0, 128, 128), (91, 0, 128, 128)]
    """
    from rkd_keras.rating.windows import window_grid

    windows = window_grid(*image.shape[:2])[:MAX_WINDOWS].tolist()
    crops = [image[y : y + h, x : x + w] for x, y, w, h in windows]
    verdicts = predictor.predict(crops)
    return [(tuple(w), v) for w, v in zip(windows, verdicts, strict=True)]


def _centre(box):
    x, y, width, height = box
    return x + width / 2, y + height / 2
