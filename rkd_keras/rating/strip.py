"""A strip, window by window: a map of what is normal, and merged defects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rkd_keras.rating.frame import MIN_CONTRAST, FrameDefect
from rkd_keras.rating.normal import open_normal

if TYPE_CHECKING:
    import numpy as np

    from rkd_keras.measure import GradeRules
    from rkd_keras.predict import Predictor, Verdict
    from rkd_keras.rating.normal import NormalSurface

# Why a strip on which nothing was found is not accepted.
UNLEARNT = "nothing was found, but what is normal here is not known"


@dataclass(frozen=True)
class RatedStrip:
    """What is known of one strip.

    Attributes:
        image: array `(H, W, 3)`, uint8, RGB.
        decision: `"accept"`, `"review"`, `"reject"`, or `"invalid"`.
        reason: why it is not accepted though nothing was found, or what is wrong with
            an invalid picture; `None` else.
        defects: list of `FrameDefect`, worst first, those of one class that touch
            merged.
        windows: list of pairs of each window, `(x, y, width, height)` in pixels, and
            its `Verdict`: what the predictor calls it, sound or not.
        squares: array `(N, 4)`, int: the squares that were compared with the normal
            surface, x, y, width and height; empty without one.
        scores: array `(N,)`, float: above 1 a square is unlike the normal surface.

    Example:
        >>> import numpy as np
        >>> strip = rate_strip(np.zeros((128, 400), "uint8"))
        >>> strip.decision, strip.reason, strip.defects
        ('invalid', 'black', [])
    """

    image: np.ndarray
    decision: str
    reason: str | None
    defects: list[FrameDefect]
    windows: list[tuple[tuple[int, int, int, int], Verdict]]
    squares: np.ndarray
    scores: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: the decision, `defects`, `windows`, `squares`.

        Example:
            >>> import numpy as np
            >>> rate_strip(np.zeros((128, 400), "uint8")).to_dict()["decision"]
            'invalid'
        """
        from rkd_keras.rating.rate import flat_dict

        squares = zip(self.squares.tolist(), self.scores.tolist(), strict=True)
        return {
            "height": self.image.shape[0],
            "width": self.image.shape[1],
            "decision": self.decision,
            "reason": self.reason,
            "defects": [
                {
                    "found_by": defect.found_by,
                    "window": list(defect.window),
                    "in_words": defect.verdict.in_words,
                    **flat_dict(defect.verdict, defect.measurement, defect.grade),
                }
                for defect in self.defects
            ],
            "windows": [
                {
                    "window": list(window),
                    "label": verdict.label,
                    "class_name": verdict.class_name,
                    "probability": verdict.probability,
                    "in_words": verdict.in_words,
                }
                for window, verdict in self.windows
            ],
            "squares": [
                {"square": square, "score": round(score, 4)}
                for square, score in squares
            ],
        }

    def picture(self) -> np.ndarray:
        """Draw the map: odd squares tinted by how odd they are, defects boxed.

        Returns:
            Array `(h, w, 3)`, uint8, RGB, enlarged or shrunk to be seen.

        Example:
            >>> import numpy as np
            >>> rate_strip(np.zeros((128, 400), "uint8")).picture().shape
            (512, 1600, 3)
        """
        import cv2
        import numpy as np

        from rkd_keras.measure.overlay import RED, YELLOW, display_image, write_label

        odd = np.zeros(self.image.shape[:2], np.float32)
        for (x, y, w, h), score in zip(
            self.squares.tolist(), self.scores.tolist(), strict=True
        ):
            part = odd[y : y + h, x : x + w]
            np.maximum(part, min(max(score - 1, 0) / 2, 1), out=part)
        tint = 0.4 * odd[..., None]
        canvas = display_image(
            np.uint8(self.image * (1 - tint) + np.array(YELLOW) * tint)
        )
        scale = canvas.shape[1] / self.image.shape[1]
        thickness = max(2, round(min(canvas.shape[:2]) / 250))
        for number, defect in enumerate(self.defects, 1):
            x, y, w, h = (round(v * scale) for v in defect.measurement.bbox)
            ends = (x, y), (x + w, y + h)
            cv2.rectangle(canvas, *ends, (255, 255, 255), thickness + 2)
            cv2.rectangle(canvas, *ends, RED, thickness)
            corner = (x + 2 * thickness, y + 24)
            cv2.putText(canvas, str(number), corner, 0, 0.8, RED, thickness)
        write_label(canvas, f"{self.decision}  {self.reason or ''}")
        return canvas


def rate_strip(
    image: np.ndarray | str | Path | bytes,
    predictor: Predictor | None = None,
    rules: GradeRules | str | Path | None = None,
    mm_per_pixel: float | None = None,
    *,
    normal: NormalSurface | str | Path | None = None,
    min_contrast: float = MIN_CONTRAST,
    quality_gate: bool = True,
) -> RatedStrip:
    """Rate a strip as the station rates a frame, and map it window by window.

    A strip is longer than the square crops that a classifier learnt on; it is cut into
    windows as high as itself (at most 256 pixels). Marks are found by segmentation,
    and, where it is known what is normal, squares that are unlike it: defects of
    texture have no outline. See `rkd_keras.rating.frame.rate_frame`.

    Without `normal` nothing says that an unmarked strip is sound: windows that the
    predictor knows are defects of their class, and a strip of unknown ones is sent to
    review.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8 or uint16, RGB; or a file's path,
            or its bytes.
        predictor: see `rkd_keras.predict.load`; the package's student when `None`.
            Defaults to `None`.
        rules: `GradeRules`, a YAML file, or `None` for the package's own. Defaults to
            `None`.
        mm_per_pixel: side of a pixel, millimetres; `None` measures in pixels.
            Defaults to `None`.
        normal: a `NormalSurface`, its file (`.npz`), or a folder of good images of
            the same camera to learn it from; see `learn_normal`. Defaults to `None`.
        min_contrast: what has less contrast is surface, see `rkd_keras.measure`'s
            `segment`. Defaults to `0.06`.
        quality_gate: whether to look for pictures that cannot be judged. Defaults to
            `True`.

    Returns:
        A `RatedStrip`.

    Raises:
        InputError: when the image or `normal` cannot be read, or the rules are in
            another unit or name a class that the predictor does not know.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.rating import learn_normal
        >>> rng = np.random.default_rng(0)
        >>> grain = rng.normal(150, 8, (10, 64, 128)).astype("uint8")
        >>> good = grain.repeat(2, axis=1).repeat(2, axis=2)
        >>> strip = good[0].copy()
        >>> strip[:, 128:] //= 2
        >>> rated = rate_strip(strip, normal=learn_normal(good))
        >>> rated.decision != "accept", len(rated.windows)
        (True, 2)
    """
    import numpy as np

    from rkd_keras.files.images import decode_image, read_image, to_rgb_uint8
    from rkd_keras.measure import INVALID
    from rkd_keras.predict import load
    from rkd_keras.rating.frame import classify_windows, frame_decision, rate_frame
    from rkd_keras.rating.quality import picture_fault
    from rkd_keras.rating.rules import open_rules

    predictor = load() if predictor is None else predictor
    rules = open_rules(rules, getattr(predictor, "class_names", None))
    normal = open_normal(normal)
    if isinstance(image, str | Path):
        image = read_image(image)
    elif isinstance(image, bytes):
        image = decode_image(image)
    image = to_rgb_uint8(image)
    none = np.zeros((0, 4), int), np.zeros(0)
    fault = picture_fault(image, rules.quality if quality_gate else None)
    if fault is not None:
        return RatedStrip(image, INVALID, fault, [], [], *none)
    defects = rate_frame(
        image, predictor, rules, mm_per_pixel, min_contrast, normal, name_windows=True
    )
    decision = frame_decision(defects, knows_normal=normal is not None)
    return RatedStrip(
        image,
        decision,
        UNLEARNT if decision == "review" and not defects else None,
        defects,
        classify_windows(predictor, image, most=None),
        *(none if normal is None else normal.judge(image)),
    )
