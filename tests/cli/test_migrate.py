import csv
import json
import subprocess
import sys

import cv2
import keras
import numpy as np
import pytest

from rkd_keras.data import open_dataset
from rkd_keras.errors import InputError, OptionError
from rkd_keras.models import ResNet18, ResNetGenerator
from rkd_keras.studies import migrate
from rkd_keras.studies.migrate.classifier import train_classifier
from rkd_keras.studies.migrate.experiment import split_line_b
from rkd_keras.studies.migrate.settings import EvaluationSettings

TINY = [
    "--size", 16, "--filters", 2, "--blocks", 1, "--depth", 1, "--batch-size", 8,
    "--sample-every", 1, "--pool-size", 4, "--precision", "float32", "--quiet",
]  # fmt: skip


@pytest.fixture
def lines(tmp_path):
    """Line A: two grey classes; line B: the same two brighter, and plain steel."""
    rng = np.random.default_rng(0)
    for line, level in (("a", 80), ("b", 160)):
        for name in ("dark", "bright"):
            folder = tmp_path / line / f"{name}_{line}"
            folder.mkdir(parents=True)
            for i in range(10):
                image = rng.normal(level, 5, (24, 24))
                row = rng.integers(4, 18)
                image[row : row + 3, 4:20] += -60 if name == "dark" else 60
                cv2.imwrite(
                    str(folder / f"{i}.png"), image.clip(0, 255).astype("uint8")
                )
    plain = tmp_path / "plain"
    plain.mkdir()
    for i in range(9):
        image = rng.normal(160, 5, (24, 24)).astype("uint8")
        cv2.imwrite(str(plain / f"{i}.png"), image)
    return tmp_path


def manifest(folder):
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def identity_run(folder, shape=(16, 16, 1)):
    """A run directory whose generators give back what they are given."""
    folder.mkdir()
    for name in ("generator_a2b", "generator_b2a"):
        model = ResNetGenerator(shape, 2, 1, residual=True)
        head = model.get_layer("head_conv")
        head.set_weights([np.zeros_like(w) for w in head.get_weights()])
        model.save(folder / f"{name}.keras")
    return folder


@pytest.mark.slow
def test_train_resume_apply(lines, invoke):
    run = lines / "run"
    common = ["migrate", "train", "--a", lines / "a", "--b", lines / "b", "--out", run]
    result = invoke(*common, *TINY, "--epochs", 2)
    assert result.exit_code == 0, result.output
    assert "domain A has images of 24x24 pixels" in result.output
    with (run / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["1", "2"]
    losses = {
        "generator_g_loss",
        "discriminator_y_loss",
        "cycle_x_loss",
        "cycle_y_loss",
    }
    assert losses < set(history[0])
    pictures = {p.name for p in (run / "figures" / "samples").iterdir()}
    assert pictures == {"epoch_0001.png", "epoch_0002.png", "final.png"}
    assert json.loads((run / "config.json").read_text())["cycle_weight"] == 10.0

    result = invoke(*common, *TINY, "--epochs", 2)
    assert "--resume" in str(result.exception)
    result = invoke(*common, *TINY, "--epochs", 2, "--resume")
    assert result.exit_code == 0, result.output

    out = lines / "migrated"
    result = invoke(
        "migrate", "apply", "--run", run, "--data", lines / "a", "--out", out
    )
    assert result.exit_code == 0, result.output
    index = open_dataset(out / "manifest.csv")
    assert index.class_names == ("bright_a", "dark_a")
    assert index.counts().tolist() == [10, 10]
    assert cv2.imread(str(out / "contact_sheet.png")) is not None


@pytest.mark.slow
def test_matched_levels_travel_with_the_generator(lines, invoke):
    run, out = lines / "run", lines / "migrated"
    result = invoke(
        "migrate", "train", "--a", lines / "a", "--b", lines / "b", "--out", run,
        "--match-levels", "--residual", "--epochs", 1, *TINY,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "all images get line B's levels: median 1" in result.output
    # A process of its own, in which nothing else has imported the layers.
    command = [sys.executable, "-m", "rkd_keras.cli.app", "migrate", "apply"]
    command += ["--run", run, "--data", lines / "a", "--out", out]
    subprocess.run(command, check=True)
    for row in manifest(out):
        source = cv2.imread(row["sources"], cv2.IMREAD_GRAYSCALE)
        written = cv2.imread(str(out / row["file"]), cv2.IMREAD_GRAYSCALE)
        assert np.median(source) < 90
        assert np.median(written) > 130


def test_apply_keeps_labels_names_classes_and_tells_sources(lines, invoke):
    out = lines / "migrated"
    result = invoke(
        "migrate", "apply", "--run", identity_run(lines / "run"), "--data", lines / "a",
        "--map", "dark_a=stain", "--out", out,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = manifest(out)
    assert len(rows) == 10
    for row in rows:
        assert (row["label"], row["method"]) == ("stain", "cyclegan")
        assert "/a/dark_a/" in row["sources"]
        # The identity: what is written is the source, resized.
        source = cv2.imread(row["sources"], cv2.IMREAD_GRAYSCALE)
        expected = cv2.resize(source, (16, 16), interpolation=cv2.INTER_AREA)
        written = cv2.imread(str(out / row["file"]), cv2.IMREAD_UNCHANGED)
        np.testing.assert_allclose(written.astype(int), expected, atol=1)


def test_images_of_one_name_become_samples_of_two(lines):
    rng = np.random.default_rng(1)
    for part in ("train", "test"):
        folder = lines / "parts" / part / "crack"
        folder.mkdir(parents=True)
        for i in range(10):
            image = rng.integers(0, 256, (24, 24)).astype("uint8")
            cv2.imwrite(str(folder / f"{i:03}.png"), image)
    run, out = identity_run(lines / "run"), lines / "out"
    written = migrate.apply(run, lines / "parts", out, quiet=True)
    rows = manifest(out)
    files = sorted((out / "images").rglob("*.png"))
    assert written.count == len(rows) == len(files) == 20
    assert sorted(out / row["file"] for row in rows) == files
    for row in rows:
        source = cv2.imread(row["sources"], cv2.IMREAD_GRAYSCALE)
        expected = cv2.resize(source, (16, 16), interpolation=cv2.INTER_AREA)
        pixels = cv2.imread(str(out / row["file"]), cv2.IMREAD_UNCHANGED)
        np.testing.assert_allclose(pixels.astype(int), expected, atol=1)


def test_the_function_takes_a_dict_of_classes(lines):
    written = migrate.apply(
        str(identity_run(lines / "run")),
        str(lines / "a"),
        str(lines / "out"),
        rename={"dark_a": "stain"},
        quiet=True,
    )
    assert written.class_names == ("stain",) and written.count == 10
    with pytest.raises(OptionError, match="direction must be one of a2b, b2a"):
        migrate.apply("run", "data", "out", direction="up")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--direction", "up"], "--direction must be one of a2b, b2a"),
        (["--map", "dark_a"], "class of line A=class of line B"),
        (["--map", "rust=x"], "no class 'rust'"),
        (["--map", "dark_a=x", "--map", "dark_a=y"], "two names, 'x' and 'y'"),
        (["--run", "nowhere"], "migrate train"),
    ],
)
def test_apply_with_bad_options(options, message, lines, invoke):
    arguments = {"--run": identity_run(lines / "run"), "--data": lines / "a"}
    words = [w for pair in arguments.items() if pair[0] not in options for w in pair]
    result = invoke("migrate", "apply", *words, "--out", lines / "o", *options)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


def test_too_few_images_in_a_domain(lines, invoke):
    result = invoke(
        "migrate", "train", "--a", lines / "a" / "dark_a" / "0.png", "--b", lines / "b",
        "--out", lines / "run", *TINY,
    )  # fmt: skip
    assert isinstance(result.exception, InputError)
    assert "domain A has 1 images and CycleGAN needs at least 8" in str(
        result.exception
    )
    assert not (lines / "run").exists()


@pytest.mark.usefixtures("eagerly")
def test_a_training_that_diverges_leaves_the_last_good_generators(lines, invoke):
    run = lines / "run"
    common = ["migrate", "train", "--a", lines / "a", "--b", lines / "b", "--out", run]
    options = [*TINY, "--epochs", 3, "--learning-rate"]
    result = invoke(*common, *options, 1e30)
    assert isinstance(result.exception, InputError)
    assert "training stopped" in str(result.exception)
    assert "nan" in str(result.exception) or "not finite" in str(result.exception)
    if (run / "checkpoints" / "last.npz").exists():
        model = keras.models.load_model(run / "generator_a2b.keras")
        assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize("region", ["segment", "masks"])
def test_blend(region, lines, invoke):
    options = []
    if region == "masks":
        masks = lines / "masks"
        masks.mkdir()
        for name in ("dark_a", "bright_a"):
            (masks / name).mkdir()
            for i in range(10):
                mask = np.zeros((24, 24), "uint8")
                mask[8:14, 4:20] = 255
                cv2.imwrite(str(masks / name / f"{i}.png"), mask)
        options = ["--masks", masks]
    out = lines / "blended"
    result = invoke(
        "migrate", "blend", "--data", lines / "a", "--background", lines / "plain",
        "--out", out, "--per-class", 4, "--region", region, *options,
        "--map", "dark_a=dark_b", "--map", "bright_a=bright_b", "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = manifest(out)
    assert len(rows) == 8
    for row in rows:
        defect, background = row["sources"].split(";")
        assert row["label"].removesuffix("_b") in defect and "/plain/" in background
        image = cv2.imread(str(out / row["file"]), cv2.IMREAD_GRAYSCALE).astype(int)
        assert image.shape == (24, 24)
        assert abs(np.median(image) - 160) < 12


def test_masks_are_found_where_images_are_called_alike(lines, invoke):
    def blend(*options):
        return invoke(
            "migrate", "blend", "--data", lines / "a", "--background", lines / "plain",
            "--out", lines / "out", "--per-class", 1, "--region", "masks",
            "--masks", lines / "masks", "--quiet", *options,
        )  # fmt: skip

    mask = np.zeros((24, 24), "uint8")
    mask[8:14, 4:20] = 255
    (lines / "masks").mkdir()
    cv2.imwrite(str(lines / "masks" / "3.png"), mask)
    # Both classes have a 3.png.
    message = str(blend().exception)
    assert "masks/3.png may be the mask of" in message
    assert "put masks into folders of their classes' names" in message
    (lines / "masks" / "3.png").unlink()
    for name, number in (("dark_a", 3), ("bright_a", 4)):
        (lines / "masks" / name).mkdir()
        cv2.imwrite(str(lines / "masks" / name / f"{number}.png"), mask)
    result = blend()
    assert result.exception is None, result.output
    used = {row["sources"].partition(";")[0] for row in manifest(lines / "out")}
    expected = {str(lines / "a" / p) for p in ("dark_a/3.png", "bright_a/4.png")}
    assert used == expected


def test_blend_with_the_boxes_of_the_data(strips, lines, invoke):
    out = lines / "blended"
    result = invoke(
        "migrate", "blend", "--data", strips, "--background", lines / "plain", "--out",
        out, "--per-class", 2, "--size", 32, "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert len(manifest(out)) == 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--region", "guess"], "--region must be one of"),
        (["--region", "masks"], "belong together"),
        (["--mode", "paste"], "--mode must be one of"),
        (["--region", "boxes"], "no defect of class"),
    ],
)
def test_blend_with_bad_options(options, message, lines, invoke):
    result = invoke(
        "migrate", "blend", "--data", lines / "a", "--background", lines / "plain",
        "--out", lines / "o", *options,
    )  # fmt: skip
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


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
