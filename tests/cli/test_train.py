import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.runs.experiment import Settings, _oversampled, run_experiment
from rkd_keras.runs.parts import Parts
from rkd_keras.runs.precision import choose_precision

TINY = {
    "model": "resnet18",
    "model_options": {"width": 0.0625, "stem_stride": 2},
    "size": 32,
    "epochs": 2,
    "quiet": True,
    "precision": "float32",
}


def weights(path):
    model = keras.saving.load_model(path / "model.keras", compile=False)
    return [np.array(w) for w in model.weights]


@pytest.mark.slow
def test_train_distill_evaluate_by_command(strips, tmp_path, invoke):
    """The commands of the README, on a drawn data set."""
    common = ["--data", strips, "--size", 32, "--epochs", 2, "--quiet"]
    tiny = ["--width", 0.0625, "--stem-stride", 2]
    teacher, student = tmp_path / "teacher", tmp_path / "student"
    result = invoke(
        "train", *common, *tiny, "--model", "sarsn34", "--out", teacher,
        "--model-option", "form=continuous",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    config = json.loads((teacher / "config.json").read_text())
    assert config["model_options"]["form"] == "continuous"
    result = invoke(
        "distill", *common, *tiny, "--teacher", teacher, "--out", student,
        "--teacher-views", 2, "--teacher-cache", tmp_path / "answers",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "answers").glob("view_*.npy"))) == 2
    result = invoke(
        "distill", *common, *tiny, "--teacher", teacher, "--out", tmp_path / "third",
        "--teacher-views", 2, "--teacher-cache", tmp_path / "answers", "--seed", 1,
    )  # fmt: skip
    assert "holds answers of another teacher" in str(result.exception)
    header = (student / "history.csv").read_text().splitlines()[0].split(",")
    for column in ("epoch", "loss", "kd_loss", "angle_loss", "val_accuracy"):
        assert column in header
    for name in ("config.json", "split.json", "metrics.json", "model.keras"):
        assert (student / name).is_file(), name
    assert any((student / "tensorboard").rglob("events*"))
    trained = json.loads((student / "metrics.json").read_text())
    result = invoke("evaluate", student, "--out", tmp_path / "again")
    assert result.exit_code == 0, result.output
    again = json.loads((tmp_path / "again" / "metrics.json").read_text())
    assert again["accuracy"] == trained["accuracy"]
    assert again["confusion_matrix"] == trained["confusion_matrix"]
    assert again["images"] == 24 and len(again["per_class"]) == 6


@pytest.mark.slow
def test_a_killed_run_ends_as_the_uninterrupted_one(strips, tmp_path):
    """A real process, a real SIGKILL, then --resume under --deterministic."""
    settings = Settings(
        data=str(strips),
        out=str(tmp_path / "whole"),
        deterministic=True,
        evaluate="none",
        **{**TINY, "epochs": 4},
    )
    run_experiment(settings)
    settings.out = str(tmp_path / "killed")
    program = (
        "import os, signal, keras\n"
        "from rkd_keras.runs import experiment\n"
        "from rkd_keras.trainers import EpochFacts\n"
        "def kill(self, batch, logs=None):\n"
        "    if self.model.optimizer.iterations >= 3:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "EpochFacts.on_train_batch_end = kill\n"
        f"experiment.run_experiment(experiment.Settings(**{vars(settings)!r}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr[-2000:]
    assert not (tmp_path / "killed" / "model.keras").exists()
    settings.resume = True
    run_experiment(settings)
    for a, b in zip(
        weights(tmp_path / "whole"), weights(tmp_path / "killed"), strict=True
    ):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_nothing_is_overwritten_unasked(strips, tmp_path):
    settings = Settings(
        data=str(strips), out=str(tmp_path / "run"), evaluate="none", **TINY
    )
    settings.epochs = 1
    run_experiment(settings)
    with pytest.raises(InputError, match="holds a run already; continue it with"):
        run_experiment(settings)
    settings.resume, settings.seed = True, 1
    with pytest.raises(InputError, match="was begun with seed=0, not 1"):
        run_experiment(settings)
    settings.seed = 0
    run_experiment(settings)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    settings.out = str(tmp_path / "other")
    with pytest.raises(InputError, match="is not empty and holds no run"):
        run_experiment(settings)


def test_rare_classes_are_filled_up_with_new_samples(tmp_path):
    labels = np.array([0] * 9 + [1] * 3)
    images = np.repeat(labels.astype("uint8")[:, None, None, None] * 100, 16, 1)
    parts = Parts((), {}, {"train": np.tile(images, (1, 1, 16, 3))}, {"train": labels})
    for sampling, total in (("natural", 12), ("mosaic", 18), ("copy", 18)):
        x, y = _oversampled(Settings("", "", sampling=sampling), parts)
        assert len(x) == total and np.bincount(y)[0] == 9
        # A sample of a class is made of that class alone.
        np.testing.assert_array_equal(x[..., 0].max((1, 2)), y * 100)


def test_mistakes_are_found_before_training(strips, tmp_path):
    def begin(**changes):
        run_experiment(
            Settings(**{"data": str(strips), "out": str(tmp_path / "r"), **changes})
        )

    with pytest.raises(InputError, match="sampling must be one of natural, balanced"):
        begin(sampling="odd")
    with pytest.raises(InputError, match="mix cannot be used with stored"):
        begin(mix="mixup", teacher="t")
    with pytest.raises(InputError, match="unknown preset 'slow'"):
        begin(preset="slow", overwrite=True)
    with pytest.raises(InputError, match="unknown model 'resnet19'"):
        begin(model="resnet19", overwrite=True)
    with pytest.raises(InputError, match="no teacher at"):
        begin(teacher=str(tmp_path / "none"), overwrite=True)
    with pytest.raises(InputError, match="precision must be one of"):
        choose_precision("int3")


def test_a_users_mistake_is_one_sentence_and_status_2(tmp_path):
    done = subprocess.run(
        [
            sys.executable, "-m", "rkd_keras.cli.app",
            "train", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "run"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        f"Error: {tmp_path / 'none'} is neither a folder nor a CSV manifest"
    ]


def test_every_command_teaches_by_an_example(invoke):
    from rkd_keras.cli.app import app

    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        result = invoke(name, "--help")
        assert result.exit_code == 0, name
        assert "Example: rkd-keras" in result.output, name
