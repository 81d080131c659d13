import json

import pytest

from rkd_keras.errors import InputError
from rkd_keras.runs.settings import Settings
from rkd_keras.studies.comparison.entries import parse_models
from rkd_keras.studies.comparison.finished import finished_rows, network_shape, take_run
from rkd_keras.studies.comparison.teachers import fits_as_teacher


def finished_run(folder, name, accuracy=0.9, scored="test", **config):
    """Write what is read of a finished run, without a training."""
    run = folder / name
    run.mkdir(parents=True)
    config = {
        "model": "resnet18",
        "model_options": {},
        "split": "neu-600",
        "seed": 0,
        "loss": "cross_entropy",
        "sampling": "natural",
        "teacher": None,
        **config,
    }
    classes = {name: {"recall": accuracy} for name in ("in", "sc")}
    metrics = {
        "accuracy": accuracy,
        "macro_recall": accuracy,
        "gmean": accuracy,
        "per_class": classes,
        "class_names": list(classes),
        "confusion_matrix": [[9, 1], [1, 9]],
        "images": 20,
        "split": scored,
    }
    (run / "config.json").write_text(json.dumps(config))
    (run / "metrics.json").write_text(json.dumps(metrics))
    (run / "history.csv").write_text("epoch,val_accuracy,seconds\n1,0.5,3\n2,0.8,4\n")
    (run / "model.keras").touch()
    return run


SMALL = {"width": 0.25, "stem_stride": 2, "stage_strides": [2, 2, 2, 1]}


def test_finished_runs_are_chosen_by_their_networks(tmp_path):
    teacher = finished_run(tmp_path, "t", model="sarsn34", model_options={"width": 0.5})
    small = finished_run(tmp_path, "a", model_options=SMALL, teacher=str(teacher))
    finished_run(tmp_path, "b", model_options=SMALL, split="neu-few10")
    finished_run(tmp_path, "c", model_options={**SMALL, "width": 0.3})
    rows = finished_rows([tmp_path], parse_models("edge"), "neu-600")
    # The preset and the ResNet18 of its shape are one network.
    assert list(rows.values()) == [small]
    (row,) = rows
    shape = "width=0.25:stem_stride=2:stage_strides=[2,2,2,1]"
    assert row.entry == f"resnet18:{shape}@sarsn34:width=0.5"
    assert row.teacher_row().network.options == (("width", 0.5),)
    assert len(finished_rows([tmp_path], None, "neu-600")) == 3
    with pytest.raises(InputError, match="no finished run of"):
        finished_rows([tmp_path], parse_models("sarsn101"), "neu-600")
    # As wide as this ResNet18, and no ResNet18.
    shape = {"width": 0.125, "stem_stride": 2, "stage_strides": [2, 1, 2, 2]}
    assert network_shape("edge_resnet_nano", {}) != network_shape("resnet18", shape)
    finished_run(tmp_path, "d", model_options=SMALL, teacher=str(teacher))
    with pytest.raises(InputError, match="are the same row"):
        finished_rows([tmp_path], parse_models("edge"), "neu-600")


def test_a_finished_run_becomes_a_row(tmp_path):
    run = finished_run(tmp_path / "runs", "a", 0.95, model_options=SMALL)
    common = Settings(data="d", out=str(tmp_path / "out"), split="neu-600")
    (row,) = finished_rows([run], None, "neu-600")
    result = take_run(row, run, common, tmp_path / "out")
    assert result["accuracy"] == 0.95 and result["seconds"] == 7
    # 701,238 with six classes; a class is 128 weights and a bias.
    assert result["parameters"] == 701_238 - 4 * 129
    copied = tmp_path / "out" / "runs" / row.key
    assert (copied / "model.keras").exists() and (copied / "history.csv").exists()


def test_scores_of_another_part_are_no_result(tmp_path):
    run = finished_run(tmp_path, "a", scored="val")
    (row,) = finished_rows([run], None, "neu-600")
    common = Settings(data="d", out=str(tmp_path / "out"))
    with pytest.raises(InputError, match="scored on its val part"):
        take_run(row, run, common, tmp_path / "out")
    (run / "metrics.json").unlink()
    with pytest.raises(InputError, match="has no scores"):
        take_run(row, run, common, tmp_path / "out")


def test_which_run_may_teach(tmp_path):
    wanted = Settings(data="d", out="o", model="sarsn34", split="neu-600", seed=1)
    run = tmp_path / "teacher"
    run.mkdir()
    config = {
        "model": "sarsn34",
        "model_options": {},
        "size": 64,
        "split": "neu-600",
        "split_seed": 0,
        "seed": 0,
        "data": "d",
    }

    def fits(**changes):
        (run / "config.json").write_text(json.dumps({**config, **changes}))
        return fits_as_teacher(run, wanted)

    assert not fits()
    (run / "model.keras").touch()
    assert fits()
    assert not fits(model="sarsn50")
    assert not fits(split_seed=1)
    assert not fits(model_options={"width": 0.5})
    assert not fits(data="elsewhere")
    # On few images the teacher must have seen the same ones.
    wanted.split = "neu-few10"
    assert not fits(split="neu-few10")
    assert fits(split="neu-few10", seed=1)
    assert not fits_as_teacher(tmp_path / "nothing", wanted)
