"""`rkd-keras export`: write a model for the line, checked in its own runtime."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError


def export(
    model: Annotated[Path, typer.Argument(help="Run directory or .keras file.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write; .tflite, .onnx, or no suffix for a SavedModel folder. "
            "Beside the model when left out."
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(help="tflite, onnx or saved_model; what --out says by default."),
    ] = None,
    quantize: Annotated[
        str | None, typer.Option(help="For tflite: float16 or int8.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Training images; the run's own when left out."),
    ] = None,
    images: Annotated[
        int, typer.Option(help="Images to calibrate on, and at most to check on.")
    ] = 300,
    false_alarm_rate: Annotated[
        float,
        typer.Option(help="Share of known images that may be called unknown."),
    ] = 0.01,
    seed: o.Seed = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing file.")
    ] = False,
):
    """Export a trained model to TFLite, ONNX or a SavedModel.

    The file takes plain pixels and carries class names, calibration and a
    checksum. It is loaded in its own runtime and compared with the Keras model
    on real images; when they differ, nothing is written. int8 is calibrated on
    training images: those of the run's split.json, or --data.

    Example: rkd-keras export runs/student --out student.tflite --quantize int8
    """
    import numpy as np
    from rich.console import Console

    from rkd_keras.export import export_model
    from rkd_keras.predict.keras_backend import load_keras_model
    from rkd_keras.predict.quiet_stderr import quiet_stderr

    console = Console()
    model = model / "model.keras" if (model / "model.keras").is_file() else model
    if model.suffix != ".keras":
        raise InputError(
            f"{model} is no Keras model; give a run directory or a .keras file"
        )
    out, format = _target(model, out, format, quantize)
    if out.exists() and not overwrite:
        raise InputError(
            f"{out} exists already; replace it with --overwrite or give another --out"
        )
    card = _card(model)
    size = tuple(card["input_shape"][:2])
    with console.status("reading images"):
        training = _images(model, data, "train", size, seed, card)
        try:
            checks, labels = _images(model, data, "val", size, seed, card)
        except InputError:
            checks, labels = training[0][:0], None
    with console.status("loading the Keras model"), quiet_stderr():
        network = load_keras_model(model, threads=2)
    if card["unknown"] is None:
        card = _with_decisions(
            network, card, checks, labels, training, false_alarm_rate, model, console
        )
    what = f"{format} {quantize or ''}".strip()
    with console.status(f"converting to {what} and comparing"), quiet_stderr():
        report = export_model(
            network,
            out,
            card,
            format=format,
            quantization=quantize,
            calibration_images=training[0][:images],
            # Few validation images are filled up with training images.
            check_images=np.concatenate([checks, training[0]])[:images],
            overwrite=overwrite,
        )
    _record(model.parent / "exports.json", out, report)
    console.print(
        f"{out} ({_size(out) / 1e6:.2f} MB): {report.equal_verdicts:.1%} equal "
        f"verdicts on {report.images} images, largest difference of a probability "
        f"{report.largest_difference:.1e}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _record(path, out, report):
    """Note the file and how well it agrees in the run's list, for its report."""
    import json

    rows = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    rows = [row for row in rows if row["file"] != out.name]
    rows.append(
        {
            "file": out.name,
            "size_bytes": _size(out),
            "equal_verdicts": report.equal_verdicts,
            "largest_difference": report.largest_difference,
            "images": report.images,
        }
    )
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _target(model, out, format, quantize):
    suffixes = {"tflite": ".tflite", "onnx": ".onnx", "saved_model": ""}
    if format is None:
        if out is None:
            raise InputError("give --out or --format, so that the format is known")
        found = {suffix: name for name, suffix in suffixes.items()}
        format = found.get(out.suffix.lower())
    if format not in suffixes:
        raise InputError(
            f"--format must be one of {', '.join(suffixes)}; --out ends in .tflite, "
            ".onnx or nothing"
        )
    if quantize not in (None, "float16", "int8"):
        raise InputError(f"--quantize must be float16 or int8, not {quantize!r}")
    if out is None:
        end = f"_{quantize}" if quantize else ""
        end += "_saved_model" if format == "saved_model" else suffixes[format]
        out = model.with_name(model.stem + end)
    return out, format


def _card(model):
    """Read the model's card; without one the run's class names make it."""
    import json

    from rkd_keras.predict import new_card, read_card
    from rkd_keras.predict.containers import read_contents

    if read_contents(model).card_text is not None:
        return read_card(model)
    split = model.parent / "split.json"
    if not split.is_file():
        raise InputError(
            f"{model} carries no class names and no split.json lies beside it; train "
            "it with rkd-keras train"
        )
    import zipfile

    with zipfile.ZipFile(model) as archive:
        config = json.loads(archive.read("config.json"))
    layers = config.get("config", {}).get("layers", [{}])
    shape = layers[0].get("config", {}).get("batch_shape")
    if not shape:
        raise InputError(f"{model} does not tell its input size; train it again")
    names = json.loads(split.read_text(encoding="utf-8"))["class_names"]
    return new_card(names, shape[1:])


def _images(model, data, part, size, seed, card):
    """Load a part's images and labels, shuffled by the seed."""
    import numpy as np

    from rkd_keras.cli.evaluate import labelled_files
    from rkd_keras.data import load_images

    files, labels, class_names = labelled_files(model, data, part)
    if not files:
        raise InputError(f"there is no image of the {part} part; give --data")
    order = np.random.default_rng(seed).permutation(len(files))
    images, kept = load_images([files[i] for i in order], size)
    known = {name: index for index, name in enumerate(card["class_names"])}
    names = [class_names[labels[i]] for i in order[kept]]
    if unknown := sorted(set(names) - set(known)):
        raise InputError(
            f"the model does not know the class {', '.join(unknown)}; it knows "
            f"{', '.join(known)}"
        )
    return images, np.array([known[name] for name in names])


def _with_decisions(network, card, images, labels, training, rate, model, console):
    """Fit calibration and the unknown verdict where validation images are known."""
    from rkd_keras.export import fit_decisions

    if labels is None or not (model.parent / "split.json").is_file():
        reason = "no validation images are recorded beside the model"
    else:
        try:
            with console.status("calibrating on validation images"):
                return fit_decisions(network, card, images, labels, *training, rate)
        except InputError as error:
            reason = str(error)
    console.print(
        f"! no calibration and no unknown verdict: {reason}",
        markup=False,
        highlight=False,
    )
    return card


def _size(path):
    if path.is_dir():
        return sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    return path.stat().st_size
