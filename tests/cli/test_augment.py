import csv

import cv2
import pytest

from rkd_keras.data import load_images, make_split, open_dataset
from rkd_keras.errors import InputError


def manifest(folder):
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("method", "needed"), [("mosaic", 4), ("fusion", 2)])
def test_samples_manifest_and_sheet(method, needed, strips, tmp_path, invoke):
    out = tmp_path / "samples"
    result = invoke(
        "augment", method, "--data", strips, "--out", out, "--per-class", 3,
        "--size", 32,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = manifest(out)
    assert len(rows) == 18
    for row in rows:
        sources = row["sources"].split(";")
        assert len(set(sources)) == needed
        assert all(row["label"] in source for source in sources)
        image = cv2.imread(str(out / row["file"]), cv2.IMREAD_UNCHANGED)
        assert image.shape[:2] == (32, 32)
    assert cv2.imread(str(out / "contact_sheet.png")) is not None
    # What was written can be trained on.
    index = open_dataset(out / "manifest.csv")
    assert index.counts().tolist() == [3] * 6
    assert load_images(index.files, (32, 32), strict=True)[0].std() > 10


def test_a_split_gives_samples_of_its_training_part_and_lists_all(
    strips, tmp_path, invoke
):
    out = tmp_path / "samples"
    result = invoke(
        "augment", "fusion", "--data", strips, "--out", out, "--balance",
        "--split", "holdout", "--size", 32,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    index = open_dataset(strips)
    split = make_split(index, "holdout")
    trained = {str(index.files[i].resolve()) for i in split.train}
    rows = manifest(out)
    for row in rows:
        if row["method"] == "fusion":
            used = row["sources"].split(";")
            assert {str(strips.joinpath(u).resolve()) for u in used} <= trained
    listed = open_dataset(out / "manifest.csv")
    given = make_split(listed, "given")
    assert len(given.test) == len(split.test)
    assert len(set(listed.counts(given.train))) == 1
    assert {str(listed.files[i]) for i in given.test} == {
        str(index.files[i].resolve()) for i in split.test
    }


def test_nothing_is_overwritten_unasked(strips, tmp_path, invoke):
    out = tmp_path / "samples"
    arguments = ["augment", "fusion", "--data", strips, "--out", out, "--size", 32]
    assert invoke(*arguments, "--per-class", 2).exit_code == 0
    mine = out / "images" / "note.txt"
    mine.write_text("mine")
    result = invoke(*arguments, "--per-class", 1)
    assert isinstance(result.exception, InputError)
    assert "--overwrite" in str(result.exception)
    assert len(manifest(out)) == 12
    assert invoke(*arguments, "--per-class", 1, "--overwrite").exit_code == 0
    assert len(list((out / "images").rglob("*.png"))) == len(manifest(out)) == 6
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--per-class", 0], "--per-class must be at least 1"),
        (["--size", 33], "--size must be even"),
        (["--seam", 3], "`seam` must be even"),
        (["--kernel-size", 4], "--kernel-size must be odd"),
    ],
)
def test_bad_options(options, message, strips, tmp_path, invoke):
    result = invoke(
        "augment", "mosaic", "--data", strips, "--out", tmp_path / "o", *options
    )
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
