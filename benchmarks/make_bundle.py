"""Make a student that comes with the package out of a finished run.

    python benchmarks/make_bundle.py runs/edge_small --foreign path/to/cr7/defects

The run's shape says which preset it becomes. Written are the Keras weights and the
int8 file in `rkd_keras/weights`, and in `docs/model_cards` the numbers of the card, of
which `make results` makes its page. The temperature and the unknown verdict are fitted
on the training and validation parts; the test part is scored once, here.
"""

import argparse
import hashlib
import inspect
import json
from pathlib import Path

from rkd_keras.runs.start_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402

from rkd_keras.data import load_images  # noqa: E402
from rkd_keras.errors import InputError  # noqa: E402
from rkd_keras.evaluate import (  # noqa: E402
    classification_scores,
    expected_calibration_error,
    wilson_interval,
)
from rkd_keras.export import export_model, fit_decisions  # noqa: E402
from rkd_keras.export.serving_model import in_float32  # noqa: E402
from rkd_keras.export.timing.machine import processor  # noqa: E402
from rkd_keras.export.timing.processes import measure  # noqa: E402
from rkd_keras.files.fingerprints import fingerprint  # noqa: E402
from rkd_keras.files.images import list_images, read_image  # noqa: E402
from rkd_keras.files.replacing import replacing  # noqa: E402
from rkd_keras.models import count_multiply_adds  # noqa: E402
from rkd_keras.models.pretrained import FOLDER, neu_presets  # noqa: E402
from rkd_keras.models.zoo import find_network  # noqa: E402
from rkd_keras.predict import UnknownDetector, load, new_card, softmax  # noqa: E402
from rkd_keras.predict.keras_backend import KerasBackend  # noqa: E402
from rkd_keras.runs import open_run  # noqa: E402
from rkd_keras.runs.settings import Settings  # noqa: E402

PAGES = Path(__file__).parent.parent / "docs" / "model_cards"
LARGEST_BUNDLE = 6_000_000
PRESETS = ("edge_resnet_small", "edge_resnet_tiny")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="run directory of train or distill")
    parser.add_argument("--foreign", type=Path, help="folder of images of another line")
    parser.add_argument("--false-alarm-rate", type=float, default=0.01)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--preliminary", action="store_true", help="to be replaced")
    args = parser.parse_args()
    run = open_run(args.run)
    config = run.config
    shape = shape_of(config)
    preset = preset_of(shape)
    model = in_float32(run.model)
    images, labels = read_parts(run.split, model.input_shape[1:3])
    card = fit_decisions(
        model,
        new_card(
            run.class_names,
            model.input_shape[1:],
            preset=preset,
            trained_on=f"{config['split']}, {len(labels['train'])} images of NEU-DET",
            model_card=f"docs/model_cards/{preset}.md",
        ),
        images["val"],
        labels["val"],
        images["train"],
        labels["train"],
        args.false_alarm_rate,
    )
    FOLDER.mkdir(exist_ok=True)
    weights = FOLDER / f"neu_{preset}.weights.h5"
    student = FOLDER / f"neu_{preset}.tflite"
    checks = np.concatenate([images["val"], images["train"]])[:300]
    # A third of all training images, from every class.
    calibration = images["train"][:: max(1, len(images["train"]) // 300)]
    parity = export_model(
        model,
        student,
        card,
        quantization="int8",
        calibration_images=calibration,
        check_images=checks,
        overwrite=True,
    )
    model.save_weights(weights, overwrite=True)
    compress(weights)
    register(preset, shape, weights, run.class_names)
    remember(run.split)
    facts = {
        "preset": preset,
        "preliminary": args.preliminary,
        "shape": shape,
        "commands": commands(run, args.preliminary),
        "teacher": teacher_of(config),
        "seed": config["seed"],
        "images": {part: len(found) for part, found in labels.items()},
        "versions": config["versions"],
        "parameters": int(sum(np.prod(w.shape) for w in model.trainable_weights)),
        "multiply_adds": count_multiply_adds(model),
        "weights_bytes": weights.stat().st_size,
        "int8_bytes": student.stat().st_size,
        "equal_verdicts": parity.equal_verdicts,
        **scores(model, card, load(student), images, labels),
        "unknown": unknown(card, images, args.foreign, model.input_shape[1:3]),
        "latency": latency(student, args.runs),
    }
    total = sum(file.stat().st_size for file in FOLDER.iterdir())
    if total > LARGEST_BUNDLE:
        raise InputError(f"{FOLDER} holds {total} bytes, {LARGEST_BUNDLE} are allowed")
    PAGES.mkdir(exist_ok=True)
    text = json.dumps(facts, indent=2) + "\n"
    (PAGES / f"{preset}.json").write_text(text, encoding="utf-8")
    print(text)
    print("now run: make results, which writes the card's page")


def shape_of(config):
    """Return what decides the run's shape, the model's defaults filled in."""
    if config["model"] not in ("resnet18", *PRESETS):
        raise InputError(f"{config['model']} is no ResNet18; bundle another run")
    return filled_in(config["model"], config["model_options"])


def filled_in(model, options):
    """Return a network's shape: what is given, and the defaults of its builder."""
    defaults = inspect.signature(find_network(model)).parameters
    shape = {
        name: options.get(name, defaults[name].default)
        for name in ("width", "stem_stride", "stage_strides")
    }
    return {**shape, "stage_strides": list(shape["stage_strides"])}


def preset_of(shape):
    """Return the preset of a shape."""
    for name in PRESETS:
        if shape == filled_in(name, {}):
            return name
    raise InputError(
        f"the run's shape {shape} is that of no preset; change rkd_keras/models/"
        "edge_resnet.py or bundle another run"
    )


def read_parts(split, size):
    """Load the three parts' images and labels."""
    images, labels = {}, {}
    for part in ("train", "val", "test"):
        files = [Path(row["file"]) for row in split[part]]
        images[part], kept = load_images(files, size, strict=True)
        labels[part] = np.array([split[part][i]["label"] for i in kept])
    return images, labels


def compress(path):
    """Write a weights file anew, its arrays compressed; Keras reads it as before."""
    import h5py

    def copy(source, target):
        target.attrs.update(source.attrs)
        for name, item in source.items():
            if isinstance(item, h5py.Group):
                copy(item, target.create_group(name, track_order=True))
                continue
            options = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
            # What is tiny grows by it.
            options = options if item.size >= 512 else {}
            target.create_dataset(name, data=item[()], **options)
            target[name].attrs.update(item.attrs)

    with replacing(path) as temporary:
        with h5py.File(path) as old, h5py.File(temporary, "w", track_order=True) as new:
            copy(old, new)


def register(preset, shape, weights, class_names):
    """Write what `weights="neu"` must know into the index."""
    entries = neu_presets()
    entries[preset] = {
        "network": {"block": "basic_block", "depths": [2, 2, 2, 2]},
        "shape": shape,
        "weights": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "class_names": list(class_names),
    }
    ordered = {name: entries[name] for name in PRESETS if name in entries}
    text = json.dumps(ordered, indent=2) + "\n"
    (FOLDER / "neu.json").write_text(text, encoding="utf-8")


def remember(split):
    """Write the fingerprints of all images that were learnt from."""
    files = [Path(row["file"]) for part in ("train", "val") for row in split[part]]
    known = np.stack([fingerprint(read_image(file)) for file in files])
    np.save(FOLDER / "neu_images.npy", known)


def teacher_of(config):
    """Return name and test accuracy of the run's teacher, or `None`."""
    if not config.get("teacher"):
        return None
    teacher = open_run(config["teacher"])
    config = teacher.config
    found = {"model": config["model"], "options": config["model_options"]}
    if teacher.scores:
        found["accuracy"] = teacher.scores["accuracy"]
    return found


def commands(run, preliminary):
    """Return the commands that made the run, its teacher's first."""
    name = run.path.name
    found = [command_of(run.config, name)]
    if run.config.get("teacher"):
        teacher = open_run(run.config["teacher"])
        found.insert(0, command_of(teacher.config, teacher.path.name))
    flag = " --preliminary" if preliminary else ""
    return [*found, f"python benchmarks/make_bundle.py runs/{name}{flag}"]


def command_of(config, name):
    """Return the command that makes a run of these settings."""
    settings = Settings.from_config(config)
    if settings.teacher:
        folder = settings.teacher.rstrip("/").rpartition("/")[2]
        settings.teacher = f"runs/{folder}"
    settings.out = f"runs/{name}"
    return settings.command("NEU-DET")


def scores(model, card, predictor, images, labels):
    """Score Keras and int8 on validation and test, calibrated and not."""
    backend = KerasBackend(model)
    found = {"temperature": card["temperature"]}
    for part in ("val", "test"):
        starts = range(0, len(images[part]), 64)
        logits = np.concatenate(
            [backend.logits_and_embedding(images[part][i : i + 64])[0] for i in starts]
        )
        rows = {
            "keras": softmax(logits, card["temperature"]),
            "int8": predictor.predict_batch(images[part])[0],
        }
        found[part] = {
            "ece_before": expected_calibration_error(softmax(logits), labels[part])
        }
        for name, probabilities in rows.items():
            result = classification_scores(
                labels[part], probabilities, card["class_names"]
            )
            right = round(result["accuracy"] * len(labels[part]))
            found[part][name] = {
                "accuracy": result["accuracy"],
                "interval": list(wilson_interval(right, len(labels[part]))),
                "gmean": result["gmean"],
                "recall": {n: c["recall"] for n, c in result["per_class"].items()},
                "ece": expected_calibration_error(probabilities, labels[part]),
            }
    return found


def unknown(card, images, foreign, size):
    """Score the unknown verdict on test images and on those of another line."""
    detector = UnknownDetector.from_card(card["unknown"])
    known = detector.score(images["test"])
    found = {
        "stated_false_alarm_rate": detector.false_alarm_rate,
        "false_alarms_on_test": float(np.mean(known > detector.threshold)),
    }
    if foreign:
        pixels, _ = load_images(list_images(foreign), size)
        strange = detector.score(pixels)
        truth = np.repeat([0, 1], [len(known), len(strange)])
        found["foreign_images"] = len(strange)
        found["foreign_called_unknown"] = float(np.mean(strange > detector.threshold))
        found["auroc"] = float(roc_auc_score(truth, np.concatenate([known, strange])))
    return found


def latency(student, runs):
    """Time the int8 file on one thread."""
    subject = {"model": str(student), "runtime": "LiteRT", "role": "predictor"}
    (result,) = measure([subject], 1, runs, batch=1, show_progress=False)
    kept = ("median_ms", "p95_ms", "p99_ms", "peak_mb", "load_s", "runs", "threads")
    return {"processor": processor(), **{name: result[name] for name in kept}}


if __name__ == "__main__":
    main()
