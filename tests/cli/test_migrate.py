import csv
import json
import shutil
import subprocess
import sys

import cv2
import keras
import numpy as np
import pytest
from identity_run import identity_run

from rkd_keras.data import open_dataset
from rkd_keras.errors import InputError, OptionError
from rkd_keras.studies import migrate

TINY = [
    "--size", 16, "--filters", 2, "--blocks", 1, "--depth", 1, "--batch-size", 8,
    "--sample-every", 1, "--pool-size", 4, "--precision", "float32", "--quiet",
]  # fmt: skip


def manifest(folder):
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


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
    # One class on two days: the mask of the class's folder may be either's.
    (lines / "a" / "dark_a" / "monday").mkdir()
    shutil.copy(lines / "a" / "dark_a" / "3.png", lines / "a" / "dark_a" / "monday")
    assert "dark_a/3.png may be the mask of" in str(blend("--overwrite").exception)


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
