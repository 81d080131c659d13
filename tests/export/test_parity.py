from tiny_exports import textures, tiny_model

import rkd_keras.export.parity as parity
from rkd_keras.export import check_parity

IMAGES = textures(4, seed=6)[0]


def test_int8_is_judged_by_its_verdicts(model, files, monkeypatch):
    report = check_parity(files["int8"], model, IMAGES)
    assert report.passed and report.equal_verdicts == 1.0
    assert 1e-4 < report.largest_difference < 0.1
    shuffled = tiny_model()
    head = shuffled.get_layer("logits")
    kernel, bias = head.get_weights()
    head.set_weights([kernel[:, ::-1], bias[::-1]])
    report = check_parity(files["int8"], shuffled, IMAGES)
    assert not report.passed and report.equal_classes < 0.6


def test_an_unknown_verdict_that_flips_fails(files, model, monkeypatch):
    monkeypatch.setattr(
        parity.Predictor,
        "decide",
        flipping(parity.Predictor.decide),
    )
    report = check_parity(files["tflite"], model, IMAGES)
    assert report.equal_classes == 1 and report.equal_verdicts < 0.99
    assert not report.passed


def flipping(decide):
    """Return a `decide` that calls the first image unknown every second time."""
    calls = []

    def changed(self, images, probabilities):
        calls.append(1)
        verdicts = decide(self, images, probabilities)
        if len(calls) % 2:
            first = verdicts[0]
            verdicts[0] = type(first)(**{**vars(first), "label": "unknown"})
        return verdicts

    return changed
