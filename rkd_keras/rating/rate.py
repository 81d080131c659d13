"""One image: what it is, how large, how bad."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from rkd_keras.measure import Grade, GradeRules, Measurement
    from rkd_keras.predict import Predictor, Verdict

# What is known of a picture though nothing on it was measured.
_KNOWN = ("image_height", "image_width", "mm_per_pixel", "unit")


@dataclass(frozen=True)
class Rating:
    """What is known of one image.

    Attributes:
        verdict: what a predictor said of it, a `Verdict`; `None` without one.
        measurement: its defects, a `Measurement`.
        grade: severity and decision by rules, a `Grade`. Where its decision is
            `"invalid"` the picture could not be judged: there is no verdict, and
            nothing was measured.
        image: array `(H, W, 3)`, uint8, RGB: the image as it was measured.
        mask: array `(H, W)`, bool: the pixels of its defects.

    Example:
        >>> import numpy as np
        >>> rate(np.full((64, 64), 128, "uint8")).grade.decision
        'invalid'
    """

    verdict: Verdict | None
    measurement: Measurement
    grade: Grade
    image: np.ndarray
    mask: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """Return a flat dict of plain values: verdict, measurement and grade.

        Example:
            >>> import numpy as np
            >>> rate(np.full((64, 64), 128, "uint8")).to_dict()["decisive_rule"]
            'flat'
        """
        return flat_dict(self.verdict, self.measurement, self.grade)


def flat_dict(
    verdict: Verdict | None, measurement: Measurement, grade: Grade
) -> dict[str, Any]:
    """Tell verdict, measurement and grade in one flat dict of plain values.

    Of a picture that could not be judged nothing was measured: what would stand for
    its defects is `None`.

    Args:
        verdict: a `Verdict`, or `None`.
        measurement: a `Measurement`.
        grade: a `Grade`.

    Returns:
        Dict, a row of a table.
    """
    from rkd_keras.measure import INVALID

    found = {}
    if verdict is not None:
        names = ("label", "class_name", "probability", "is_unknown", "unknown_score")
        found = {name: getattr(verdict, name) for name in names}
    measured = measurement.to_dict()
    if grade.decision == INVALID:
        measured = {n: v if n in _KNOWN else None for n, v in measured.items()}
    return {**found, **measured, **grade.to_dict()}


def rate(
    image: np.ndarray | str | Path | bytes,
    predictor: Predictor | None = None,
    rules: GradeRules | str | Path | None = None,
    mm_per_pixel: float | None = None,
    *,
    method: str = "default",
    polarity: str = "auto",
    min_contrast: float = 0.03,
    size: int | None = None,
    prior: np.ndarray | None = None,
    verdict: Verdict | None = None,
    measurement: Measurement | None = None,
    quality_gate: bool = True,
) -> Rating:
    """Classify, measure and grade one image.

    The one way from an image to a decision: `rkd-keras measure` and `rkd-keras rate`
    call it. Strips and the station's frames may have several defects: see `rate_strip`,
    which decides on each by the same rules.

    A picture that cannot be judged (black, white, saturated, flat, noise, blurred, of
    a wrong size; see `rkd_keras.rating.quality`) is `"invalid"`, and neither classified
    nor measured.

    What was found, or what the predictor names, is never accepted by the package's own
    rules; a rule of one's own that names its class and the largest size may accept it.
    A surface that is none of the predictor's classes is graded as the class
    `"unknown"`. Unless a rule that holds names this class, such a surface is never
    accepted but sent to review.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8 or uint16, RGB; or a file's path,
            or its bytes.
        predictor: see `rkd_keras.predict.load`; without one, the class is not known
            and rules that ask for a class do not hold. Defaults to `None`.
        rules: `GradeRules`, a YAML file, or `None` for the package's own. Defaults to
            `None`.
        mm_per_pixel: side of a pixel, millimetres; `None` measures in pixels.
            Defaults to `None`.
        method: segmentation, `"default"` or `"paper"`. Defaults to `"default"`.
        polarity: `"auto"`, `"dark"` or `"bright"` defects. Defaults to `"auto"`.
        min_contrast: least contrast of a defect, in [0, 1]. Defaults to `0.03`.
        size: the image is resized to a square of so many pixels before it is
            measured; `None` measures it as it is. Defaults to `None`.
        prior: heat map `(h, w)` that weighs the surface, see `rkd_keras.measure`'s
            `segment`. Defaults to `None`.
        verdict: what a predictor has said of the image already; it is not asked
            again. Defaults to `None`.
        measurement: what was measured on the image already; it is not segmented
            again, and the rating's mask is empty. Defaults to `None`.
        quality_gate: whether to look for pictures that cannot be judged; `quality: off`
            in the rules judges all of them as well. Defaults to `True`.

    Returns:
        A `Rating`.

    Raises:
        InputError: when the image cannot be read, a setting cannot be used, or the
            rules are in another unit or name a class that the predictor does not
            know.

    Example:
        >>> import numpy as np
        >>> image = np.full((128, 128), 180, "uint8")
        >>> image[30:100, 60:66] = 60
        >>> rating = rate(image, mm_per_pixel=0.5)
        >>> rating.measurement.count, rating.measurement.unit, rating.grade.decision
        (1, 'mm', 'review')
    """
    import numpy as np

    from rkd_keras.errors import InputError
    from rkd_keras.files.images import (
        decode_image,
        read_image,
        resize_image,
        to_rgb_uint8,
    )
    from rkd_keras.measure import measure, segment
    from rkd_keras.rating.quality import invalid_grade, picture_fault
    from rkd_keras.rating.rules import grade_verdict, open_rules

    if size is not None and size < 1:
        raise InputError(f"`size` must be at least 1. Received: size={size}")
    rules = open_rules(rules, getattr(predictor, "class_names", None))
    if isinstance(image, str | Path):
        image = read_image(image)
    elif isinstance(image, bytes):
        image = decode_image(image)
    image = to_rgb_uint8(image)
    fault = picture_fault(image, rules.quality if quality_gate else None)
    if fault is not None:
        mask = np.zeros(image.shape[:2], bool)
        nothing = measure(image, mask, mm_per_pixel)
        return Rating(None, nothing, invalid_grade(fault), image, mask)
    if verdict is None and predictor is not None:
        (verdict,) = predictor.predict([image])
    if size is not None:
        image = resize_image(image, (size, size))
    if measurement is None:
        mask = segment(
            image, method, prior=prior, polarity=polarity, min_contrast=min_contrast
        )
        measurement = measure(image, mask, mm_per_pixel)
    else:
        mask = np.zeros(image.shape[:2], bool)
    graded = grade_verdict(measurement, verdict, rules)
    return Rating(verdict, measurement, graded, image, mask)
