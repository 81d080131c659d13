"""Compare an exported file, in its own runtime, with the Keras model."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.predict import Predictor, load, read_card
from rkd_keras.predict.keras_backend import KerasBackend

if TYPE_CHECKING:
    import keras

# Largest difference of a probability, and smallest share of equal verdicts.
# float16 keeps 11 bits of each weight, which moves a probability by some 1e-3 in
# deep networks; int8 is judged by its verdicts alone.
TOLERANCES = {None: (1e-4, 0.99), "float16": (1e-2, 0.99), "int8": (1.0, 0.99)}


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
    """Load an exported file in its own runtime and compare it with its source.

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
    if len(images) == 0:
        raise InputError("the exported file must be compared on at least one image")
    card = read_card(path)
    # First, for a model that answers no numbers is the model's fault.
    reference = Predictor(KerasBackend(model, card["temperature"]), card)
    exported = load(path)
    expected, found, differences = [], [], []
    for start in range(0, len(images), 32):
        batch = images[start : start + 32]
        first, second = reference.predict_batch(batch), exported.predict_batch(batch)
        differences.append(np.abs(first[0] - second[0]).max())
        expected += reference.decide(batch, first[0])
        found += exported.decide(batch, second[0])
    pairs = list(zip(expected, found, strict=True))
    tolerance, least_equal = TOLERANCES[card["quantization"]]
    return ParityReport(
        images=len(images),
        largest_difference=float(np.max(differences)),
        equal_classes=float(np.mean([a.class_name == b.class_name for a, b in pairs])),
        equal_verdicts=float(np.mean([a.label == b.label for a, b in pairs])),
        tolerance=tolerance,
        least_equal=least_equal,
    )
