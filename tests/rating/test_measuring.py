"""`measure` over many images: what it writes, refuses and counts."""

import csv
import os

import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError, OptionError
from rkd_keras.files.images import read_image, write_image
from rkd_keras.measure import Grade
from rkd_keras.measure import measure as measure_mask
from rkd_keras.predict import Verdict
from rkd_keras.rating import Measured, MeasuredImage, measure
from rkd_keras.rating.measuring import _Work
from rkd_keras.rating.quality import invalid_grade


def scratched(seed=0, size=96):
    image = np.random.default_rng(seed).normal(110, 2, (size, size))
    image[10:70, 40 + seed : 45 + seed] = 210
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture
def strips(tmp_path):
    folder = tmp_path / "strips"
    (folder / "sub").mkdir(parents=True)
    write_image(folder / "a.png", scratched(0))
    write_image(folder / "sub" / "A.png", scratched(1))
    write_image(folder / "a_panels.png", scratched(2))
    return folder


def snapshot(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def quietly(images, **options):
    return measure([images], classify=False, quiet=True, **options)


def test_every_image_has_pictures_of_its_own(strips, tmp_path):
    found = quietly(strips, out=tmp_path / "out", figures="all")
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert len(found.images) == 3 and len(pictures) == 6
    assert pictures == {
        f"{image.name}{ending}"
        for image in found.images
        for ending in (".png", "_panels.png")
    }


@pytest.mark.parametrize("overwrite", [False, True])
def test_inputs_are_never_replaced(strips, overwrite):
    before = snapshot(strips)
    with pytest.raises(InputError, match="is an input and would be replaced"):
        quietly(strips, out=strips, overwrite=overwrite)
    assert snapshot(strips) == before


def test_a_manifest_of_the_same_name_is_not_replaced(strips, tmp_path):
    rows = [["file", "label"], [str(strips / "a.png"), "dent"]]
    manifest = tmp_path / "images.csv"
    with manifest.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    before = manifest.read_text()
    with pytest.raises(InputError, match="images.csv is an input"):
        measure(data=manifest, split="all", out=tmp_path, overwrite=True, quiet=True)
    assert manifest.read_text() == before


def test_pictures_of_others_are_not_replaced_unasked(strips, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_bytes(b"mine")
    with pytest.raises(InputError, match="a.png exists already"):
        quietly(strips, out=out)
    assert (out / "a.png").read_bytes() == b"mine" and len(snapshot(out)) == 1


def test_own_pictures_are_never_measured(strips, tmp_path):
    first = quietly(strips, out=strips / "out", figures="all")
    again = quietly(strips, out=strips / "out", figures="all", overwrite=True)
    elsewhere = quietly(strips, out=tmp_path / "second")
    assert len(first.images) == len(again.images) == len(elsewhere.images) == 3


def test_a_failed_write_ends_in_a_sentence(strips, tmp_path, monkeypatch):
    import rkd_keras.files.images as images

    def full(path, *_, **__):
        raise InputError(f"{path} cannot be written: No space left on device")

    monkeypatch.setattr(images, "write_image", full)
    with pytest.raises(InputError, match="a.png cannot be written: No space left"):
        quietly(strips, out=tmp_path / "out")
    assert not (tmp_path / "out" / "measurements.json").exists()


def test_out_on_a_file_is_refused(strips, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="file is a file; give a folder"):
        quietly(strips, out=tmp_path / "file")


def test_any_file_name_is_measured(tmp_path):
    folder = os.fsencode(tmp_path / "in")
    os.mkdir(folder)
    data = cv2.imencode(".png", scratched())[1].tobytes()
    names = [b"crack_\xb4.png", b"line\nbreak.png", "划痕.png".encode()]
    names.append(b"x" * 251 + b".png")
    for name in names:
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(data)
    found = quietly(tmp_path / "in", out=tmp_path / "out", figures="all")
    assert len(found.images) == 4
    with (tmp_path / "out" / "images.csv").open(newline="", encoding="utf-8") as stream:
        files = [row["file"] for row in csv.DictReader(stream)]
    assert any(file.endswith(r"crack_\xb4.png") for file in files)
    assert all(file.isprintable() for file in files)
    pictures = list((tmp_path / "out").glob("*.png"))
    assert len(pictures) == 8
    assert all(read_image(picture).size for picture in pictures)


def image_of(true_class=None, class_name=None, is_unknown=False, fault=None):
    verdict = None
    if class_name is not None:
        label = "unknown" if is_unknown else class_name
        verdict = Verdict(label, class_name, 0, 0.9, (0.9,), 1.0, is_unknown)
    measurement = measure_mask(None, np.eye(64, dtype=bool))
    grade = Grade(1, "accept", (), None) if fault is None else invalid_grade(fault)
    return MeasuredImage("a.png", "a", true_class, verdict, measurement, grade)


def test_table_7_counts_unknown_as_unknown():
    images = [
        image_of("dent", "dent"),
        image_of("dent", "dent", is_unknown=True),
        image_of("dent", "scale"),
        image_of("dent"),
        image_of(None, "scale"),
        image_of(None, "scale", is_unknown=True),
        image_of(),
        image_of("dent", fault="black"),
        image_of("scale", fault="noise"),
    ]
    found = Measured(images, {})
    counts = {row["class"]: row["images"] for row in found.classes}
    assert counts == {"dent": 2, "scale": 1}
    assert found.left_out == {"unknown": 2, "wrong": 1, "invalid": 2}
    assert found.invalid == {"black": 1, "noise": 1}
    assert found.has_classes and not Measured(images[:1], {}).has_classes


def test_rules_are_checked_with_the_data_set_s_classes(strips, tmp_path):
    rules = tmp_path / "rules.yaml"
    rule = "{name: r, when: {class: dents}, severity: 5}"
    rules.write_text(f"version: 1\nrules: [{rule}]\n")
    manifest = tmp_path / "list.csv"
    manifest.write_text(f"file,label\n{strips / 'a.png'},dent\n")
    with pytest.raises(InputError, match="'dents'; known are dent, unknown"):
        measure(data=manifest, split="all", rules=rules, quiet=True)
    rules.write_text(rules.read_text().replace("dents", "dent"))
    assert len(measure(data=manifest, split="all", rules=rules, quiet=True).images) == 1


def test_settings_are_checked_before_an_image_is_read(monkeypatch, strips):
    monkeypatch.setattr(_Work, "__call__", None)
    for options, message in (
        ({"method": "magic"}, "`method` must be one of"),
        ({"mm_per_pixel": 0.0}, "mm_per_pixel"),
    ):
        with pytest.raises(InputError, match=message):
            quietly(strips, **options)
    with pytest.raises(OptionError, match="size must be at least 1, not 0"):
        quietly(strips, size=0)
    with pytest.raises(OptionError, match="figures must be one of none, overlays"):
        quietly(strips, figures="many")
