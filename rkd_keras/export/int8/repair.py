"""What is done with an int8 file that decides otherwise, step by step."""

from dataclasses import dataclass
from typing import Any

from rkd_keras.export.int8.layer_errors import layer_errors, worst_groups
from rkd_keras.export.int8.quantized import SilentLayersError, quantized
from rkd_keras.export.int8.ranges import KINDS, chosen_ranges, observed_values
from rkd_keras.export.int8.tensors import operations, with_ranges

# Images that the ranges are taken from and that distillation learns from, at most.
IMAGES = 600
# Share of the operations that may stay in float32; with more, int8 is not worth it.
MOST_IN_FLOAT = 1 / 3
STEPS = ("calibration", "layers in float", "distillation")


@dataclass(frozen=True)
class Attempt:
    """An int8 file and how well it decides.

    Attributes:
        flatbuffer: its bytes.
        record: what was done, for its card.
        report: the `ParityReport`.
    """

    flatbuffer: bytes
    record: dict[str, Any]
    report: Any

    @property
    def equal(self):
        """Smallest of the two shares that decide, in [0, 1]."""
        return min(self.report.equal_classes, self.report.equal_verdicts)


class Repair:
    """Try what may cure an int8 file; stop at the first that passes.

    1. Ranges of more images, all classes alike: the widest, without the rarest
       values, and of the least error of rounding.
    2. The worst layers stay in float32: as few as will do, a third at most.
    3. The network learns to bear rounding, see `distilled`; then 1 and 2 again.

    Args:
        name: the model's name, for errors.
        images: array `(n, H, W, 3)`, uint8, training images of all classes.
        compare: function from a flatbuffer and a record to a `ParityReport`.
        say: function that is told each step, a line.
        tracked: function of a sequence and a title that shows how far a loop is.
    """

    def __init__(self, name, images, compare, say, tracked):
        """See the class."""
        self.name = name
        self.images = images[:IMAGES]
        self.compare = compare
        self.say = say
        self.tracked = tracked

    def run(self, calibrated, taught):
        """Return the first `Attempt` that passes, or the best.

        Args:
            calibrated: bytes, as of `calibrated_tflite`.
            taught: function from images and `tracked` to a calibrated flatbuffer of
                the network after distillation.
        """
        best = self._without_training(calibrated, {})
        if best is not None and best.report.passed:
            return best
        self.say(f"repair 3, distillation: learning from {len(self.images)} images")
        calibrated, epochs = taught(
            self.images, lambda items: self.tracked(items, "learning to bear int8")
        )
        after = self._without_training(
            calibrated, {"step": STEPS[2], "distillation_epochs": epochs}
        )
        return _better(best, after)

    def _without_training(self, calibrated, record):
        best, calibrated = self._calibrated_anew(calibrated, record)
        if best is not None and best.report.passed:
            return best
        return _better(best, self._with_layers_in_float(calibrated, record))

    def _calibrated_anew(self, calibrated, record):
        """Return the first attempt that passes or the best, and its ranges."""
        observed = observed_values(
            calibrated,
            self.images,
            tracked=lambda items: self.tracked(items, "reading ranges of values"),
        )
        best, chosen = None, calibrated
        for kind in KINDS:
            ranged = with_ranges(calibrated, chosen_ranges(observed, kind))
            attempt = self._attempt(
                ranged,
                {
                    "step": STEPS[0],
                    **record,
                    "ranges": kind,
                    "calibration_images": len(self.images),
                },
            )
            self.say(f"repair 1, ranges ({kind}): {_told(attempt)}")
            if attempt is not None and attempt is _better(attempt, best):
                best, chosen = attempt, ranged
            if attempt is not None and attempt.report.passed:
                break
        self._ranges = KINDS[0] if best is None else best.record["ranges"]
        return best, chosen

    def _with_layers_in_float(self, calibrated, record):
        """Return the attempt of the fewest layers in float32 that passes, or the best.

        Twice as many each time, until it passes; then halfway between, and so on.
        """
        plain = quantized(calibrated, self.name, silent_too=True)
        errors = layer_errors(calibrated, plain, self.images)
        layers = {o.name: o.layer for o in operations(calibrated)}
        choices = _choices(
            worst_groups(errors, calibrated), round(MOST_IN_FLOAT * len(layers))
        )
        best, few, many = None, -1, None
        position = 0
        while choices and (many is None or many - few > 1):
            kept = choices[position]
            attempt = self._attempt(
                calibrated,
                {
                    "step": STEPS[1],
                    **record,
                    "ranges": self._ranges,
                    "calibration_images": len(self.images),
                },
                kept,
                layers,
            )
            what = f"{len(kept)} of {len(layers)} operations in float"
            self.say(f"repair 2, {what}: {_told(attempt)}")
            if attempt is not None and attempt.report.passed:
                best, many = attempt, position
                position = (few + many) // 2
            else:
                best, few = _better(best, attempt), position
                if many is None:
                    if position == len(choices) - 1:
                        break
                    position = min(2 * position + 1, len(choices) - 1)
                else:
                    position = (few + many) // 2
        return best

    def _attempt(self, calibrated, record, in_float=(), layers=None):
        """Make a file and compare it; `None` where it cannot be made.

        Layers of nothing but zeros stay in float32 when others may.
        """
        in_float = list(in_float)
        for _ in range(len(in_float) + 1):
            try:
                flatbuffer = quantized(calibrated, self.name, in_float)
            except SilentLayersError as error:
                known = [
                    name
                    for name in layers or ()
                    if any(_same(name, tensor) for tensor in error.tensors)
                ]
                if not in_float or not known:
                    return None
                in_float += known
            else:
                break
        else:
            return None
        if in_float:
            names = list(dict.fromkeys(layers[name] for name in in_float))
            record = {**record, "layers_in_float": names}
        return Attempt(flatbuffer, record, self.compare(flatbuffer, record))


def repair_sentence(record):
    """Say what was done to a file.

    Args:
        record: the entry `repair` of its card.

    Returns:
        A sentence without its stop.

    Example:
        >>> repair_sentence({
        ...     "step": "calibration", "before": 0.95, "calibration_images": 600,
        ...     "ranges": "percentile",
        ... })
        'repaired (95.0% before): ranges of 600 images of all classes (percentile)'
    """
    before = record.get("before")
    was = "layers of zeros" if before is None else f"{before:.1%}"
    done = []
    if epochs := record.get("distillation_epochs"):
        done.append(f"{epochs} epochs of distillation")
    done.append(
        f"ranges of {record['calibration_images']} images of all classes "
        f"({record['ranges']})"
    )
    if layers := record.get("layers_in_float"):
        done.append(f"in float: {', '.join(layers)}")
    return f"repaired ({was} before): {'; '.join(done)}"


def _choices(groups, most):
    """Return growing lists of operations: the worst group, the worst two, ..."""
    found, kept = [], []
    for group in groups:
        more = list(dict.fromkeys([*kept, *group]))
        if len(more) > most:
            continue
        if len(more) > len(kept):
            found.append(more)
            kept = more
    return found


def _same(name, tensor):
    """Whether a tensor of the int8 file is that of the float32 one; it may count on."""
    return tensor == name or tensor == f"{name}1"


def _better(first, second):
    if first is None or second is None:
        return first or second
    return second if second.equal > first.equal else first


def _told(attempt):
    if attempt is None:
        return "a layer gives nothing but zeros"
    return f"{attempt.equal:.1%} equal verdicts"
