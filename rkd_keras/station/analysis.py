"""What the inference process does with a frame: segment, classify, measure, grade."""

import dataclasses
import os
import time

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image
from rkd_keras.measure import GradeRules, Measurement, grade, measure, segment
from rkd_keras.rating.windows import group_boxes, nearest_window, window_grid
from rkd_keras.station.image_files import sniff_suffix
from rkd_keras.station.store import UNKNOWN

# Chosen by benchmarks/station/sensitivity.py on a cold-rolled line's crops.
MIN_CONTRAST = 0.06
MAX_DEFECTS = 40
MAX_MARKS = 1000
# Marks nearer than this share of a window belong to one defect.
REACH = 0.08
DECISIONS = ("accept", "review", "reject")


class FrameAnalyzer:
    """Rates frames; lives in the inference process.

    A frame is segmented; marks that lie close together are one defect. Each
    square of the frame that holds a defect is classified (see `window_grid`), and
    a defect gets the verdict of the square around it. It is graded as if that
    square were the image, for that is what rules about shares and K refer to. A
    frame without marks is not classified at all.

    Args:
        predictor: an object with `predict(images)`, see `rkd_keras.predict`.
        grading_file: YAML rules, read again whenever the file changes.
    """

    def __init__(self, predictor, grading_file):
        self._predictor = predictor
        self._grading_file = grading_file
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

    def __call__(self, request):
        """Answer a request: the arguments of `analyze` behind the word `"frame"`."""
        return self.analyze(*request[1:])

    def analyze(self, data, mm_per_pixel=None, min_contrast=MIN_CONTRAST):
        """Rate an encoded image.

        Args:
            data: its bytes.
            mm_per_pixel: size of a pixel, millimetres; `None` keeps pixels.
            min_contrast: what has less contrast is surface, see `segment`.
                Defaults to `0.06`.

        Returns:
            Dict: `width`, `height`, `decision`, `defects` (dicts of the store's
            columns, worst first), `image` (a PNG in place of a format that no
            browser shows, or `None`), `analysis_ms` and `model`.

        Raises:
            InputError: when the data are no image.
        """
        started = time.perf_counter()
        image = decode_image(data, "the frame")
        height, width = image.shape[:2]
        defects = self._defects(image, mm_per_pixel, min_contrast)
        worst = max((DECISIONS.index(d["decision"]) for d in defects), default=0)
        reply = {
            "width": width,
            "height": height,
            "decision": DECISIONS[worst],
            "defects": defects,
            "image": None,
            "model": self._model,
        }
        if sniff_suffix(data) is None:
            reply["image"] = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
        reply["analysis_ms"] = round((time.perf_counter() - started) * 1000, 3)
        return reply

    def _defects(self, image, mm_per_pixel, min_contrast):
        mask = segment(image, min_contrast=min_contrast)
        if not mask.any():
            return []
        found = measure(None, mask, mm_per_pixel)
        if found.count > MAX_MARKS:
            largest = sorted(found.defects, key=lambda d: -d.area)[:MAX_MARKS]
            found = dataclasses.replace(found, defects=tuple(largest))
        windows = window_grid(*image.shape[:2])
        groups = grouped(found, windows[0], REACH * windows[0, 2])
        places = [nearest_window(windows, *_centre(group.bbox)) for group in groups]
        used = sorted(set(places))
        crops = [image[y : y + h, x : x + w] for x, y, w, h in windows[used].tolist()]
        verdicts = dict(zip(used, self._predictor.predict(crops), strict=True))
        rules = self._rules_for(found.unit)
        rows = [
            _row(group, verdicts[place], windows[place].tolist(), rules)
            for group, place in zip(groups, places, strict=True)
        ]
        rows.sort(key=lambda row: (-row["severity"], -row["area"]))
        return rows[:MAX_DEFECTS]

    def _rules_for(self, unit):
        stamp = os.stat(self._grading_file).st_mtime_ns
        if stamp != self._rules_stamp:
            self._rules = GradeRules.load(self._grading_file)
            self._rules_stamp = stamp
        # A device without a scale, and rules in millimetres.
        fits = self._rules.unit in ("any", unit)
        return self._rules if fits else self._default_rules


def _row(group, verdict, window, rules):
    graded = grade(group, verdict.label, rules)
    decision = graded.decision
    if verdict.label == UNKNOWN and decision == "accept":
        # Nobody knows what it is: a person has to look.
        decision = "review"
    x, y, width, height = group.bbox
    return {
        "label": verdict.label,
        "class_name": verdict.class_name,
        "probability": verdict.probability,
        "unknown_score": verdict.unknown_score,
        "severity": graded.severity,
        "decision": decision,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "window_x": window[0],
        "window_y": window[1],
        "window_width": window[2],
        "window_height": window[3],
        "area": group.area,
        "perimeter": group.perimeter,
        "k": group.k,
        "area_ratio": group.area_ratio,
        "unit": group.unit,
    }


def grouped(found, window, reach):
    """Join marks that lie close together.

    Args:
        found: `Measurement` of a frame.
        window: the square that stands for the image: x, y, width, height.
        reach: marks with a gap of at most this belong together, pixels.

    Returns:
        List of `Measurement`, each of the marks of one defect and with the
        square as its image. Moments are those of the frame.
    """
    defects = found.defects
    boxes = np.array([defect.bbox for defect in defects])
    shape = (int(window[3]), int(window[2]))
    scale = found.pixel_size
    groups = []
    for members in group_boxes(boxes, reach):
        parts = [defects[i] for i in members]
        area = sum(part.area for part in parts)
        perimeter = sum(part.perimeter for part in parts)
        m10, m01 = sum(p.m10 for p in parts), sum(p.m01 for p in parts)
        low = boxes[members, :2].min(axis=0)
        high = (boxes[members, :2] + boxes[members, 2:]).max(axis=0)
        pixels = shape[0] * shape[1] * scale**2
        groups.append(
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
    return groups


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


def classify_windows(predictor, image):
    """Classify each square of an image.

    Args:
        predictor: a `Predictor`.
        image: array `(H, W, 3)`, uint8.

    Returns:
        List of dicts `box` (x, y, width, height), `probabilities` {class: p} and
        `is_unknown`; of a large image the first squares only.
    """
    windows = window_grid(*image.shape[:2])[:16].tolist()
    crops = [image[y : y + h, x : x + w] for x, y, w, h in windows]
    return [
        {
            "box": window,
            "probabilities": dict(
                zip(predictor.class_names, verdict.probabilities, strict=True)
            ),
            "is_unknown": verdict.is_unknown,
        }
        for window, verdict in zip(windows, predictor.predict(crops), strict=True)
    ]


def default_grading_text():
    """Return the grading rules that a new station begins with."""
    from rkd_keras.measure.grade_rules import DEFAULT_PATH

    return DEFAULT_PATH.read_text(encoding="utf-8")


def check_grading_text(text, class_names, devices=()):
    """Check grading rules.

    Args:
        text: YAML.
        class_names: the model's classes.
        devices: the station's `Device`s, whose scale must fit the rules' unit.

    Raises:
        InputError: with the line that is wrong, or the class or device that does
            not fit.
    """
    rules = GradeRules.parse(text, "the grading rules")
    known = {*class_names, UNKNOWN}
    for rule in rules.rules:
        if strange := sorted(set(rule.classes or ()) - known):
            raise InputError(
                f"the grading rule {rule.name!r} names the class {strange[0]!r}; the "
                f"model knows {', '.join(sorted(known))}"
            )
    for device in devices:
        unit = "mm" if device.settings.mm_per_pixel else "px"
        if rules.unit not in ("any", unit):
            raise InputError(
                f"the grading rules are in {rules.unit}, but {device.name} measures "
                f"in {unit}; change its mm per pixel, or the rules' unit to any"
            )


def _centre(box):
    x, y, width, height = box
    return x + width / 2, y + height / 2
