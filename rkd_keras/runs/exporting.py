"""Export a trained model for the line, checked in its own runtime."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import InputError
from rkd_keras.options import (
    AnyPath,
    FalseAlarmRate,
    Option,
    Overwrite,
    Quantize,
    Quiet,
    Seed,
    checked,
)

# Classes are drawn evenly from them.
MOST_REPAIR_IMAGES = 1200
SUFFIXES = {"tflite": ".tflite", "onnx": ".onnx", "saved_model": ""}


@dataclass(frozen=True)
class Exported:
    """A file for the line and how well it agrees with the Keras model.

    Attributes:
        path: the file, or the folder of a SavedModel.
        size_bytes: its size.
        equal_verdicts: share of images that both name alike, in [0, 1].
        largest_difference: of a probability, in [0, 1].
        images: number of images that were compared.
        note: why the file has no calibration and no unknown verdict, or `None`.
        repair: what was done to an int8 file so that it decides alike, a sentence, or
            `None`.
        layer_errors: files that say what the rounding of each layer costs; empty
            without `explain`.

    Example:
        >>> Exported(Path("student.tflite"), 742_000, 1.0, 1e-6, 300).note is None
        True
    """

    path: Path
    size_bytes: int
    equal_verdicts: float
    largest_difference: float
    images: int
    note: str | None = None
    repair: str | None = None
    layer_errors: tuple[Path, ...] = ()


@checked
def export(
    model: Annotated[AnyPath, Option("Run directory or .keras file.", positional=True)],
    out: Annotated[
        AnyPath | None,
        Option(
            "File to write; .tflite, .onnx, or no suffix for a SavedModel folder. "
            "Beside the model when left out."
        ),
    ] = None,
    format: Annotated[
        str | None,
        Option(
            "tflite, onnx or saved_model; what --out says by default.",
            choices=tuple(SUFFIXES),
        ),
    ] = None,
    quantize: Quantize = None,
    data: Annotated[
        AnyPath | None, Option("Training images; the run's own when left out.")
    ] = None,
    images: Annotated[
        int,
        Option("Images to calibrate on, and at most to check on.", at_least=1),
    ] = 300,
    false_alarm_rate: FalseAlarmRate = 0.01,
    seed: Seed = 0,
    explain: Annotated[
        bool,
        Option("For int8: write what the rounding of each layer costs, worst first."),
    ] = False,
    repair: Annotated[
        bool,
        Option(
            "Cure an int8 file that decides otherwise: better ranges, layers in "
            "float, distillation.",
            flag="--repair/--no-repair",
        ),
    ] = True,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> Exported:
    """Export a trained model to TFLite, ONNX or a SavedModel.

    The file takes plain pixels and carries class names, calibration and a
    checksum. It is loaded in each installed runtime and compared with the Keras model
    on real images; when they differ, nothing is written. int8 is calibrated on
    training images: those of the run's split.json, or --data. An int8 file that
    differs is repaired, step by step, until it does not; its card's entry `repair`
    says how.

    Returns:
        An `Exported`.

    Raises:
        InputError: when the options do not fit, the file exists, or it does not
            decide as the model does.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> from rkd_keras.runs import train
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> data = write_dataset(folder / "strips", per_class=9, size=32)
        >>> run = train(
        ...     data, folder / "run", model="resnet18", width=0.0625, stem_stride=2,
        ...     size=32, epochs=1, quiet=True,
        ... )
        >>> export(run.path, format="onnx", quiet=True).equal_verdicts
        1.0
    """
    import numpy as np
    from rich.console import Console

    from rkd_keras.export import export_model
    from rkd_keras.export.int8.layer_errors import error_files
    from rkd_keras.export.int8.repair import repair_sentence
    from rkd_keras.files.model_file import model_file
    from rkd_keras.files.results import check_targets
    from rkd_keras.predict.quiet_stderr import quiet_stderr
    from rkd_keras.runs.run import Run

    console = Console(stderr=True, quiet=quiet, highlight=False)
    file = model_file(model)
    if file.suffix != ".keras" or not file.is_file():
        raise InputError(
            f"{file} is no Keras model; give a run directory or a .keras file"
        )
    run = Run(file.parent)
    out, format = _target(file, out, format, quantize)
    beside = error_files(out) if explain else ()
    check_targets([out, *beside], [file, file.parent], overwrite)
    card = _card(file, run)
    size = tuple(card["input_shape"][:2])
    with console.status("reading images"):
        training = _images(file, data, "train", size, seed, card)
        try:
            checks, labels = _images(file, data, "val", size, seed, card)
        except InputError:
            checks, labels = training[0][:0], None
    with console.status("loading the Keras model"), quiet_stderr():
        from rkd_keras.models import load_model

        network = load_model(file, threads=2)
    note = None
    if card["unknown"] is None:
        with console.status("calibrating on validation images"):
            card, note = _with_decisions(
                network, card, checks, labels, training, false_alarm_rate, run
            )
    what = f"{format} {quantize or ''}".strip()
    options = {
        "format": format,
        "quantization": quantize,
        "calibration_images": training[0][:images],
        # Few validation images are filled up with training images.
        "check_images": np.concatenate(
            [checks[:images], training[0][: max(0, images - len(checks))]]
        ),
        "overwrite": overwrite,
    }
    if quantize == "int8":
        # It says what it does, and keeps the converter silent itself.
        console.print(f"converting to {what} and comparing")
        report = export_model(
            network,
            out,
            card,
            repair=repair,
            repair_images=training[0][:MOST_REPAIR_IMAGES],
            explain=explain,
            say=None
            if quiet
            else functools.partial(console.print, markup=False, soft_wrap=True),
            **options,
        )
    else:
        with console.status(f"converting to {what} and comparing"), quiet_stderr():
            report = export_model(network, out, card, explain=explain, **options)
    result = Exported(
        path=out,
        size_bytes=_size(out),
        equal_verdicts=report.equal_verdicts,
        largest_difference=report.largest_difference,
        images=report.images,
        note=note,
        repair=None if report.repair is None else repair_sentence(report.repair),
        layer_errors=tuple(beside),
    )
    run.add_export(
        {
            "file": out.name,
            "size_bytes": result.size_bytes,
            "equal_verdicts": result.equal_verdicts,
            "largest_difference": result.largest_difference,
            "images": result.images,
            **({"repair": report.repair} if report.repair else {}),
        }
    )
    return result


def check_quantize(format, quantize):
    """Raise `InputError` where a format cannot be quantized.

    Args:
        format: one of `SUFFIXES`.
        quantize: what is asked for, or `None`.
    """
    if quantize is not None and format != "tflite":
        raise InputError(
            f"only tflite files are quantized, not {format}; leave --quantize out, or "
            "give --format tflite"
        )


def _target(model, out, format, quantize):
    if format is None:
        if out is None:
            raise InputError("give --out or --format, so that the format is known")
        found = {suffix: name for name, suffix in SUFFIXES.items()}
        format = found.get(out.suffix.lower())
    if format not in SUFFIXES:
        raise InputError(
            f"--format must be one of {', '.join(SUFFIXES)}; --out ends in .tflite, "
            ".onnx or nothing"
        )
    check_quantize(format, quantize)
    if out is None:
        end = f"_{quantize}" if quantize else ""
        end += "_saved_model" if format == "saved_model" else SUFFIXES[format]
        out = model.with_name(model.stem + end)
    return out, format


def _card(model, run):
    """Read the model's card; without one the run's class names make it."""
    import zipfile

    from rkd_keras.predict import new_card, read_card
    from rkd_keras.predict.containers import read_contents

    if read_contents(model).card_text is not None:
        return read_card(model)
    if run.split is None:
        raise InputError(
            f"{model} carries no class names and no split.json lies beside it; train "
            "it with rkd-keras train"
        )
    with zipfile.ZipFile(model) as archive:
        config = json.loads(archive.read("config.json"))
    layers = config.get("config", {}).get("layers", [{}])
    shape = layers[0].get("config", {}).get("batch_shape")
    if not shape:
        raise InputError(f"{model} does not tell its input size; train it again")
    return new_card(run.split["class_names"], shape[1:])


def _images(model, data, part, size, seed, card):
    """Open a part's images and labels, shuffled by the seed."""
    import numpy as np

    from rkd_keras.data import open_images
    from rkd_keras.runs.parts import labelled_images

    found = labelled_images(model, data, part)
    files, labels, class_names = found.files, found.labels, found.class_names
    # Of another data set all images may calibrate; none of them validates.
    if not files or (part == "val" and found.part != "val"):
        raise InputError(f"there is no image of the {part} part; give --data")
    order = np.random.default_rng(seed).permutation(len(files))
    images, kept = open_images([files[i] for i in order], size)
    known = {name: index for index, name in enumerate(card["class_names"])}
    names = [class_names[labels[i]] for i in order[kept]]
    if unknown := sorted(set(names) - set(known)):
        raise InputError(
            f"the model does not know the class {', '.join(unknown)}; it knows "
            f"{', '.join(known)}"
        )
    return images, np.array([known[name] for name in names])


def _with_decisions(network, card, images, labels, training, rate, run):
    """Fit calibration and the unknown verdict where validation images are known.

    Returns the card, and why it has neither.
    """
    from rkd_keras.export import fit_decisions

    if labels is None or run.split is None:
        return card, "no validation images are recorded beside the model"
    try:
        return fit_decisions(network, card, images, labels, *training, rate), None
    except InputError as error:
        return card, str(error)


def _size(path):
    if path.is_dir():
        return sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    return path.stat().st_size
