import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, SIZE, textures

from rkd_keras.errors import InputError
from rkd_keras.export import fit_decisions
from rkd_keras.predict import fit_temperature, fit_unknown, new_card
from rkd_keras.predict.keras_backend import KerasBackend

CARD = new_card(CLASS_NAMES, (SIZE, SIZE, 3), note="kept")


def test_decisions_are_fitted_on_the_right_images(model):
    images, labels = textures(15, seed=7)
    more, their_labels = textures(20, seed=8)
    card = fit_decisions(
        model, CARD, images, labels, more, their_labels, false_alarm_rate=0.1
    )
    logits, _ = KerasBackend(model).logits_and_embedding(images)
    expected = fit_temperature(logits, labels)
    assert card["temperature"] == pytest.approx(expected, rel=1e-3)
    assert card["unknown"] == fit_unknown(
        np.concatenate([images, more]), np.concatenate([labels, their_labels]), 0.1
    )
    assert (card["calibrated_on"], card["unknown_fitted_on"]) == (45, 105)
    assert card["note"] == "kept" and CARD["unknown"] is None


def test_training_images_are_not_needed(model):
    images, labels = textures(5, seed=7)
    card = fit_decisions(model, CARD, images, labels)
    assert card["unknown"] == fit_unknown(images, labels)


def test_decisions_need_images_of_every_class(model):
    images, labels = textures(2, seed=7)
    for some in (np.zeros(len(labels), bool), labels != 1, labels != 2):
        with pytest.raises(InputError):
            fit_decisions(model, CARD, images[some], labels[some])
