import csv
import json

import cv2
import pytest
from tiny_exports import CLASS_NAMES

from rkd_keras.errors import InputError


def rows(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_images_are_explained(invoke, run_directory, image_folder, tmp_path):
    out = tmp_path / "out"
    images = sorted((image_folder / "along").iterdir())[:3]
    arguments = ("--model", run_directory, "--out", out, "--feature-maps")
    done = invoke("explain", *images, *arguments)
    assert done.exit_code == 0, done.output
    found = rows(out / "explanations.csv")
    assert len(found) == 3 * 2
    assert {row["class"] for row in found} == {"along"}
    assert {row["method"] for row in found} == {"grad_cam", "grad_cam++"}
    for path in images:
        assert cv2.imread(str(out / f"{path.stem}.png")).shape[1] > 3 * 320
        assert cv2.imread(str(out / f"{path.stem}_features.png")) is not None
    again = invoke("explain", *images, *arguments)
    assert isinstance(again.exception, InputError)


def test_another_class_and_layer(invoke, run_directory, image_folder, tmp_path):
    image = next((image_folder / "along").iterdir())
    arguments = ("--class", "blobs", "--variant", "grad_cam", "--layer", "re_lu")
    out = tmp_path / "out"
    base = ("explain", image, "--model", run_directory / "model.keras", "--out", out)
    import keras

    network = keras.saving.load_model(run_directory / "model.keras")
    layer = next(x.name for x in network.layers if x.name.startswith("re_lu"))
    arguments = (*arguments[:-1], layer)
    done = invoke(*base, *arguments)
    assert done.exit_code == 0, done.output
    row = rows(out / "explanations.csv")[0]
    assert (row["class"], row["method"]) == ("blobs", f"grad_cam {layer}")


def write_boxes(folder):
    """Lay textures out as NEU-DET does, by names that NEU knows."""
    annotation = (
        "<annotation><object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>32</xmax>"
        "<ymax>{}</ymax></bndbox></object></annotation>"
    )
    (folder / "IMAGES").mkdir(parents=True)
    (folder / "ANNOTATIONS").mkdir()
    return annotation


def test_heat_maps_are_scored_by_boxes(invoke, run_directory, tmp_path):
    from tiny_exports import SIZE, textures

    from rkd_keras.predict import new_card, write_card

    names = ("crazing", "patches", "scratches")
    model = run_directory / "model.keras"
    write_card(model, new_card(names, (SIZE, SIZE, 3)))
    data = tmp_path / "neu"
    annotation = write_boxes(data)
    split = {"class_names": list(names), "train": [], "val": [], "test": []}
    images, labels = textures(2, seed=3)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = data / "IMAGES" / f"{names[label]}_{i}.png"
        cv2.imwrite(str(path), image)
        text = annotation.format(32 if label else 16)
        (data / "ANNOTATIONS" / f"{path.stem}.xml").write_text(text)
        split["test"].append({"file": str(path), "label": int(label)})
    (run_directory / "split.json").write_text(json.dumps(split))
    out = tmp_path / "out"
    arguments = ("--model", run_directory, "--data", data, "--out", out, "--quiet")
    done = invoke("explain", "--evaluate", *arguments)
    assert done.exit_code == 0, done.output
    content = json.loads((out / "localization.json").read_text())
    assert content["images"] == 6
    assert set(content["scores"]) == {"grad_cam", "grad_cam++"}
    for table in content["scores"].values():
        by_class = {row["class"]: row for row in table}
        # A box over the whole image cannot be missed.
        assert by_class["patches"]["pointing"] == 1
        assert by_class["patches"]["energy"] == pytest.approx(1)
        assert by_class["patches"]["chance"] == 1
        assert by_class["crazing"]["chance"] == 0.5
        assert by_class["mean"]["images"] == 6
    assert cv2.imread(str(out / "examples.png")) is not None
    again = invoke("explain", "--evaluate", *arguments)
    assert isinstance(again.exception, InputError)


def test_unreadable_images_are_left_out(invoke, run_directory, image_folder, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    image = next((image_folder / "along").iterdir())
    out = tmp_path / "out"
    done = invoke("explain", broken, image, "--model", run_directory, "--out", out)
    # Not all that was asked for was done.
    assert done.exit_code == 1, done.output
    assert "broken.png cannot be decoded" in done.output
    done = invoke("explain", broken, "--model", run_directory, "--out", tmp_path / "b")
    assert isinstance(done.exception, InputError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.png",), "--model"),
        (("a.png", "--model", "RUN"), "--out"),
        (("--model", "RUN", "--out", "o"), "give images"),
        (("--model", "RUN", "--out", "o", "--evaluate"), "--data"),
        (("a.png", "--model", "RUN", "--out", "o", "--class", "rust"), "rust"),
        (("a.png", "--model", "x.tflite", "--out", "o"), "no .keras model"),
        (("a.png", "--model", "RUN", "--out", "o", "--variant", "x"), "--variant"),
        (("a.png", "--model", "RUN", "--out", "o", "--layer", "x"), "no layer 'x'"),
    ],
)
def test_wrong_options_end_in_one_sentence(invoke, run_directory, arguments, message):
    arguments = [run_directory if a == "RUN" else a for a in arguments]
    done = invoke("explain", *arguments)
    assert isinstance(done.exception, InputError)
    assert message in str(done.exception)
    assert CLASS_NAMES[0] in str(done.exception) or message != "rust"
