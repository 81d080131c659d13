"""Packs from the command line: every command takes one in place of a folder."""

import json
from pathlib import Path

import pytest

from rkd_keras.data import make_split, open_dataset
from rkd_keras.errors import InputError
from rkd_keras.files.packs import open_pack


@pytest.fixture
def pack(strips, tmp_path, invoke):
    out = tmp_path / "strips.pack"
    result = invoke("data", "pack", "--data", strips, "--out", out, "--shard-images", 9)
    assert result.exit_code == 0, result.exception
    assert "72 images packed into 8 shards" in result.output
    return out


def damage(pack, name):
    image = open_pack(pack).images[name]
    path = pack / image.shard
    data = bytearray(path.read_bytes())
    data[image.offset + 30] ^= 1
    path.write_bytes(data)
    return image.shard


def test_pack_and_unpack(strips, pack, tmp_path, invoke):
    result = invoke("data", "unpack", "--data", pack, "--out", tmp_path / "again")
    assert result.exit_code == 0, result.exception
    for folder in ("IMAGES", "ANNOTATIONS"):
        names = sorted(path.name for path in (strips / folder).iterdir())
        found = tmp_path / "again" / folder
        assert sorted(path.name for path in found.iterdir()) == names
        for name in names:
            assert (found / name).read_bytes() == (strips / folder / name).read_bytes()
    result = invoke("data", "unpack", "--data", pack, "--out", tmp_path / "again")
    assert "is not empty" in str(result.exception)


def test_a_full_folder_is_replaced_only_when_it_is_a_pack(strips, pack, invoke):
    def message(out, *more):
        result = invoke("data", "pack", "--data", strips, "--out", out, *more)
        return str(result.exception or "")

    assert "is not empty" in message(pack)
    assert "is not empty" in message(strips, "--overwrite")
    assert message(pack, "--overwrite") == ""
    assert len(list(pack.glob("*.tfrecord"))) == 1


def test_check_names_a_damaged_shard(pack, invoke):
    result = invoke("data", "check", "--data", pack)
    assert "72 images, 0 findings" in result.output
    shard = damage(pack, "IMAGES/patches_3.jpg")
    output = invoke("data", "check", "--data", pack).output.replace("\n", "")
    assert f"{shard} is damaged: its checksum is not the one in" in output
    assert "patches_3.jpg: its record in" in output
    assert "72 images, 2 findings" in output


def test_unpack_restores_the_rest_and_fails(pack, tmp_path, invoke):
    damage(pack, "IMAGES/patches_3.jpg")
    result = invoke("data", "unpack", "--data", pack, "--out", tmp_path / "again")
    assert isinstance(result.exception, InputError)
    assert "1 images of" in str(result.exception)
    assert len(list((tmp_path / "again" / "IMAGES").iterdir())) == 71


def test_predict_and_measure_read_a_pack(pack, files, tmp_path, invoke):
    out = tmp_path / "verdicts.csv"
    result = invoke("predict", pack, "--model", files["int8"], "--out", out)
    assert result.exit_code == 0, result.exception
    rows = out.read_text().splitlines()
    assert len(rows) == 73 and rows[1].startswith(f"{pack}/IMAGES/crazing_1.jpg,")
    one = pack / "IMAGES" / "scratches_2.jpg"
    result = invoke("measure", one, "--figures", "none", "--out", tmp_path / "measured")
    assert result.exit_code == 0, result.exception
    assert str(one) in (tmp_path / "measured" / "images.csv").read_text()


@pytest.mark.slow
def test_train_and_evaluate_read_a_pack(strips, pack, tmp_path, invoke):
    run = tmp_path / "run"
    result = invoke(
        "train", "--data", pack, "--out", run, "--model", "resnet18", "--width", 0.0625,
        "--stem-stride", 2, "--size", 16, "--epochs", 1, "--quiet", "--seed", 3,
    )  # fmt: skip
    assert result.exit_code == 0, (result.output, result.exception)
    written = json.loads((run / "split.json").read_text())
    index = open_dataset(strips)
    split = make_split(index, "holdout", seed=3)
    for part in ("train", "val", "test"):
        names = [index.files[i].name for i in getattr(split, part)]
        assert [Path(row["file"]).name for row in written[part]] == names
    trained = json.loads((run / "metrics.json").read_text())
    result = invoke("evaluate", run, "--out", tmp_path / "again")
    assert result.exit_code == 0, (result.output, result.exception)
    again = json.loads((tmp_path / "again" / "metrics.json").read_text())
    assert again["confusion_matrix"] == trained["confusion_matrix"]
