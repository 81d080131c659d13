"""A run's folder: one writer at a time, nothing lost, old runs still open."""

import json
import subprocess
import sys

import pytest

from rkd_keras.errors import InputError
from rkd_keras.runs import Run, Settings, open_run


def test_a_second_process_in_the_folder_is_refused(tmp_path):
    program = (
        "import sys\n"
        "from rkd_keras.runs import Run\n"
        f"run = Run.begin({str(tmp_path / 'r')!r}, {{'seed': 1}})\n"
        "print('in', flush=True)\n"
        "sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout.readline().strip() == "in"
        with pytest.raises(InputError, match="another process is at work in"):
            Run.begin(tmp_path / "r", {"seed": 1}, resume=True)
    finally:
        other.kill()
        other.wait()
        other.stdin.close()
        other.stdout.close()
    # Killed: its lock went with it.
    Run.begin(tmp_path / "r", {"seed": 1}, resume=True).close()


def test_a_folder_without_a_run_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    for flags in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(InputError, match="is not empty and holds no run"):
            Run.begin(tmp_path, {}, **flags)
    with pytest.raises(InputError, match="is a file; give a folder"):
        Run.begin(tmp_path / "thesis.txt", {})


def test_settings_of_an_older_version_open(tmp_path):
    """As 0.1.0 wrote them: no monitor, strategy none."""
    config = {
        "data": "NEU-DET",
        "out": "runs/old",
        "model": "sarsn34",
        "model_options": {"width": 0.5, "stem_stride": 2},
        "split": "neu-600",
        "strategy": "none",
        "seed": 3,
        "versions": {"keras": "3.15.1"},
        "something_of_the_future": 1,
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    settings = open_run(tmp_path).settings
    assert (settings.model, settings.seed, settings.monitor) == ("sarsn34", 3, None)
    assert settings.command() == (
        "rkd-keras train --data NEU-DET --model sarsn34 --out runs/old --split neu-600 "
        "--seed 3 --strategy none --width 0.5 --stem-stride 2"
    )


def test_settings_that_differ_are_named(tmp_path):
    Run.begin(tmp_path / "r", Settings("a", "r").to_config()).close()
    with pytest.raises(InputError, match="was begun with seed=0, not 1"):
        Run.begin(tmp_path / "r", Settings("a", "r", seed=1).to_config(), resume=True)
    with pytest.raises(InputError, match="model_options={}, not {'width': 0.5}"):
        config = Settings("a", "r", width=0.5).to_config()
        Run.begin(tmp_path / "r", config, resume=True)


def test_nothing_is_no_run(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="is no run directory; train one first"):
            open_run(path)


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "metrics.json").write_text('{"accuracy": 0.')
    with pytest.raises(InputError, match="metrics.json cannot be read"):
        open_run(tmp_path).scores  # noqa: B018


def test_a_study_goes_on_with_the_images_it_began_with(tmp_path):
    """`compare`, `migrate train` and `migrate evaluate` would mix two data sets."""
    files = []
    for name in "abc":
        files.append(tmp_path / "set" / f"{name}.png")
        files[-1].parent.mkdir(exist_ok=True)
        files[-1].write_bytes(name.encode())
    with Run.begin(tmp_path / "run", {}) as run:
        run.keep_images({"line A": files[:2]})
        run.keep_images({"line A": files[:2]})
        with pytest.raises(InputError, match="1 images of line A are new .*c.png"):
            run.keep_images({"line A": files})
        with pytest.raises(InputError, match="1 images of line A are gone .*b.png"):
            run.keep_images({"line A": files[:1]})
        files[0].write_bytes(b"other")
        with pytest.raises(InputError, match="another content since .*a.png"):
            run.keep_images({"line A": files[:2]})
    # The data set may have moved, and a run that begins anew knows nothing of it.
    moved = [file.replace(tmp_path / file.name) for file in files]
    with Run.begin(tmp_path / "run", {}, overwrite=True) as run:
        assert not (run.path / "images.json").exists()
        run.keep_images({"line A": moved})
