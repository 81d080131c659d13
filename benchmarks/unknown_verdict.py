"""How well foreign surfaces are told, and how honest probabilities are.

Fits temperature and unknown verdict on a run's training and validation images, as
the export does, and measures on its test images: the false alarms, the share of
foreign images that are called unknown, the area under the ROC curve of the unknown
score beside energy, largest probability and embedding distance, the same when one
known class is left out of the fit and plays the stranger, and the expected
calibration error before and after. Nothing is chosen by these numbers.

    python benchmarks/unknown_verdict.py runs/student path/to/foreign/images \
        --file student_int8.tflite --json docs/results/unknown.json
"""

import argparse
import json
from pathlib import Path

from rkd_keras.runs.start_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np  # noqa: E402
from sklearn.covariance import LedoitWolf  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402

from rkd_keras.data import load_images  # noqa: E402
from rkd_keras.evaluate.calibration import expected_calibration_error  # noqa: E402
from rkd_keras.export import fit_decisions  # noqa: E402
from rkd_keras.files.images import list_images  # noqa: E402
from rkd_keras.predict import (  # noqa: E402
    UnknownDetector,
    fit_unknown,
    load,
    new_card,
    softmax,
)
from rkd_keras.predict.keras_backend import KerasBackend  # noqa: E402
from rkd_keras.runs import open_run  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="run directory")
    parser.add_argument("foreign", type=Path, nargs="+", help="folders of images")
    parser.add_argument("--file", type=Path, nargs="*", default=[], help="exports")
    parser.add_argument("--false-alarm-rate", type=float, default=0.01)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    trained = open_run(args.run)
    model, split = trained.model, trained.split
    size = model.input_shape[1:3]
    images, labels = {}, {}
    for part in ("train", "val", "test"):
        files = [Path(row["file"]) for row in split[part]]
        images[part], kept = load_images(files, size)
        labels[part] = np.array([split[part][i]["label"] for i in kept])
    for folder in args.foreign:
        images[str(folder.name)], _ = load_images(list_images(folder), size)
    strangers = [folder.name for folder in args.foreign]
    card = fit_decisions(
        model,
        new_card(split["class_names"], model.input_shape[1:]),
        images["val"],
        labels["val"],
        images["train"],
        labels["train"],
        args.false_alarm_rate,
    )
    outputs = {part: run(KerasBackend(model), images[part]) for part in images}
    result = {
        "run": args.run.name,
        "images": {part: len(pixels) for part, pixels in images.items()},
        "calibration": calibration(card, outputs["test"][0], labels["test"]),
        "verdict": verdict(card, images, strangers),
        "auroc": {
            name: {s: auroc(scores["test"], scores[s]) for s in strangers}
            for name, scores in score_kinds(card, images, labels, outputs).items()
        },
        "auroc_of_a_class_left_out": left_out(images, labels, split["class_names"]),
        "files": {
            path.name: of_file(load(path), images, labels["test"], strangers)
            for path in args.file
        },
    }
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(text, encoding="utf-8")


def run(backend, images):
    """Return logits and embeddings, in batches."""
    parts = [
        backend.logits_and_embedding(images[i : i + 64])
        for i in range(0, len(images), 64)
    ]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def calibration(card, logits, labels):
    """Expected calibration error with and without the temperature."""
    temperature = card["temperature"]
    return {
        "temperature": temperature,
        "ece_before": expected_calibration_error(softmax(logits), labels),
        "ece_after": expected_calibration_error(softmax(logits, temperature), labels),
    }


def verdict(card, images, strangers):
    """Share of images called unknown: test images and foreign ones."""
    detector = UnknownDetector.from_card(card["unknown"])
    return {
        "stated_false_alarm_rate": detector.false_alarm_rate,
        **{
            part: float(np.mean(detector.score(images[part]) > detector.threshold))
            for part in ("test", *strangers)
        },
    }


def score_kinds(card, images, labels, outputs):
    """Yield the scores that are compared; larger is stranger."""
    detector = UnknownDetector.from_card(card["unknown"])
    features = {part: np.log(e + 0.01) for part, (_, e) in outputs.items()}
    known, classes = features["train"], labels["train"]
    means = np.stack([known[classes == c].mean(axis=0) for c in np.unique(classes)])
    shared = LedoitWolf(assume_centered=True).fit(known - means[classes])

    def distance(rows):
        offsets = rows[:, None] - means
        return np.einsum("ncf,fg,ncg->nc", offsets, shared.precision_, offsets).min(1)

    return {
        "surface": {part: detector.score(x) for part, x in images.items()},
        "energy": {part: energy(z) for part, (z, _) in outputs.items()},
        "largest_probability": {
            part: -softmax(z).max(axis=1) for part, (z, _) in outputs.items()
        },
        "embedding_distance": {part: distance(f) for part, f in features.items()},
    }


def energy(logits):
    """Negative log of the summed exponentials of the logits."""
    top = logits.max(axis=1)
    return -top - np.log(np.exp(logits - top[:, None]).sum(axis=1))


def left_out(images, labels, class_names):
    """AUROC of the surface score for a known class that the fit has not seen."""
    found = {}
    for index, name in enumerate(class_names):
        rest = labels["train"] != index
        # Classes after the one left out move down: labels must have no gap.
        others = labels["train"][rest]
        others = others - (others > index)
        card = fit_unknown(images["train"][rest], others)
        scores = UnknownDetector.from_card(card).score(images["test"])
        stranger = labels["test"] == index
        found[name] = auroc(scores[~stranger], scores[stranger])
    return found


def of_file(predictor, images, labels, strangers):
    """Calibration error and unknown verdicts of an exported file."""
    verdicts = predictor.predict(images["test"])
    probabilities = np.array([v.probabilities for v in verdicts])
    return {
        "accuracy": float(np.mean(probabilities.argmax(axis=1) == labels)),
        "ece": expected_calibration_error(probabilities, labels),
        "unknown": {
            "test": float(np.mean([v.is_unknown for v in verdicts])),
            **{
                s: float(np.mean([v.is_unknown for v in predictor.predict(images[s])]))
                for s in strangers
            },
        },
    }


def auroc(known, foreign):
    """Probability that a foreign image scores higher than a known one."""
    truth = np.repeat([0, 1], [len(known), len(foreign)])
    return float(roc_auc_score(truth, np.concatenate([known, foreign])))


if __name__ == "__main__":
    main()
