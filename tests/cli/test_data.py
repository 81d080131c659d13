import shutil

import cv2

from rkd_keras.errors import InputError
from rkd_keras.models import list_models


def test_check_counts_and_boxes(strips, invoke):
    result = invoke("data", "check", "--data", strips)
    assert result.exit_code == 0, result.output
    assert "72 images, 0 findings" in result.output
    row = next(line for line in result.output.splitlines() if "scratches" in line)
    assert row.count("12") == 2


def test_check_names_what_is_wrong(strips, tmp_path, invoke):
    for part, name in (("train", "dent"), ("train", "rust"), ("test", "dent")):
        (tmp_path / part / name).mkdir(parents=True)
    images = sorted((strips / "IMAGES").iterdir())
    for i, target in enumerate(("train/dent/a", "train/rust/b", "test/dent/c")):
        shutil.copy(images[i], tmp_path / f"{target}.jpg")
    shutil.copy(images[0], tmp_path / "test" / "dent" / "copy.jpg")
    (tmp_path / "test" / "new").mkdir()
    shutil.copy(images[3], tmp_path / "test" / "new" / "d.jpg")
    (tmp_path / "train" / "empty").mkdir()
    (tmp_path / "train" / "rust" / "broken.jpg").write_bytes(b"no image")
    result = invoke("data", "check", "--data", tmp_path)
    output = " ".join(result.output.split())
    assert "broken.jpg cannot be decoded" in output.replace("\n", "")
    assert "class 'new' is seen in test only" in output
    assert "the same file in parts ['test', 'train']" in output
    assert "holds no image" in output
    assert "4 findings" in output
    strict = invoke("data", "check", "--data", tmp_path, "--strict")
    assert isinstance(strict.exception, InputError)


def test_check_says_how_it_read_and_what_it_does_not_use(strips, tmp_path, invoke):
    image = next((strips / "IMAGES").iterdir())
    for name in ("line A/dent", "line B/dent", "line B/rust"):
        (tmp_path / "set" / name).mkdir(parents=True)
        shutil.copy(image, tmp_path / "set" / name / "1.jpg")
    (tmp_path / "set" / "read[me].txt").write_text("")
    data, listed = tmp_path / "set", tmp_path / "list.csv"
    output = " ".join(invoke("data", "check", "--data", data).output.split())
    assert "read as a folder for each class (those of level 2)" in output
    assert "--class-from 1 would take level 1: line A, line B" in output
    assert "read[me].txt is not used: it is no image" in output
    result = invoke(
        "data", "check", "--data", data, "--class-from", 1, "--manifest", listed
    )
    assert "line A" in result.output and f"written: {listed}" in result.output
    output = invoke("data", "check", "--data", listed).output
    assert "line B" in output and "3 images" in output
    result = invoke("data", "check", "--data", data, "--class-from", "outer")
    assert "--class-from must be auto, name" in str(result.exception)


def test_check_tries_a_split(strips, invoke):
    result = invoke("data", "check", "--data", strips, "--split", "holdout")
    assert "holdout test: 24 images" in result.output
    result = invoke("data", "check", "--data", strips, "--split", "neu-600")
    assert isinstance(result.exception, InputError)


def test_check_tells_overlaps(strips, tmp_path, invoke):
    image = cv2.imread(str(strips / "IMAGES" / "patches_1.jpg"))
    for name, crop in (("dent", image[:-9]), ("rust", image[9:, ::-1])):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "1.png"), crop)
    result = invoke("data", "check", "--data", tmp_path, "--overlaps")
    assert result.exit_code == 0, result.output
    output = " ".join(result.output.split())
    assert "dent/1.png and rust/1.png: " in output and "shared, mirrored" in output
    assert "1 pairs of images share at least 40% of their area" in output
    assert "2 images hang together in 1 groups" in output
    assert "1 findings" in output


def test_synthetic_refuses_a_full_folder(strips, invoke):
    result = invoke("data", "synthetic", "--out", strips)
    assert isinstance(result.exception, InputError)
    assert "is not empty" in str(result.exception)


def test_models_lists_counts(invoke, monkeypatch):
    # Their counts are checked to the digit elsewhere; building all takes long.
    shown = ["resnet18", "sarsn101"]
    assert set(shown) < set(list_models())
    monkeypatch.setattr("rkd_keras.models.list_models", lambda: shown)
    result = invoke("models")
    assert "46,127,174" in result.output and "11,171,910" in result.output
