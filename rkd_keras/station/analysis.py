"""What the inference process does with a frame: rate it, in the store's words."""

import dataclasses
import hashlib
import os
import time

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image, encode_image
from rkd_keras.measure import INVALID, GradeRules, segment
from rkd_keras.rating.frame import (
    MIN_CONTRAST,
    classify_windows,
    frame_decision,
    rate_frame,
)
from rkd_keras.rating.normal import NormalSurface, good_statistics
from rkd_keras.rating.quality import picture_fault
from rkd_keras.rating.rules import open_rules
from rkd_keras.station.image_files import sniff_suffix
from rkd_keras.station.store import UNKNOWN


class FrameAnalyzer:
    """Rates frames, see `rate_frame`; lives in the inference process.

    Args:
        predictor: an object with `predict(images)`, see `rkd_keras.predict`.
        grading_file: YAML rules, read again whenever the file changes.
    """

    def __init__(self, predictor, grading_file):
        self._predictor = predictor
        self._grading_file = grading_file
        self._normals = {}
        self._rules_stamp = None
        self._rules = None
        self._default_rules = GradeRules.load()
        card = predictor.card
        self._model = str(card.get("sha256", ""))[:12]
        self.info = {
            "name": self._model,
            "class_names": list(predictor.class_names),
            "input_shape": list(predictor.input_shape),
            "quantization": card.get("quantization"),
            "created_by": card.get("created_by"),
            "knows_unknown": card.get("unknown") is not None,
        }
        # What is wrong with the rules is told now and not at the first defect.
        self._open_rules()

    def __call__(self, request):
        """Answer a request: the arguments of `analyze` behind the word `"frame"`."""
        return self.analyze(*request[1:])

    def analyze(
        self,
        data,
        mm_per_pixel=None,
        min_contrast=MIN_CONTRAST,
        normal_file=None,
        name_windows=False,
    ):
        """Rate an encoded image.

        Args:
            data: its bytes.
            mm_per_pixel: size of a pixel, millimetres; `None` keeps pixels.
            min_contrast: what has less contrast is surface, see `segment`.
                Defaults to `0.06`.
            normal_file: what is normal for the device, see `NormalSurface`; while
                there is no such file, the frame is described to learn from. `None`
                looks for marks alone. Defaults to `None`.
            name_windows: see `rate_frame`; what stays without a name goes to review.
                Defaults to `False`.

        Returns:
            Dict: `width`, `height`, `decision`, `fault` (what is wrong with a picture
            that cannot be judged, or `None`), `defects` (dicts of the store's
            columns, worst first), `picture` (a digest of the pixels, by which a
            frozen one is known, or `None`), `good_squares` (statistics `(N, 18)` to
            learn from, or `None`), `image` (a PNG in place of a format that no
            browser shows, or `None`), `analysis_ms` and `model`.

        Raises:
            InputError: when the data are no image.
        """
        started = time.perf_counter()
        image = decode_image(data, "the frame")
        height, width = image.shape[:2]
        rules = self._rules_for("px" if mm_per_pixel is None else "mm")
        fault, defects = picture_fault(image, rules.quality), []
        normal, good_squares = self._normal(normal_file), None
        if fault is None:
            defects = rate_frame(
                image,
                self._predictor,
                rules,
                mm_per_pixel,
                min_contrast,
                normal,
                name_windows,
            )
            if normal is None and normal_file is not None:
                mask = segment(image, min_contrast=min_contrast)
                good_squares = np.float32(good_statistics(image, mask=mask))
        trusted = normal is not None or (normal_file is None and not name_windows)
        looks = rules.quality is not None and rules.quality.frozen
        reply = {
            "width": width,
            "height": height,
            "decision": frame_decision(defects, trusted) if fault is None else INVALID,
            "fault": fault,
            "picture": hashlib.blake2b(image.tobytes()).digest() if looks else None,
            "defects": [_row(defect) for defect in defects],
            "good_squares": good_squares,
            "image": None,
            "model": self._model,
        }
        if sniff_suffix(data) is None:
            reply["image"] = encode_image(image)
        reply["analysis_ms"] = round((time.perf_counter() - started) * 1000, 3)
        return reply

    def _normal(self, path):
        """Open what is normal for a device, again whenever its file changes."""
        if path is None:
            return None
        try:
            stamp = os.stat(path).st_mtime_ns
        except FileNotFoundError:
            return None
        if self._normals.get(path, (None,))[0] != stamp:
            try:
                self._normals[path] = (stamp, NormalSurface.load(path))
            except InputError:
                # It is learnt again, as if there were none.
                self._normals[path] = (stamp, None)
        return self._normals[path][1]

    def _rules_for(self, unit):
        if os.stat(self._grading_file).st_mtime_ns != self._rules_stamp:
            self._open_rules()
        # A device without a scale, and rules in millimetres.
        fits = self._rules.unit in ("any", unit)
        if fits:
            return self._rules
        return dataclasses.replace(self._default_rules, quality=self._rules.quality)

    def _open_rules(self):
        stamp = os.stat(self._grading_file).st_mtime_ns
        self._rules = open_rules(self._grading_file, self._predictor.class_names)
        self._rules_stamp = stamp


def _row(defect):
    verdict, measured = defect.verdict, defect.measurement
    names = ("x", "y", "width", "height")
    return {
        "label": verdict.label,
        "class_name": verdict.class_name,
        "probability": verdict.probability,
        "unknown_score": verdict.unknown_score,
        "severity": defect.grade.severity,
        "decision": defect.grade.decision,
        **dict(zip(names, measured.bbox, strict=True)),
        **{f"window_{n}": v for n, v in zip(names, defect.window, strict=True)},
        "area": measured.area,
        "perimeter": measured.perimeter,
        # Of squares without an outline of the defect it is the squares' own.
        "k": measured.perimeter / measured.area,
        "area_ratio": measured.area_ratio,
        "unit": measured.unit,
    }


def make_analyzer(model, grading_file):
    """Make the handler in an inference process.

    Args:
        model: model file, `None` for the student of the package.
        grading_file: YAML rules.

    Raises:
        InputError: when the model cannot be used.
    """
    from rkd_keras.predict import load

    cv2.setNumThreads(1)
    analyzer = FrameAnalyzer(load(model, threads=1), grading_file)
    name = os.path.basename(model) if model is not None else "the package's student"
    analyzer.info["name"] = f"{name} ({analyzer.info['name']})"
    return analyzer


def window_views(predictor, image):
    """Classify each square of an image for a page.

    Args:
        predictor: a `Predictor`.
        image: array `(H, W, 3)`, uint8.

    Returns:
        List of dicts `box` (x, y, width, height), `probabilities` {class: p} and
        `is_unknown`; of a large image the first squares only.
    """
    return [
        {
            "box": list(window),
            "probabilities": dict(
                zip(predictor.class_names, verdict.probabilities, strict=True)
            ),
            "is_unknown": verdict.is_unknown,
        }
        for window, verdict in classify_windows(predictor, image)
    ]


def default_grading_text():
    """Return the grading rules that a new station begins with."""
    from rkd_keras.measure.grade_rules import DEFAULT_PATH

    return DEFAULT_PATH.read_text(encoding="utf-8")


def check_grading_text(text, class_names, devices=(), own_rules_fit=False):
    """Check grading rules.

    Args:
        text: YAML.
        class_names: the model's classes.
        devices: the station's `Device`s, whose scale must fit the rules' unit;
            loaded pictures have none and are graded by the package's rules where
            the unit does not fit.
        own_rules_fit: whether rules of the package may name classes that the model
            does not know. Defaults to `False`.

    Raises:
        InputError: with the line that is wrong, or the class or device that does
            not fit.
    """
    rules = GradeRules.parse(text, "the grading rules")
    if own_rules_fit:
        open_rules(rules, class_names)
    else:
        rules.check_classes({*class_names, UNKNOWN})
    for device in devices:
        if device.is_pictures:
            continue
        unit = "mm" if device.settings.mm_per_pixel else "px"
        if rules.unit not in ("any", unit):
            raise InputError(
                f"the grading rules are in {rules.unit}, but {device.name} measures "
                f"in {unit}; change its mm per pixel, or the rules' unit to any"
            )
