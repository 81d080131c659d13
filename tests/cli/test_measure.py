import csv
import json

import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError


def scratched(seed=0, size=96, value=210):
    image = np.random.default_rng(seed).normal(110, 2, (size, size))
    image[10:70, 40 + seed : 45 + seed] = value
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    cv2.imwrite(str(folder / "a.png"), scratched(0))
    cv2.imwrite(str(folder / "sub" / "a.png"), scratched(3))
    cv2.imwrite(str(folder / "flat.png"), np.full((50, 50), 90, np.uint8))
    return folder


def rows(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_tables_and_pictures_are_written(invoke, images, tmp_path):
    out = tmp_path / "out"
    arguments = ("--out", out, "--figures", "all", "--quiet", "--no-classify")
    done = invoke("measure", images, *arguments)
    assert done.exit_code == 0, done.output
    found = {row["file"]: row for row in rows(out / "images.csv")}
    assert len(found) == 3
    row = found[str(images / "a.png")]
    assert float(row["area"]) == pytest.approx(300, abs=30)
    assert row["unit"] == "px"
    assert row["decision"] in ("accept", "review", "reject")
    assert found[str(images / "flat.png")]["k"] == ""
    flat = found[str(images / "flat.png")]
    assert (flat["decision"], flat["decisive_rule"]) == ("invalid", "flat")
    assert (flat["count"], flat["area"], flat["image_width"]) == ("", "", "50")
    assert "! 1 pictures cannot be judged, decision invalid: flat 1" in done.stderr
    defects = rows(out / "defects.csv")
    assert len(defects) == 2
    assert float(defects[0]["orientation"]) == pytest.approx(90, abs=1)
    content = json.loads((out / "measurements.json").read_text())
    assert content["settings"]["method"] == "default"
    assert [len(i["defects"]) for i in content["images"]] == [1, 0, 1]
    names = {p.name for p in out.glob("*.png")}
    assert names == {
        f"{n}{kind}.png" for n in ("a", "a_2", "flat") for kind in ("", "_panels")
    }
    assert not (out / "classes.csv").exists()


def test_the_package_s_student_names_the_classes(invoke, images, tmp_path):
    from rkd_keras.predict import load

    done = invoke("measure", images, "--out", tmp_path / "out", "--quiet")
    assert done.exit_code == 0, done.output
    found = {r["file"]: r["class_name"] for r in rows(tmp_path / "out" / "images.csv")}
    # A picture that shows nothing has no class.
    assert found.pop(str(images / "flat.png")) == ""
    files = sorted(found)
    assert [found[file] for file in files] == [
        verdict.class_name for verdict in load().predict(files)
    ]


def test_millimetres_and_own_rules(invoke, images, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "version: 1\nunit: mm\nrules:\n"
        "  - {name: long, when: {longest: {above: 5}}, severity: 5}\n"
    )
    out = tmp_path / "out"
    arguments = ("--out", out, "--rules", rules, "--mm-per-pixel", "0.1")
    done = invoke("measure", images / "a.png", *arguments)
    assert done.exit_code == 0, done.output
    row = rows(out / "images.csv")[0]
    assert row["unit"] == "mm"
    assert float(row["longest"]) == pytest.approx(6, abs=0.2)
    assert (row["severity"], row["decisive_rule"]) == ("5", "long")


def test_rules_of_another_unit_are_refused_at_once(invoke, images, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("version: 1\nunit: mm\nrules: []\n")
    done = invoke("measure", images, "--rules", rules, "--out", tmp_path / "out")
    assert isinstance(done.exception, InputError)
    assert "the rules are in mm and the measurement in px" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_without_out_a_table_is_printed(invoke, images):
    done = invoke("measure", images, "--quiet")
    assert done.exit_code == 0, done.output
    assert "flat.png" in done.output


def test_labelled_data_gives_table_7(invoke, tmp_path):
    data = tmp_path / "data"
    for name, value in (("bright", 210), ("dark", 30)):
        (data / name).mkdir(parents=True)
        for i in range(6):
            cv2.imwrite(str(data / name / f"{i}.png"), scratched(i, value=value))
    out = tmp_path / "out"
    arguments = ("--split", "all", "--out", out, "--figures", "none", "--size", 64)
    done = invoke("measure", "--data", data, *arguments)
    assert done.exit_code == 0, done.output
    assert "Table 7" in done.output
    table = rows(out / "classes.csv")
    assert [(r["class"], r["images"]) for r in table] == [
        ("bright", "6"),
        ("dark", "6"),
    ]
    content = json.loads((out / "classes.json").read_text())
    assert content["settings"]["size"] == 64
    assert len(content["separation"]["pairs"]) == 1
    assert not list(out.glob("*.png"))
    assert {r["image_width"] for r in rows(out / "images.csv")} == {"64"}


def test_a_model_names_the_classes(invoke, files, image_folder, tmp_path):
    out = tmp_path / "out"
    images = image_folder / "blobs"
    done = invoke("measure", images, "--model", files["tflite"], "--out", out)
    assert done.exit_code == 0, done.output
    found = rows(out / "images.csv")
    assert {row["class_name"] for row in found} == {"blobs"}
    assert all(float(row["probability"]) > 0.5 for row in found)
    assert (out / "classes.csv").exists()

    one = ("measure", next(images.iterdir()), "--model", files["tflite"])
    done = invoke(*one, "--out", tmp_path / "one")
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "one" / "classes.csv").exists()


def test_a_heat_map_can_be_the_prior(invoke, run_directory, image_folder, tmp_path):
    out = tmp_path / "out"
    image = next((image_folder / "blobs").iterdir())
    arguments = ("--model", run_directory, "--prior", "--out", out)
    done = invoke("measure", image, *arguments)
    assert done.exit_code == 0, done.output
    assert len(rows(out / "images.csv")) == 1


def test_unreadable_images_are_named_and_left_out(invoke, images, tmp_path):
    (images / "broken.png").write_bytes(b"no image")
    done = invoke("measure", images, "--out", tmp_path / "out", "--quiet")
    assert done.exit_code == 1, done.output
    assert "broken.png cannot be decoded" in done.output
    assert len(rows(tmp_path / "out" / "images.csv")) == 3
    done = invoke("measure", images, "--out", tmp_path / "two", "--strict", "--quiet")
    assert isinstance(done.exception, InputError)
    done = invoke("measure", images / "broken.png", "--out", tmp_path / "three")
    assert isinstance(done.exception, InputError)


def test_true_masks_give_the_iou_table(invoke, tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for i in range(4):
        image = scratched(i)
        cv2.imwrite(str(tmp_path / "images" / f"Sc_{i}.png"), image)
        mask = (image > 160).astype(np.uint8) * 255
        cv2.imwrite(str(tmp_path / "masks" / f"Sc_{i}.png"), mask)
    arguments = ("--masks", tmp_path / "masks", "--out", tmp_path / "out", "--quiet")
    done = invoke("measure", tmp_path / "images", *arguments)
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / "out" / "segmentation.json").read_text())
    assert content["images"] == 4
    assert list(content["methods"]) == ["default", "paper"]
    assert content["methods"]["default"]["all"]["Sc"] > 0.8
    again = invoke("measure", tmp_path / "images", *arguments)
    assert isinstance(again.exception, InputError)
    done = invoke("measure", tmp_path / "images", *arguments, "--methods", "magic")
    assert isinstance(done.exception, InputError)


def test_measurements_are_not_overwritten(invoke, images, tmp_path):
    arguments = ("measure", images, "--out", tmp_path / "out", "--quiet")
    assert invoke(*arguments).exit_code == 0
    done = invoke(*arguments)
    assert isinstance(done.exception, InputError)
    assert "--overwrite" in str(done.exception)
    assert invoke(*arguments, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give images"),
        (("IMAGES", "--data", "x"), "give images"),
        (("IMAGES", "--figures", "many"), "--figures"),
        (("IMAGES", "--method", "otsu"), "method=otsu"),
        (("IMAGES", "--prior"), "--model"),
        (("IMAGES", "--size", "0"), "--size"),
        (("IMAGES", "--mm-per-pixel", "-1"), "mm_per_pixel"),
        (("nowhere.png",), "nowhere.png does not exist"),
    ],
)
def test_wrong_options_end_in_one_sentence(invoke, images, arguments, message):
    arguments = [images / "a.png" if a == "IMAGES" else a for a in arguments]
    done = invoke("measure", *arguments)
    assert isinstance(done.exception, InputError)
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)
