"""Where the four kinds of model file carry their card, and what is hashed.

- `.keras`: zip member `rkd_keras.json`; hashed are the model's config and weights.
- SavedModel: `assets.extra/rkd_keras.json`; hashed are the graph and variables.
- `.tflite`: a zip behind the flatbuffer, TFLite's own "associated files"
  convention; hashed is the flatbuffer.
- `.onnx`: a second serialized `ModelProto` behind the first, which holds one
  `metadata_props` entry (concatenated protobuf messages merge); hashed is the
  first.

Nothing here needs TensorFlow, Keras, protobuf or onnx.
"""

import hashlib
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing

MEMBER = "rkd_keras.json"
METADATA_KEY = b"rkd_keras"
KERAS_MEMBERS = ("config.json", "model.weights.h5")
MAX_CARD_BYTES = 16 * 2**20

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
)


@dataclass(frozen=True)
class Contents:
    """What a model file holds, as far as it can be told without its runtime.

    Attributes:
        kind: `"keras"`, `"saved_model"`, `"tflite"` or `"onnx"`.
        sha256: hexadecimal digest of the model itself, without the card.
        card_text: the card's JSON, `None` when the file carries none.
        payload: the model's bytes (`.tflite`, `.onnx`), else `None`.
    """

    kind: str
    sha256: str
    card_text: str | None
    payload: bytes | None = None


def kind_of(path):
    """Tell the kind of a model file from its name and place.

    Args:
        path: a file or a SavedModel folder.

    Returns:
        `"keras"`, `"saved_model"`, `"tflite"` or `"onnx"`.

    Raises:
        InputError: when it does not exist or is none of these.
    """
    path = Path(path)
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            return "saved_model"
        raise InputError(f"{path} is a folder without a saved_model.pb")
    if not path.is_file():
        raise InputError(f"{path} does not exist; give a model file")
    kinds = {".keras": "keras", ".tflite": "tflite", ".onnx": "onnx"}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{path} is no model file; give .keras, .tflite, .onnx or a SavedModel "
            "folder"
        )
    return kind


def read_contents(path):
    """Read the card's text and the digest of what it vouches for.

    Args:
        path: a model file of any kind.

    Returns:
        A `Contents`.

    Raises:
        InputError: when the file is missing, truncated or of another format.
    """
    path = Path(path)
    kind = kind_of(path)
    try:
        return _READERS[kind](path)
    except _ZIP_ERRORS as error:
        raise InputError(f"{path} is damaged or incomplete; copy it again") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def write_card_text(path, text):
    """Put the card's JSON into a model file, replacing an earlier one.

    Files are replaced in one step, so that a killed process leaves the old file
    or the new one.

    Args:
        path: a model file of any kind.
        text: the card as JSON.

    Raises:
        InputError: as `read_contents`.
    """
    path = Path(path)
    contents = read_contents(path)
    if contents.kind == "saved_model":
        (path / "assets.extra").mkdir(exist_ok=True)
        with replacing(path / "assets.extra" / MEMBER) as temporary:
            temporary.write_text(text, encoding="utf-8")
    elif contents.kind == "onnx":
        entry = _bytes_field(1, METADATA_KEY) + _bytes_field(2, text.encode("utf-8"))
        with replacing(path) as temporary:
            temporary.write_bytes(contents.payload + _bytes_field(14, entry))
    else:
        with replacing(path) as temporary:
            _copy_with_card(path, temporary, len(contents.payload or b""), text)


def _read_keras(path):
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if not names.issuperset(KERAS_MEMBERS):
            raise InputError(f"{path} is a zip file, but not a Keras model")
        for name in KERAS_MEMBERS:
            _mark(digest, name, archive.getinfo(name).file_size)
            with archive.open(name) as member:
                while block := member.read(2**20):
                    digest.update(block)
        text = _card_member(archive, path)
    return Contents("keras", digest.hexdigest(), text)


def _read_saved_model(path):
    digest = hashlib.sha256()
    files = [path / "saved_model.pb"]
    files += sorted(p for p in (path / "variables").glob("*") if p.is_file())
    for file in files:
        _mark(digest, file.relative_to(path).as_posix(), file.stat().st_size)
        with file.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    card = path / "assets.extra" / MEMBER
    text = _decoded(card.read_bytes(), path) if card.is_file() else None
    return Contents("saved_model", digest.hexdigest(), text)


def _read_tflite(path):
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise InputError(f"{path} is not a TFLite model; export it again")
    text = None
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            text = _card_member(archive, path)
            starts = [info.header_offset for info in archive.infolist()]
        data = data[: min(starts, default=len(data))]
    return Contents("tflite", hashlib.sha256(data).hexdigest(), text, data)


def _read_onnx(path):
    data = path.read_bytes()
    text, fields, end = None, set(), len(data)
    for number, start, begin, stop in _protobuf_fields(data, path):
        fields.add(number)
        if number == 14 and stop == len(data):
            entry = {
                key: data[begin + a : begin + b]
                for key, _, a, b in _protobuf_fields(data[begin:stop], path)
            }
            if entry.get(1) == METADATA_KEY:
                text, end = _decoded(entry.get(2, b""), path), start
    # ModelProto: ir_version is field 1, graph is field 7.
    if not {1, 7} <= fields:
        raise InputError(f"{path} is not an ONNX model; export it again")
    payload = data[:end]
    return Contents("onnx", hashlib.sha256(payload).hexdigest(), text, payload)


_READERS = {
    "keras": _read_keras,
    "saved_model": _read_saved_model,
    "tflite": _read_tflite,
    "onnx": _read_onnx,
}


def _card_member(archive, path):
    if MEMBER not in archive.namelist():
        return None
    if archive.getinfo(MEMBER).file_size > MAX_CARD_BYTES:
        raise InputError(f"{path} carries a card that is too large to be one of ours")
    return _decoded(archive.read(MEMBER), path)


def _decoded(data, path):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} carries a card that is not text") from error


def _mark(digest, name, size):
    digest.update(f"{name}\0{size}\0".encode())


def _copy_with_card(source, target, prefix_size, text):
    with open(source, "rb") as stream, open(target, "wb") as copy:
        copy.write(stream.read(prefix_size))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as copy:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive:
                for info in archive.infolist():
                    if info.filename != MEMBER:
                        copy.writestr(info, archive.read(info))
        copy.writestr(MEMBER, text)
    shutil.copymode(source, target)


def _protobuf_fields(data, path):
    """Yield `(number, start, value_begin, value_end)` of a message's fields."""
    position = 0
    while position < len(data):
        start = position
        tag, position = _varint(data, position, path)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            begin = position
            _, position = _varint(data, position, path)
        elif wire == 2:
            length, begin = _varint(data, position, path)
            position = begin + length
        elif wire in (1, 5):
            begin, position = position, position + (8 if wire == 1 else 4)
        else:
            raise InputError(f"{path} is not an ONNX model; export it again")
        if position > len(data) or number == 0:
            raise InputError(f"{path} is damaged or incomplete; copy it again")
        yield number, start, begin, position


def _varint(data, position, path):
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise InputError(f"{path} is damaged or incomplete; copy it again")
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise InputError(f"{path} is damaged or incomplete; copy it again")


def _bytes_field(number, data):
    return _encoded_varint(number << 3 | 2) + _encoded_varint(len(data)) + data


def _encoded_varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
