"""Heat maps from Python: nothing of the user's is replaced, nothing of ours read."""

import json

import numpy as np
import pytest
from tiny_exports import SIZE, textures, tiny_model

from rkd_keras.errors import InputError, OptionError
from rkd_keras.files.images import write_image
from rkd_keras.predict import new_card, write_card
from rkd_keras.runs import explain

NAMES = ("crazing", "patches", "scratches")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    tiny_model().save(path)
    write_card(path, new_card(NAMES, (SIZE, SIZE, 3)))
    return path


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    drawn = textures(1, seed=4)[0]
    for name, image in zip(("a", "sub/a", "a_features"), drawn, strict=True):
        write_image(folder / f"{name}.png", image)
    return folder


def test_pictures_have_names_of_their_own(model, images, tmp_path):
    found = explain(images, model, tmp_path / "out", feature_maps=True, quiet=True)
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert len(pictures) == 6
    assert {row["picture"] for row in found.rows} <= pictures
    assert len(found.rows) == 6 and not found.scores


def test_inputs_are_never_replaced_and_pictures_never_read(model, images, tmp_path):
    before = {p: p.read_bytes() for p in images.rglob("*.png")}
    with pytest.raises(InputError, match="is an input and would be replaced"):
        explain([images / "a.png"], model, images, overwrite=True, quiet=True)
    explain(images, model, images / "out", quiet=True)
    again = explain(images, model, tmp_path / "out", quiet=True)
    assert {p: p.read_bytes() for p in before} == before
    assert len({row["file"] for row in again.rows}) == 3


def test_what_does_not_fit_is_told(model, images, tmp_path):
    with pytest.raises(OptionError, match="'rust' is no class of the model; it knows"):
        explain(images, model, tmp_path / "o", class_name="rust")
    with pytest.raises(OptionError, match="variant must be one of grad_cam, grad_cam"):
        explain(images, model, tmp_path / "o", variant=["lime"])
    assert not (tmp_path / "o").exists()


def boxed(folder, count=2):
    """Textures in NEU-DET's layout, each with a box over all of it."""
    xml = "<annotation><object><bndbox><xmin>1</xmin><ymin>1</ymin>"
    xml += f"<xmax>{SIZE}</xmax><ymax>{SIZE}</ymax></bndbox></object></annotation>"
    for name in ("IMAGES", "ANNOTATIONS"):
        (folder / name).mkdir(parents=True)
    for i, (image, label) in enumerate(zip(*textures(count, seed=3), strict=True)):
        write_image(folder / "IMAGES" / f"{NAMES[label]}_{i}.png", image)
        (folder / "ANNOTATIONS" / f"{NAMES[label]}_{i}.xml").write_text(xml)
    return folder


def test_boxes_are_half_open_and_belong_to_their_own_image(model, tmp_path):
    data = boxed(tmp_path / "neu")
    out = tmp_path / "out"
    found = explain(
        model=model, out=out, evaluate=True, data=data, split="all", quiet=True
    )
    for table in found.scores.values():
        # A box over the whole image covers its first row and column too.
        assert [row["chance"] for row in table] == [1.0] * 4
        assert np.allclose([row["energy"] for row in table], 1.0)
    assert json.loads((out / "localization.json").read_text())["images"] == 6
