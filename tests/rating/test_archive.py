"""Rating archives from Python, and by both names of the command."""

import json

import numpy as np
import pytest

from rkd_keras.errors import InputError, OptionError
from rkd_keras.files.images import write_image
from rkd_keras.rating import measure, rate_archive

pytest.importorskip("pyarrow")


def scratched(seed):
    image = np.random.default_rng(seed).normal(110, 2, (96, 96))
    image[10:70, 40:46] = 210
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    for i in range(3):
        write_image(folder / f"{i}.png", scratched(i))
    return folder


def rows(rated):
    import pyarrow.parquet as pq

    return pq.read_table(rated.parquet).to_pylist()


def test_archive_and_measure_tell_the_same(archive, tmp_path):
    rated = rate_archive(archive, tmp_path / "scores", quiet=True)
    measured = measure(archive, quiet=True)
    for row, image in zip(rows(rated), measured.images, strict=True):
        told = image.row()
        assert {name: row[name] for name in told} == told
    assert rated.summary == json.loads((rated.path / "summary.json").read_text())


def test_own_pictures_are_never_rated(archive, tmp_path):
    measure(archive, out=archive / "measured", quiet=True)
    rated = rate_archive(archive, tmp_path / "scores", quiet=True)
    assert rated.summary["images"] == 3


def test_an_archive_is_walked_as_every_folder_is(archive, tmp_path):
    """Links to folders are followed; what systems leave behind is no image."""
    line = tmp_path / "line"
    (line / ".ipynb_checkpoints").mkdir(parents=True)
    (line / "__MACOSX").mkdir()
    write_image(line / ".ipynb_checkpoints" / "0-checkpoint.png", scratched(0))
    write_image(line / "__MACOSX" / "0.png", scratched(0))
    (line / "linked").symlink_to(archive, target_is_directory=True)
    (line / "circle").symlink_to(line, target_is_directory=True)
    rated = rate_archive(line, tmp_path / "scores", quiet=True)
    assert {row["file"] for row in rows(rated)} == {
        str(line / "linked" / f"{i}.png") for i in range(3)
    }


def test_the_old_name_says_the_new_one(archive, tmp_path):
    from typer.testing import CliRunner

    from rkd_keras.cli.app import app

    def run(name):
        out = str(tmp_path / name)
        done = CliRunner().invoke(app, [name, str(archive), "--out", out, "--quiet"])
        assert done.exit_code == 0, (done.output, done.exception)
        parts = (tmp_path / name / "scores.parquet").iterdir()
        return done, {part.name: part.read_bytes() for part in parts}

    (new, wrote), (old, wrote_too) = run("rate"), run("score")
    assert wrote == wrote_too
    said = "rkd-keras score is now called rkd-keras rate\n"
    assert said in old.stderr and said not in new.stderr
    assert "rated now" in new.stdout


def test_what_is_there_is_not_replaced_unasked(archive, tmp_path):
    out = tmp_path / "scores"
    out.mkdir()
    (out / "summary.json").write_text("mine")
    with pytest.raises(InputError, match="summary.json exists already"):
        rate_archive(archive, out, quiet=True)
    assert (out / "summary.json").read_text() == "mine"
    with pytest.raises(OptionError, match="engine must be one of local, ray"):
        rate_archive(archive, out, engine="spark")
    with pytest.raises(OptionError, match="workers must be at least 1, not 0"):
        rate_archive(archive, out, engine="ray", workers=0)
