"""Fit what turns outputs into decisions, for the card."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from rkd_keras.errors import InputError
from rkd_keras.predict import fit_temperature
from rkd_keras.predict.decision import fit_surfaces
from rkd_keras.predict.keras_backend import KerasBackend
from rkd_keras.predict.surface_statistics import surface_statistics

if TYPE_CHECKING:
    import keras


def fit_decisions(
    model: "keras.Model",
    card: dict[str, Any],
    images: np.ndarray,
    labels: ArrayLike,
    training_images: np.ndarray | None = None,
    training_labels: ArrayLike | None = None,
    false_alarm_rate: float = 0.01,
) -> dict[str, Any]:
    """Calibrate a model and fit its unknown verdict.

    The temperature is fitted on validation images alone, for the network is
    surer of what it was trained on. The unknown verdict does not look at the
    network, so training images help it.

    Args:
        model: built `keras.Model`, see `rkd_keras.models.tapped`.
        card: the model's card.
        images: array `(n, H, W, 3)`, uint8, or `StreamedImages`, that the model was not
            trained on.
        labels: array `(n,)` of class indices in the card's order.
        training_images: array `(m, H, W, 3)`, uint8, or `StreamedImages`, of further
            images for the unknown verdict. Defaults to `None`.
        training_labels: array `(m,)` of their class indices. Defaults to
            `None`.
        false_alarm_rate: share of known images to be called unknown, in (0, 1).
            Defaults to `0.01`.

    Returns:
        A copy of the card with `temperature`, `unknown`, and the numbers of
        images `calibrated_on` and `unknown_fitted_on`.

    Raises:
        InputError: when a class has fewer than two images, or the arrays do not
            fit together.

    Example:
        >>> from rkd_keras.models import ResNet18
        >>> from rkd_keras.predict import new_card
        >>> model = ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3))
        >>> card = new_card(["inclusion", "scratches"], (32, 32, 3))
        >>> images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), "uint8")
        >>> fitted = fit_decisions(model, card, images, np.arange(8) % 2)
        >>> fitted["calibrated_on"], fitted["unknown"]["false_alarm_rate"]
        (8, 0.01)
    """
    labels = np.asarray(labels)
    surfaces, all_labels = surface_statistics(images), labels
    if training_images is not None:
        surfaces = np.concatenate([surfaces, surface_statistics(training_images)])
        all_labels = np.concatenate([labels, np.asarray(training_labels)])
    seen = len(set(all_labels.tolist()))
    if len(images) == 0 or seen < len(card["class_names"]):
        raise InputError(
            "decisions are fitted on validation images and at least two images of "
            f"each of the {len(card['class_names'])} classes. Received: "
            f"{len(images)} validation images, {seen} classes"
        )
    backend = KerasBackend(model)
    logits = np.concatenate(
        [
            backend.logits_and_embedding(images[start : start + 32])[0]
            for start in range(0, len(images), 32)
        ]
    )
    return {
        **card,
        "temperature": fit_temperature(logits, labels),
        "calibrated_on": len(labels),
        "unknown": fit_surfaces(surfaces, all_labels, false_alarm_rate),
        "unknown_fitted_on": len(all_labels),
    }
