"""`rkd-keras migrate evaluate`: what is trained and tested on what."""

import functools
import json

import cv2
import numpy as np
import pytest
from identity_run import identity_run

from rkd_keras.errors import InputError
from rkd_keras.models import ResNet18
from rkd_keras.studies.migrate.classifier import train_classifier
from rkd_keras.studies.migrate.experiment import split_line_b
from rkd_keras.studies.migrate.settings import EvaluationSettings
from rkd_keras.trainers import dann


@pytest.fixture
def trainings(monkeypatch):
    """Replace the trainings by a record of what they are given."""
    calls = []

    def train(settings, class_names, stages, test, seed, augment=True):
        calls.append({"stages": stages, "test": test, "seed": seed, "augment": augment})
        recall = {name: 0.5 + 0.01 * len(calls) for name in class_names}
        accuracy = 0.5 + 0.01 * len(calls)
        return {
            "accuracy": accuracy,
            "gmean": accuracy,
            "recall": recall,
            "images": len(test[0]),
        }

    monkeypatch.setattr("rkd_keras.studies.migrate.classifier.train_classifier", train)
    return calls


@pytest.fixture
def evaluation(lines):
    """The command line of an evaluation."""
    classifier = lines / "classifier.keras"
    ResNet18(num_classes=2, width=0.0625, stem_stride=2, input_shape=(24, 24, 3)).save(
        classifier
    )
    return [
        "migrate", "evaluate", "--a", lines / "a", "--b", lines / "b",
        "--map", "dark_a=dark_b", "--map", "bright_a=bright_b",
        "--background", lines / "plain",
        "--run", identity_run(lines / "run", (24, 24, 1)),
        "--classifier", classifier, "--shots", "0,2", "--steps", 2, "--size", 24,
        "--precision", "float32", "--quiet", "--out", lines / "evaluation",
    ]  # fmt: skip


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_evaluate_reports_and_resumes(evaluation, trainings, invoke):
    out = evaluation[-1]
    result = invoke(*evaluation, "--seeds", 1)
    assert result.exit_code == 0, result.output
    rows = read(out / "results.jsonl")
    assert {(row["arm"], row["shots"]) for row in rows} == {
        *((arm, 0) for arm in ("source", "blend", "cyclegan")),
        *((arm, 2) for arm in ("real", "classic", "source", "blend", "cyclegan")),
        ("figure10_original", None),
        ("figure10_migrated", None),
    }
    table = (out / "table.md").read_text()
    for word in ("k = 2", "+ CycleGAN", "FID", "Figure 10"):
        assert word in table
    assert {p.name for p in (out / "figures").iterdir()} == {
        "shots.png",
        "figure10.png",
    }
    distances = json.loads((out / "metrics.json").read_text())["distances"]
    assert set(distances) == {"real line B", "source", "blend", "cyclegan"}
    assert distances["real line B"]["fid"] < distances["source"]["fid"]

    # A killed evaluation: the last row is half written.
    kept = (out / "results.jsonl").read_text().splitlines(keepends=True)
    # It is cut behind a brace that closes an inner part.
    cut = kept[-1][: kept[-1].index("}") + 1]
    (out / "results.jsonl").write_text("".join(kept[:-1]) + cut)
    done = len(trainings)
    result = invoke(*evaluation, "--seeds", 1, "--resume")
    assert result.exit_code == 0, result.output
    assert len(trainings) == done + 1
    assert read(out / "results.jsonl")[:-1] == rows[:-1]


def test_evaluate_trains_and_tests_on_the_right_images(evaluation, trainings, invoke):
    invoke(*evaluation, "--seeds", 1)
    rows = read(evaluation[-1] / "results.jsonl")
    calls = {
        (row["arm"], row["shots"]): call
        for row, call in zip(rows, trainings, strict=True)
    }
    test = calls["real", 2]["test"]
    # Ten of each class, two of which train.
    assert np.bincount(test[1]).tolist() == [8, 8]
    tested = {image.tobytes() for image in test[0]}
    for (arm, shots), call in calls.items():
        if shots is None:
            continue
        np.testing.assert_array_equal(call["test"][0], test[0])
        ((images, labels),) = call["stages"]
        assert not tested & {image.tobytes() for image in images}
        assert call["augment"] == (arm != "real")
        if arm in ("real", "classic"):
            assert np.bincount(labels).tolist() == [2, 2]
        else:
            made = 20 if shots == 0 else 40
            assert len(images) == made
            assert np.bincount(labels).tolist() == [made // 2] * 2
    # Line A is darker; blended samples lie on line B's steel; the class stays.
    for arm, level in (("source", 80), ("blend", 160), ("cyclegan", 80)):
        images, labels = calls[arm, 0]["stages"][0]
        assert np.median(images) == pytest.approx(level, abs=12), arm
        extremes = images.astype(int) - np.median(images, axis=(1, 2, 3), keepdims=True)
        dark = extremes.min((1, 2, 3)) < -extremes.max((1, 2, 3))
        np.testing.assert_array_equal(dark, labels == 0, arm)


def test_heads_on_frozen_features_are_compared(
    evaluation, trainings, invoke, monkeypatch
):
    def features(files):
        images = np.stack([cv2.imread(str(file), 0) for file in files]).astype(float)
        rows = [f(images, axis=(1, 2)) for f in (np.min, np.max, np.mean)]
        return np.stack(rows, axis=1).astype("float32")

    path = "rkd_keras.studies.migrate.frozen_heads.line_features"
    monkeypatch.setattr(path, features)
    short = functools.partial(dann, steps=5)
    monkeypatch.setattr("rkd_keras.trainers.dann", short)
    result = invoke(*evaluation, "--seeds", 1, "--frozen")
    assert result.exit_code == 0, result.output
    rows = {
        (row["arm"], row["shots"]): row
        for row in read(evaluation[-1] / "results.jsonl")
    }
    frozen = {key for key in rows if key[0].startswith(("frozen", "few"))}
    assert frozen == {
        *((f"frozen_{name}", 0) for name in ("source", "coral", "dann", "pseudo")),
        *((f"few_{name}", 2) for name in ("prototype", "linear")),
    }
    # Line B is as line A but for its brightness, which coral takes away.
    assert rows["frozen_coral", 0]["accuracy"] == 1.0
    assert rows["few_linear", 2]["accuracy"] == 1.0
    assert all(rows[key]["images"] == 16 for key in frozen)
    assert "frozen features, prototypes" in (evaluation[-1] / "table.md").read_text()


def test_made_samples_come_first_and_real_ones_last(evaluation, trainings, invoke):
    result = invoke(*evaluation, "--seeds", 1, "--made-first")
    assert result.exit_code == 0, result.output
    rows = read(evaluation[-1] / "results.jsonl")
    for row, call in zip(rows, trainings, strict=True):
        sizes = [len(labels) for _, labels in call["stages"]]
        if row["shots"] == 0:
            assert sizes == [20]
        elif row["shots"] is not None:
            expected = [4] if row["arm"] in ("real", "classic") else [20, 4]
            assert sizes == expected, row


@pytest.mark.slow
def test_a_training_of_the_evaluation():
    settings = EvaluationSettings(
        "", "", [], [], "", steps=2, size=16, width=0.0625, stem_stride=1
    )
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 16, 16, 3)).astype("uint8")
    labels = np.arange(8) % 2
    part = (images, labels)
    scores = train_classifier(settings, ("a", "b"), [part], part, seed=0)
    assert scores["images"] == 8
    assert set(scores["recall"]) == {"a", "b"}
    again = train_classifier(settings, ("a", "b"), [part], part, seed=0)
    assert again == scores
    other = train_classifier(settings, ("a", "b"), [part, part], part, seed=0)
    assert set(other) == set(scores)


def test_an_evaluation_that_begins_anew_holds_nothing_of_the_old_one(
    evaluation, trainings, invoke
):
    out = evaluation[-1]
    assert invoke(*evaluation, "--seeds", 1).exit_code == 0
    done = len(trainings)
    result = invoke(*evaluation, "--seeds", 1)
    assert "continue it with --resume" in str(result.exception)
    assert len(trainings) == done
    assert invoke(*evaluation, "--seeds", 1, "--overwrite").exit_code == 0
    assert len(trainings) == 2 * done
    assert len(read(out / "results.jsonl")) == done


def test_a_network_with_a_width_of_its_own_keeps_it(monkeypatch):
    """The default of half a width is for those that have none."""
    made = {}

    class Made(Exception):
        pass

    def create(model, **arguments):
        made.update(arguments)
        raise Made

    monkeypatch.setattr("rkd_keras.models.create_model", create)
    for model, widths in (("edge_resnet_small", set()), ("resnet18", {"width"})):
        made.clear()
        settings = EvaluationSettings("", "", [], [], "", model=model)
        with pytest.raises(Made):
            train_classifier(settings, ("a", "b"), [], None, seed=0)
        assert {"width"} & set(made) == widths


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--map", "dark_a=dark_b"], "at least two classes"),
        (["--map", "dark_a=dark_b", "--map", "bright_a=rust"], "no class 'rust'"),
        (
            ["--map", "dark_a=dark_b", "--map", "bright_a=bright_b", "--shots", "10"],
            "needs at least 11",
        ),
        (["--map", "dark_a=dark_b", "--shots", "few"], "numbers with commas"),
        (["--map", "dark_a=dark_b", "--made-first", "--steps", "1"], "at least 2"),
    ],
)
def test_evaluate_with_bad_options(options, message, lines, invoke):
    result = invoke(
        "migrate", "evaluate", "--a", lines / "a", "--b", lines / "b", "--background",
        lines / "plain", "--out", lines / "o", "--size", 16, *options,
    )  # fmt: skip
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


def test_every_number_of_shots_has_the_same_test_part():
    labels = np.repeat([0, 1, 2], 30)
    pools, test = split_line_b(labels, 20, seed=1)
    assert [len(pool) for pool in pools] == [20] * 3
    assert sorted(np.concatenate([*pools, test])) == list(range(90))
    assert (split_line_b(labels, 20, seed=2)[1] != test).any()
