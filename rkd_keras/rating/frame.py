"""One frame of a strip: its defects, each rated in the window around it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from rkd_keras.measure import Grade, GradeRules, Measurement
    from rkd_keras.predict import Predictor, Verdict
    from rkd_keras.rating.normal import NormalSurface

# Chosen by benchmarks/station/sensitivity.py on a cold-rolled line's crops.
MIN_CONTRAST = 0.06
MAX_DEFECTS = 40
MAX_MARKS = 1000
MAX_WINDOWS = 16
# Marks nearer than this share of a window belong to one defect.
REACH = 0.08
MARKS, SQUARES = "marks", "squares"


@dataclass(frozen=True)
class FrameDefect:
    """One defect of a frame.

    Attributes:
        verdict: what the predictor says of the square around it.
        measurement: of its marks, with the square as the image; boxes and moments
            are those of the frame.
        grade: severity and decision.
        window: the square that was classified, `(x, y, width, height)` in pixels.
        found_by: `"marks"` where it has an outline, `"squares"` where squares of the
            surface are unlike the normal; those are its box, and its K is `None`.
    """

    verdict: Verdict
    measurement: Measurement
    grade: Grade
    window: tuple
    found_by: str = MARKS


def rate_frame(
    image: np.ndarray,
    predictor: Predictor,
    rules: GradeRules | None = None,
    mm_per_pixel: float | None = None,
    min_contrast: float = MIN_CONTRAST,
    normal: NormalSurface | None = None,
    name_windows: bool = False,
) -> list[FrameDefect]:
    """Rate the defects of a frame.

    A frame is segmented; marks that lie close together are one defect. Where it is
    known what the surface looks like without a defect, squares of it that look
    otherwise are one too, found without an outline: crazing, pits, stains. Each window
    of the frame that holds a defect is classified (see `window_grid`), and a defect
    gets the verdict of the window around it. It is graded as if that window were the
    image, for that is what rules about shares and K refer to; of what has no outline
    the size is not known, and rules about sizes do not hold. A frame on which nothing
    is found is not classified. Whether it shows a surface at all is for
    `rkd_keras.rating.quality.picture_fault` to say, before.

    Args:
        image: array `(H, W, 3)`, uint8, RGB.
        predictor: a `Predictor`.
        rules: `GradeRules`, or `None` for the package's own. Defaults to `None`.
        mm_per_pixel: side of a pixel, millimetres; `None` measures in pixels.
            Defaults to `None`.
        min_contrast: what has less contrast is surface, see `segment`. Defaults to
            `0.06`.
        normal: a `NormalSurface`, or `None` where it is not known what is normal.
            Defaults to `None`.
        name_windows: without `normal`, whether windows without a mark are classified
            too, and those that the predictor knows are defects of their class; so are
            those whose marks do not stand out of the surface around them. For a
            predictor of defects alone. Defaults to `False`.

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
    import numpy as np

    from rkd_keras.measure import segment
    from rkd_keras.rating.odd_squares import holds_mark
    from rkd_keras.rating.rules import grade_verdict, open_rules
    from rkd_keras.rating.second_look import is_even, marks_of_both
    from rkd_keras.rating.windows import nearest_window, window_grid

    rules = open_rules(rules, getattr(predictor, "class_names", None))
    mask = segment(image, min_contrast=min_contrast)
    windows = window_grid(*image.shape[:2])

    def join(mask):
        return _marks(mask, mm_per_pixel, windows[0])

    marks, squares, is_marked = join(mask), windows[:0], np.zeros(0, bool)
    if normal is not None:
        squares, scores = normal.judge(image)
        squares = squares[scores > 1]
        is_marked = holds_mark(mask, squares)
    elif name_windows:
        squares = windows
        is_marked = holds_mark(mask, windows)
    if marks and (name_windows or not is_marked.all()):
        # Something is there beside the marks.
        for mark, pixels in marks_of_both(
            image, mask, marks, windows, min_contrast, join
        ):
            marks.append(mark)
            mask = mask | pixels
    found = [(mark, nearest_window(windows, *_centre(mark.bbox))) for mark in marks]
    places = [nearest_window(windows, *_centre(square)) for square in squares]
    used = sorted({*places, *(place for _, place in found)})
    crops = [_cut(image, windows[place]) for place in used]
    verdicts = predictor.predict(crops) if used else []
    seen = dict(zip(used, verdicts, strict=True))
    if normal is None and name_windows:
        # What no class fits is no defect by that alone.
        kept = [
            i
            for i, place in enumerate(places)
            if not seen[place].is_unknown
            and is_even(_cut(image, windows[i]), _cut(mask, windows[i]))
        ]
        squares, places = squares[kept], [places[i] for i in kept]
        is_marked = np.zeros(len(kept), bool)
    regions = []
    if places:
        names = [seen[place].label for place in places]
        found, regions = _regions(
            found, squares, places, names, is_marked, mask.shape, mm_per_pixel
        )
    defects = []
    for measured, place, *taken in [*found, *regions]:
        verdict, window = seen[place], tuple(windows[place].tolist())
        found_by = SQUARES if taken else MARKS
        graded_by = [measured]
        if found_by == SQUARES:
            measured = _share_of(measured, window)
            # The marks in it may be worse than what is known of it as a whole.
            graded_by = [_without_sizes(measured), *taken[0]]
        grades = [grade_verdict(each, verdict, rules) for each in graded_by]
        graded = max(grades, key=lambda grade: grade.severity)
        defects.append(FrameDefect(verdict, measured, graded, window, found_by))
    defects.sort(key=lambda d: (-d.grade.severity, -d.measurement.area))
    return defects[:MAX_DEFECTS]


def _marks(mask, mm_per_pixel, window):
    """Measure the marks, joined where they lie close together."""
    from rkd_keras.measure import measure
    from rkd_keras.rating.joining import join_marks

    if not mask.any():
        return []
    found = measure(None, mask, mm_per_pixel)
    if found.count > MAX_MARKS:
        largest = sorted(found.defects, key=lambda d: -d.area)[:MAX_MARKS]
        found = dataclasses.replace(found, defects=tuple(largest))
    return join_marks(found, window, REACH * window[2])


def _regions(found, squares, places, names, is_marked, shape, mm_per_pixel):
    """Return the marks that are no part of a region, and the regions with theirs."""
    from rkd_keras.measure import measure
    from rkd_keras.rating.joining import join_marks
    from rkd_keras.rating.odd_squares import odd_regions, paint

    regions = []
    for members, takes_marks in odd_regions(squares, is_marked, names):
        covered = paint(squares[members], shape)
        taken = [i for i in found if takes_marks and _lies_in(i[0].bbox, covered)]
        found = [item for item in found if item not in taken]
        inside = [places[i] for i in members]
        place = max(sorted(set(inside)), key=inside.count)
        measured = measure(None, covered, mm_per_pixel)
        (joined,) = join_marks(measured, (0, 0, *shape[::-1]), math.inf)
        # Squares have no outline of the defect's own.
        joined = dataclasses.replace(joined, k=None)
        regions.append((joined, place, [mark for mark, _ in taken]))
    return found, regions


def _share_of(measured, window):
    """Tell the area of squares in percent of a window, at most all of it."""
    pixels = window[2] * window[3] * measured.pixel_size**2
    return dataclasses.replace(
        measured,
        image_shape=(window[3], window[2]),
        area_ratio=min(100 * measured.area / pixels, 100.0),
    )


def _without_sizes(measured):
    """Leave out what squares do not tell: they are larger than the defect in them."""
    return dataclasses.replace(measured, area=None, area_ratio=None, longest=None)


def _cut(image, window):
    x, y, width, height = window.tolist()
    return image[y : y + height, x : x + width]


def _lies_in(box, covered):
    x, y = _centre(box)
    return covered[int(y), int(x)]


def frame_decision(defects: list[FrameDefect], knows_normal: bool = True) -> str:
    """Return the worst decision on a frame's defects.

    Args:
        defects: list of `FrameDefect`.
        knows_normal: whether a frame without a defect may be accepted. Defaults to
            `True`.

    Returns:
        `"accept"`, `"review"` or `"reject"`. Without a defect `"accept"`, or
        `"review"` where nothing tells that the surface is sound.

    Example:
        >>> frame_decision([])
        'accept'
    """
    from rkd_keras.measure.rule_parser import DECISIONS

    none = DECISIONS.index("accept" if knows_normal else "review")
    worst = max((DECISIONS.index(d.grade.decision) for d in defects), default=none)
    return DECISIONS[worst]


def classify_windows(
    predictor: Predictor, image: np.ndarray, most: int | None = MAX_WINDOWS
) -> list[tuple]:
    """Classify each square of an image.

    Args:
        predictor: a `Predictor`.
        image: array `(H, W, 3)`, uint8, RGB.
        most: of a large image only so many squares, `None` for all. Defaults to `16`.

    Returns:
        List of pairs of the square `(x, y, width, height)` and its `Verdict`.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.predict import load
        >>> found = classify_windows(load(), np.zeros((128, 400, 3), "uint8"))
        >>> [window for window, _ in found][:2]
        [(0, 0, 128, 128), (91, 0, 128, 128)]
    """
    from rkd_keras.rating.windows import window_grid

    windows = window_grid(*image.shape[:2])[:most].tolist()
    crops = [image[y : y + h, x : x + w] for x, y, w, h in windows]
    verdicts = predictor.predict(crops)
    return [(tuple(w), v) for w, v in zip(windows, verdicts, strict=True)]


def _centre(box):
    x, y, width, height = box
    return x + width / 2, y + height / 2
