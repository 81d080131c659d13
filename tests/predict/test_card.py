import json
import os
import shutil
import zipfile

import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, KINDS

from rkd_keras.errors import InputError
from rkd_keras.predict import load, new_card, read_card, write_card
from rkd_keras.predict.containers import kind_of, read_contents, replacing

FILES = ("keras", "tflite", "int8", "onnx")


@pytest.fixture
def copied(files, tmp_path):
    def copy(kind):
        source = files[kind]
        target = tmp_path / source.name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
        return target

    return copy


@pytest.mark.parametrize("kind", KINDS)
def test_card_comes_back(copied, kind):
    path = copied(kind)
    before = read_contents(path)
    card = new_card(CLASS_NAMES, (32, 32, 3), temperature=3.5, note="Walzstraße 3")
    written = write_card(path, card)
    assert read_card(path) == written
    assert {k: written[k] for k in card} == card
    after = read_contents(path)
    assert (after.kind, after.sha256) == (before.kind, before.sha256)
    assert after.payload == before.payload


def test_other_tools_read_the_card_and_the_model(files):
    import onnx

    proto = onnx.load(files["onnx"])
    (entry,) = proto.metadata_props
    assert entry.key == "rkd_keras"
    assert json.loads(entry.value) == read_card(files["onnx"])
    onnx.checker.check_model(proto)
    for kind in ("keras", "tflite"):
        with zipfile.ZipFile(files[kind]) as archive:
            assert archive.testzip() is None
            found = json.loads(archive.read("rkd_keras.json"))
            assert found == read_card(files[kind])


def test_keras_file_keeps_its_other_members(files, copied):
    path = copied("keras")
    write_card(path, new_card(CLASS_NAMES, (32, 32, 3)))
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(files["keras"]) as old:
        assert sorted(archive.namelist()) == sorted(old.namelist())
        assert len(set(archive.namelist())) == len(archive.namelist())
        assert archive.read("config.json") == old.read("config.json")


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.97, "last byte"])
def test_truncated_files_are_refused(copied, kind, share):
    path = copied(kind)
    size = path.stat().st_size
    os.truncate(path, size - 1 if share == "last byte" else int(share * size))
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [0.1, 0.4, 0.7])
def test_a_changed_model_is_refused(copied, kind, place):
    path = copied(kind)
    contents = read_contents(path)
    file = path
    if kind == "saved_model":
        file = max(path.glob("variables/*"), key=lambda f: f.stat().st_size)
    data = bytearray(file.read_bytes())
    span = len(contents.payload) if contents.payload else len(data)
    if kind == "keras":
        with zipfile.ZipFile(path) as archive:
            span = archive.getinfo("model.weights.h5").header_offset * 2
    data[int(place * span)] ^= 0x10
    file.write_bytes(data)
    with pytest.raises(InputError):
        load(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_changed_by_hand_is_refused(copied, kind):
    path = copied(kind)
    if kind == "saved_model":
        file = path / "assets.extra" / "rkd_keras.json"
        file.write_text(file.read_text().replace("across", "acroSS"))
    elif kind == "onnx":
        path.write_bytes(path.read_bytes().replace(b'"across"', b'"acroSS"'))
    else:
        contents = read_contents(path)
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        card = members["rkd_keras.json"].replace(b'"across"', b'"acroSS"')
        path.write_bytes(contents.payload or b"")
        with zipfile.ZipFile(path, "a") as archive:
            for name, data in {**members, "rkd_keras.json": card}.items():
                archive.writestr(name, data)
    with pytest.raises(InputError, match="changed by hand"):
        read_card(path)


@pytest.mark.parametrize("suffix", [".keras", ".tflite", ".onnx"])
def test_foreign_files_are_refused(tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    rng = np.random.default_rng(0)
    for data in (b"", b"hello", b"\0" * 100, rng.bytes(5000), b"\x08\x09"):
        path.write_bytes(data)
        with pytest.raises(InputError):
            load(path)
    path.unlink()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rkd_keras.json", "{}")
    with pytest.raises(InputError):
        load(path)


@pytest.mark.parametrize("kind", FILES)
def test_files_without_a_card_are_refused(copied, kind):
    path = copied(kind)
    payload = read_contents(path).payload
    if payload is None:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        del members["rkd_keras.json"]
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
    else:
        path.write_bytes(payload)
    with pytest.raises(InputError, match="no rkd_keras card"):
        load(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"format": 2}', "[" * 100000])
def test_cards_that_are_none_are_refused(copied, text):
    path = copied("saved_model")
    (path / "assets.extra" / "rkd_keras.json").write_text(text)
    with pytest.raises(InputError):
        read_card(path)


def test_missing_and_unknown_names_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    for name in ("gone.tflite", "notes.txt", "empty"):
        with pytest.raises(InputError, match=name):
            kind_of(tmp_path / name)


@pytest.mark.parametrize(
    "change",
    [
        {"class_names": []},
        {"class_names": ["a", "a"]},
        {"class_names": ["a", "unknown"]},
        {"class_names": ["a", ""]},
        {"input_shape": (32, 32)},
        {"input_shape": (32, 32, 1)},
        {"input_shape": (0, 32, 3)},
        {"temperature": 0.0},
        {"temperature": float("inf")},
        {"quantization": "int4"},
        {"unknown": 3},
    ],
)
def test_new_card_names_the_fault(change):
    arguments = {"class_names": ["a", "b"], "input_shape": (32, 32, 3), **change}
    with pytest.raises(InputError, match=next(iter(change))):
        new_card(**arguments)


def test_a_killed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
