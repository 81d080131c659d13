"""Compare an exported file, in its runtimes, with the Keras model."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.predict import Predictor, load, read_card
from rkd_keras.predict.containers import kind_of
from rkd_keras.predict.keras_backend import KerasBackend
from rkd_keras.predict.runtimes import RUNTIMES, installed_runtimes

if TYPE_CHECKING:
    import keras

# Largest difference of a probability, and smallest share of equal verdicts.
# float16 keeps 11 bits of each weight, which moves a probability by some 1e-3 in
# deep networks; int8 is judged by its verdicts alone.
TOLERANCES = {
    None: (1e-4, 0.99),
    "float16": (1e-2, 0.99),
    "int8-dynamic": (1.0, 0.99),
    "int8": (1.0, 0.99),
}


@dataclass(frozen=True)
class ParityReport:
    """How an exported file compares with the Keras model.

    Attributes:
        images: number of images compared.
        largest_difference: largest absolute difference of a probability.
        equal_classes: share of images with the same most probable class.
        equal_verdicts: share with the same label, the unknown verdict included.
        tolerance: largest difference that is allowed.
        least_equal: smallest share of equal verdicts that is allowed.
        repair: what was done to an int8 file so that it passes, see the card's
            entry `repair`; `None` where nothing was. Defaults to `None`.
        runtimes: titles of the runtimes that it was compared in; the numbers are those
            of the worst.

    Example:
        >>> report = ParityReport(300, 3e-7, 1.0, 1.0, tolerance=1e-4, least_equal=0.99)
        >>> report.passed
        True
    """

    images: int
    largest_difference: float
    equal_classes: float
    equal_verdicts: float
    tolerance: float
    least_equal: float
    repair: dict[str, Any] | None = None
    runtimes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the file may be shipped."""
        return (
            self.largest_difference <= self.tolerance
            and min(self.equal_classes, self.equal_verdicts) >= self.least_equal
        )


def check_parity(
    path: str | Path, model: "keras.Model", images: np.ndarray
) -> ParityReport:
    """Load an exported file in each installed runtime, compare it with its source.

    int8 files are made for LiteRT's arithmetic and judged by it alone; another runtime
    rounds in a way of its own.

    Args:
        path: the exported file with its card.
        model: the `keras.Model` that it came from, computing in float32.
        images: array `(n, H, W, 3)`, uint8, real images.

    Returns:
        A `ParityReport`.

    Raises:
        InputError: when there are no images to compare on.

    Example:
        >>> import tempfile
        >>> from rkd_keras.models import ResNet18
        >>> from rkd_keras.predict import new_card, write_card
        >>> model = ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/student.keras"
        ...     model.save(path)
        ...     card = write_card(path, new_card(["in", "sc"], (32, 32, 3)))
        ...     report = check_parity(path, model, np.zeros((4, 32, 32, 3), "uint8"))
        >>> report.images, report.passed
        (4, True)
    """
    return Reference(model, images, read_card(path)).compare(path)


class Reference:
    """What the Keras model says of the images that files are compared on.

    Args:
        model: the `keras.Model`, computing in float32.
        images: array `(n, H, W, 3)`, uint8, real images.
        card: the card of the files to compare.

    Attributes:
        probabilities: array `(n, C)`.

    Raises:
        InputError: when there are no images.
    """

    def __init__(self, model, images, card):
        """See the class."""
        if len(images) == 0:
            raise InputError("the exported file must be compared on at least one image")
        self.images = images
        # Before the file, for a model that answers no numbers is the model's fault.
        reference = Predictor(KerasBackend(model, card["temperature"]), card)
        self.probabilities, self.decided = self._answers(reference)

    def compare(self, path):
        """Load a file in its runtimes; return the `ParityReport`."""
        card = read_card(path)
        quantization = card["quantization"]
        names = installed_runtimes(kind_of(path))
        if quantization not in (None, "float16"):
            names = names[:1]
        found = [self._compared(load(path, runtime=name)) for name in names]
        tolerance, least_equal = TOLERANCES[quantization]
        return ParityReport(
            images=len(self.images),
            largest_difference=max(each[0] for each in found),
            equal_classes=min(each[1] for each in found),
            equal_verdicts=min(each[2] for each in found),
            tolerance=tolerance,
            least_equal=least_equal,
            repair=card.get("repair"),
            runtimes=tuple(RUNTIMES[name].title for name in names),
        )

    def _compared(self, predictor):
        """Return largest difference, shares of equal classes and equal verdicts."""
        found, verdicts = self._answers(predictor)
        pairs = list(zip(self.decided, verdicts, strict=True))
        return (
            float(np.abs(found - self.probabilities).max()),
            float(np.mean([a.class_name == b.class_name for a, b in pairs])),
            float(np.mean([a.label == b.label for a, b in pairs])),
        )

    def _answers(self, predictor):
        probabilities, verdicts = [], []
        for start in range(0, len(self.images), 32):
            batch = self.images[start : start + 32]
            probabilities.append(predictor.predict_batch(batch)[0])
            verdicts += predictor.decide(batch, probabilities[-1])
        return np.concatenate(probabilities), verdicts
