import csv
import json
import os

import cv2
import pytest
from tiny_exports import CLASS_NAMES, exports, textures

from rkd_keras.errors import InputError, OptionError
from rkd_keras.predict import load
from rkd_keras.runs import predict


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for index, image in enumerate(textures(2, seed=5)[0]):
        cv2.imwrite(str(folder / f"{index}.png"), image)
    return folder


@pytest.fixture(scope="module")
def model():
    return exports()["int8"]


def test_rows_are_the_predictors_verdicts(folder, model, capsys):
    found = predict(folder, model)
    assert found.class_names == CLASS_NAMES
    assert [file.name for file, _ in found] == [f"{i}.png" for i in range(6)]
    expected = load(model).predict(folder)
    assert [verdict for _, verdict in found] == expected and len(found) == 6
    assert (found.skipped, found.path) == ([], None)
    # What is printed is the command's affair.
    assert capsys.readouterr() == ("", "")


def test_unreadable_images_are_said_in_the_result(folder, model):
    (folder / "7.png").write_bytes(b"no image")
    found = predict([folder / "*.png"], model)
    assert len(found) == 6
    assert len(found.skipped) == 1 and "7.png" in found.skipped[0]
    with pytest.raises(InputError, match="7.png"):
        predict(folder, model, strict=True)
    with pytest.raises(InputError, match="none of 1 images"):
        predict(folder / "7.png", model)


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_any_name_is_written(folder, model, tmp_path, suffix):
    os.rename(bytes(folder / "0.png"), bytes(folder) + b"/crack_\xb4.png")
    os.rename(folder / "1.png", folder / "two\nlines.png")
    out = tmp_path / "new" / f"verdicts{suffix}"
    assert predict(folder, model, out).path == out
    text = out.read_text(encoding="utf-8")
    if suffix == ".json":
        names = [row["file"] for row in json.loads(text)]
    else:
        names = [row["file"] for row in csv.DictReader(text.splitlines())]
    assert f"{folder}/crack_\\xb4.png" in names
    assert f"{folder}/two\\nlines.png" in names


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"out": "verdicts.txt"}, "out must end in .csv or .json"),
    ],
)
def test_options_are_checked_before_anything_is_opened(options, message):
    with pytest.raises(OptionError, match=message):
        predict("gone", "gone", **options)
