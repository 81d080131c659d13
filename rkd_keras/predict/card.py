"""The card: what a model file says about itself, and its checksum."""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import rkd_keras
from rkd_keras.errors import InputError
from rkd_keras.predict.containers import read_contents, write_card_text

FORMAT = 1
RESIZE = "area"
QUANTIZATIONS = (None, "float16", "int8-dynamic", "int8")


def new_card(
    class_names: Iterable[str],
    input_shape: Sequence[int],
    temperature: float = 1.0,
    unknown: dict[str, Any] | None = None,
    quantization: str | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """Make a card: what a runtime must know beside the graph.

    Args:
        class_names: the classes' names in the order of the model's outputs.
        input_shape: `(height, width, 3)` in pixels.
        temperature: what logits are divided by before the softmax, see
            `fit_temperature`. Defaults to `1.0`.
        unknown: parameters of the unknown verdict, see `fit_unknown`; `None` for
            a model that always names a class. Defaults to `None`.
        quantization: `None`, `"float16"`, `"int8-dynamic"` or `"int8"`. Defaults to
            `None`.
        **extra: further entries that JSON can hold, such as `trained_on`.

    Returns:
        A dict that `write_card` takes.

    Raises:
        InputError: when an entry is not what the format asks for.

    Example:
        >>> card = new_card(["crazing", "scratches"], (64, 64, 3))
        >>> card["input_shape"], card["resize"]
        ([64, 64, 3], 'area')
    """
    card = {
        **extra,
        "format": FORMAT,
        "class_names": [str(name) for name in class_names],
        "input_shape": [int(n) for n in input_shape],
        "resize": RESIZE,
        "temperature": float(temperature),
        "unknown": unknown,
        "quantization": quantization,
        "created_by": f"rkd_keras {rkd_keras.__version__}",
    }
    return checked_card(card, "the card")


def write_card(path: str | Path, card: dict[str, Any]) -> dict[str, Any]:
    """Put a card into a model file, with the model's checksum.

    Args:
        path: `.keras`, `.tflite`, `.onnx` or a SavedModel folder; an earlier card
            in it is replaced.
        card: dict as of `new_card`; `sha256` and `card_sha256` are filled in.

    Returns:
        The card as written.

    Raises:
        InputError: when the card is not valid, or the file missing, damaged or
            of another format.

    Example:
        >>> import tempfile
        >>> from rkd_keras.models import ResNet18
        >>> from rkd_keras.predict import new_card
        >>> model = ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/student.keras"
        ...     model.save(path)
        ...     card = write_card(path, new_card(["in", "sc"], (32, 32, 3)))
        >>> len(card["sha256"])
        64
    """
    card = checked_card(card, "the card")
    card["sha256"] = read_contents(path).sha256
    card["card_sha256"] = _card_digest(card)
    write_card_text(path, json.dumps(card, ensure_ascii=False))
    return card


def read_card(path: str | Path) -> dict[str, Any]:
    """Read a model file's card and check the file against it.

    Args:
        path: `.keras`, `.tflite`, `.onnx` or a SavedModel folder.

    Returns:
        The card, a dict.

    Raises:
        InputError: when the file is missing, truncated or of another format,
            carries no card, or does not match its checksum.

    Example:
        >>> import tempfile
        >>> from rkd_keras.models import ResNet18
        >>> from rkd_keras.predict import new_card
        >>> model = ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/student.keras"
        ...     model.save(path)
        ...     card = write_card(path, new_card(["in", "sc"], (32, 32, 3)))
        ...     read_card(path) == card
        True
    """
    return verified_card(read_contents(path), path)


def verified_card(contents, path):
    """Return the card of a file that was read, checked against its digest."""
    if contents.card_text is None:
        raise InputError(
            f"{path} carries no rkd_keras card, so its classes are not known; export "
            "it with `rkd-keras export`"
        )
    try:
        card = json.loads(contents.card_text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} carries a card that is not JSON") from error
    card = checked_card(card, str(path))
    if card.get("sha256") != contents.sha256:
        raise InputError(
            f"{path} does not match the checksum in its card: it is damaged or was "
            "changed; export it again"
        )
    if card.get("card_sha256") != _card_digest(card):
        raise InputError(
            f"{path} carries a card that was changed by hand; export the model again"
        )
    return card


def checked_card(card, name):
    """Return a copy of `card`, or raise an `InputError` that names its fault."""
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise InputError(f"{name} has no card of format {FORMAT}; export it again")

    def refuse(entry, expected):
        raise InputError(
            f"{name}: the card's {entry} must be {expected}. "
            f"Received: {entry}={card.get(entry)!r:.80}"
        )

    names = card.get("class_names")
    if (
        not isinstance(names, list)
        or not names
        or not all(isinstance(n, str) and n for n in names)
        or len(set(names)) != len(names)
    ):
        refuse("class_names", "a list of different names")
    if "unknown" in names:
        refuse("class_names", "without 'unknown', which is a verdict of its own")
    shape = card.get("input_shape")
    if (
        not isinstance(shape, list)
        or len(shape) != 3
        or not all(type(n) is int and 0 < n <= 65536 for n in shape)
        or shape[2] != 3
    ):
        refuse("input_shape", "[height, width, 3]")
    temperature = card.get("temperature")
    if (
        not isinstance(temperature, Real)
        or isinstance(temperature, bool)
        or not math.isfinite(temperature)
        or temperature <= 0
    ):
        refuse("temperature", "a number above 0")
    if card.get("resize") != RESIZE:
        refuse("resize", repr(RESIZE))
    if card.get("quantization") not in QUANTIZATIONS:
        refuse("quantization", f"one of {QUANTIZATIONS}")
    if not isinstance(card.get("unknown"), dict | None):
        refuse("unknown", "null or the parameters of fit_unknown")
    return dict(card)


def _card_digest(card):
    entries = {k: v for k, v in card.items() if k != "card_sha256"}
    text = json.dumps(entries, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
