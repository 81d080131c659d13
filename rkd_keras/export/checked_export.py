"""One entry to all exports: convert, check in the target's runtimes, then keep."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.export.parity import ParityReport, Reference
from rkd_keras.export.serving_model import in_float32, serving_model
from rkd_keras.files.images import read_image, resize_image, to_rgb_uint8
from rkd_keras.files.results import make_folder
from rkd_keras.predict import write_card
from rkd_keras.predict.card import checked_card

if TYPE_CHECKING:
    import keras

FORMATS = {"saved_model": "", "tflite": ".tflite", "onnx": ".onnx"}


def export_model(
    model: "keras.Model",
    path: str | Path,
    card: dict[str, Any],
    format: str | None = None,
    quantization: str | None = None,
    calibration_images: Sequence[np.ndarray | str | Path] | np.ndarray | None = None,
    check_images: Sequence[np.ndarray | str | Path] | np.ndarray | None = None,
    overwrite: bool = False,
    repair: bool = True,
    repair_images: Sequence[np.ndarray | str | Path] | np.ndarray | None = None,
    explain: bool = False,
    say: Callable[[str], Any] | None = None,
) -> ParityReport:
    """Export a Keras model and keep the file only if it decides alike.

    The file is written beside `path` under a temporary name, loaded in each runtime
    that is installed and runs such files, and compared with `model` on
    `check_images`. Only then it takes its place; otherwise nothing is left.

    Args:
        model: built `keras.Model`, see `rkd_keras.models.tapped`; one
            of a mixed policy is rebuilt under float32.
        path: where the file or, for a SavedModel, the folder goes.
        card: the model's card, see `rkd_keras.predict.new_card`.
        format: `"saved_model"`, `"tflite"` or `"onnx"`. Defaults to what the
            suffix of `path` says; no suffix is a SavedModel.
        quantization: for TFLite `None`, `"float16"`, `"int8-dynamic"` (weights of
            int8, the rest float32) or `"int8"`. Defaults to `None`.
        calibration_images: real training images for int8, array `(n, H, W, 3)`
            uint8 or a list of arrays or files. Defaults to `None`.
        check_images: real images to compare on, in the same forms. Defaults to
            the calibration images.
        overwrite: whether a file at `path` may be replaced. Defaults to `False`.
        repair: whether an int8 file that decides otherwise is repaired: by better
            ranges, by layers that stay in float32, by distillation. The card's entry
            `repair` and the report say what was done. Defaults to `True`.
        repair_images: training images that a repair may use, in the same forms.
            Defaults to the calibration images.
        explain: whether to write beside an int8 file what the rounding of each layer
            costs, as `NAME.layers.csv` and `NAME.layers.json`. Defaults to `False`.
        say: function that is told each step of a repair and the table of errors.
            Defaults to `None`: silence.

    Returns:
        The `ParityReport`.

    Raises:
        InputError: when an argument is not valid, `path` is taken, or the exported
            file differs from the model by more than its tolerance.

    Example:
        >>> import tempfile
        >>> from rkd_keras.models import ResNet18
        >>> from rkd_keras.predict import load, new_card
        >>> model = ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3))
        >>> card = new_card(["inclusion", "scratches"], (32, 32, 3))
        >>> images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), "uint8")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/student.onnx"
        ...     report = export_model(model, path, card, check_images=images)
        ...     load(path).class_names
        ('inclusion', 'scratches')
        >>> report.passed
        True
    """
    path = Path(path)
    format = _checked_format(path, format, quantization)
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists already; choose another name or overwrite it")
    if path.is_dir() and not (path / "saved_model.pb").is_file():
        raise InputError(
            f"{path} is a folder and no SavedModel, which alone is replaced; choose "
            "another name"
        )
    card = checked_card({**card, "quantization": quantization}, "the card")
    size = tuple(card["input_shape"][:2])
    if check_images is None:
        check_images = calibration_images
    if check_images is None or len(check_images) == 0:
        raise InputError(
            "an export is compared with the Keras model on real images; give some "
            "as check_images"
        )
    check_images = _stack(check_images, size)
    if calibration_images is not None:
        calibration_images = _stack(calibration_images, size)
    if repair_images is not None:
        repair_images = _stack(repair_images, size)
    if explain and quantization != "int8":
        raise InputError(
            "explain is for int8, whose layers round. "
            f"Received: quantization={quantization}"
        )
    _check_model(model, card)
    model = in_float32(model)
    make_folder(path.parent)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{FORMATS[format]}")

    # Before the file is made, so that a model of nonsense costs no time.
    reference = Reference(model, check_images, card)

    def write(flatbuffer, card):
        temporary.write_bytes(flatbuffer)
        write_card(temporary, card)
        return reference.compare(temporary)

    try:
        if quantization == "int8":
            from rkd_keras.export.int8.making import make_int8

            explained = path if explain else None
            report = make_int8(
                model,
                card,
                calibration_images,
                repair_images,
                write,
                repair,
                explained,
                say,
            )
        else:
            serving = serving_model(model, card["temperature"])
            _convert(serving, format, quantization, temporary)
            write_card(temporary, card)
            report = reference.compare(temporary)
        if not report.passed:
            raise InputError(
                f"{path} was not written: the exported model differs from the Keras "
                f"model by up to {report.largest_difference:.2g}"
                f" in a probability (allowed {report.tolerance:g}) and agrees on "
                f"{min(report.equal_classes, report.equal_verdicts):.1%} of "
                f"{report.images} verdicts (needed {report.least_equal:.0%}); "
                "calibrate on more training images or choose another quantization"
            )
        _replace(temporary, path)
    finally:
        _remove(temporary)
    return report


def _convert(serving, format, quantization, path):
    if format == "saved_model":
        from rkd_keras.export.saved_model import write_saved_model

        write_saved_model(serving, path)
    elif format == "onnx":
        from rkd_keras.export.onnx import convert_to_onnx

        path.write_bytes(convert_to_onnx(serving))
    else:
        from rkd_keras.export.tflite import convert_to_tflite

        path.write_bytes(convert_to_tflite(serving, quantization))


def _checked_format(path, format, quantization):
    if format is None:
        suffixes = {suffix: name for name, suffix in FORMATS.items()}
        format = suffixes.get(path.suffix.lower())
    if format not in FORMATS:
        raise InputError(
            f"format must be one of {', '.join(FORMATS)}. Received: format={format}, "
            f"path={path}"
        )
    if FORMATS[format] and path.suffix.lower() != FORMATS[format]:
        raise InputError(
            f"a {format} file's name must end in {FORMATS[format]}. "
            f"Received: path={path}"
        )
    if quantization is not None and format != "tflite":
        raise InputError(
            f"only tflite files are quantized. Received: format={format}, "
            f"quantization={quantization}"
        )
    return format


def _check_model(model, card):
    shape = list(model.input_shape[1:])
    classes = model.output_shape[-1]
    if shape != card["input_shape"] or classes != len(card["class_names"]):
        raise InputError(
            f"the model takes images {shape} and has {classes} classes, but the card "
            f"says {card['input_shape']} and {len(card['class_names'])}"
        )


def _stack(images, size):
    """Bring arrays or files to `(n, height, width, 3)` uint8."""
    return np.stack(
        [
            resize_image(
                read_image(image)
                if isinstance(image, str | Path)
                else to_rgb_uint8(image),
                size,
            )
            for image in images
        ]
    )


def _replace(temporary, path):
    if path.is_dir():
        # A folder cannot be replaced in one step: the old one steps aside first.
        aside = temporary.with_name(f"{temporary.name}.old")
        os.replace(path, aside)
        os.replace(temporary, path)
        shutil.rmtree(aside)
    else:
        os.replace(temporary, path)


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
