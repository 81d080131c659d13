"""Which images are meant: by path and content, never by name alone."""

import json

import cv2
import numpy as np
import pytest

from rkd_keras.data import make_split, open_dataset
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.errors import InputError
from rkd_keras.runs import Run
from rkd_keras.runs.parts import check_same_images, labelled_images, open_split
from rkd_keras.runs.settings import Settings


@pytest.fixture
def numbered(tmp_path):
    """Class folders whose files are numbered alike, and a run that split them."""

    def write(folder, seed):
        rng = np.random.default_rng(seed)
        for name in ("inclusion", "scratches"):
            (folder / name).mkdir(parents=True)
            for number in range(9):
                image = rng.integers(0, 256, (8, 8), np.uint8)
                cv2.imwrite(str(folder / name / f"{number:03}.png"), image)
        return folder

    data = write(tmp_path / "line_a", 0)
    index = open_dataset(data)
    run = tmp_path / "run"
    run.mkdir()
    split = make_split(index, "holdout")
    split.write(run / "split.json", index)
    return data, run / "model.keras", split, write


def test_files_numbered_alike_are_told_apart(numbered):
    data, model, split, _ = numbered
    found = labelled_images(model, data, "test")
    assert len(found.files) == len(split.test) == 6
    assert (found.part, found.own) == ("test", True)
    index = open_dataset(data)
    assert {str(f) for f in found.files} == {str(index.files[i]) for i in split.test}


def test_a_data_set_that_was_moved_is_known_again(numbered):
    data, model, split, _ = numbered
    moved = data.rename(data.with_name("moved"))
    found = labelled_images(model, moved, "test")
    assert len(found.files) == 6 and found.own


def test_another_line_s_folder_is_taken_whole_and_called_so(numbered, tmp_path):
    _, model, _, write = numbered
    found = labelled_images(model, write(tmp_path / "line_b", 1), "test")
    assert len(found.files) == 18
    assert (found.part, found.own) == ("all", False)


def test_missing_and_changed_images_are_named(numbered):
    data, model, split, _ = numbered
    index = open_dataset(data)
    file = index.files[split.test[0]]
    cv2.imwrite(str(file), np.zeros((8, 8), np.uint8))
    with pytest.raises(InputError, match=f"1 images of the test part.*{file.name}"):
        labelled_images(model, data, "test")
    file.unlink()
    with pytest.raises(InputError, match=f"1 images of the test part.*{file.name}"):
        labelled_images(model, data, "test")


def test_the_run_s_own_images_are_those_it_began_with(numbered):
    """Without --data the paths alone would tell: other pictures may lie there now."""
    data, model, split, _ = numbered
    assert len(labelled_images(model, None, "test").files) == len(split.test)
    file = open_dataset(data).files[split.test[0]]
    cv2.imwrite(str(file), np.zeros((8, 8), np.uint8))
    message = f"1 images of the test part.*another content.*{file.name}.*--data"
    with pytest.raises(InputError, match=message):
        labelled_images(model, None, "test")
    assert labelled_images(model, None, "train").files
    file.unlink()
    with pytest.raises(InputError, match=message):
        labelled_images(model, None, "test")


def test_without_anything_to_go_by_it_asks(tmp_path):
    with pytest.raises(InputError, match="give the images with --data"):
        labelled_images(tmp_path / "model.keras", None, "test")


def test_records_of_an_older_version_are_read(numbered):
    data, model, _, _ = numbered
    path = model.parent / "split.json"
    recorded = json.loads(path.read_text())
    for part in ("train", "val", "test"):
        recorded[part] = [
            {"file": row["file"], "label": row["label"]} for row in recorded[part]
        ]
    path.write_text(json.dumps(recorded))
    assert len(labelled_images(model, data, "test").files) == 6


def test_a_run_goes_on_with_the_groups_it_began_with(tmp_path):
    """Versions before groups divided overlapping images under every protocol."""
    data = write_dataset(tmp_path / "drawn", 3, 32, quiet=True)
    out = tmp_path / "run"
    out.mkdir()
    settings = Settings(data, out, quiet=True)
    assert open_split(settings)[1].groups.by == "overlap"
    config = {k: v for k, v in settings.to_config().items() if k != "groups"}
    (out / "config.json").write_text(json.dumps(config))
    assert Settings.from_config(config).groups == "none"
    assert Settings.from_config({**config, "split": "neu-600"}).groups is None
    resumed = Settings(data, out, resume=True, quiet=True)
    assert open_split(resumed)[1].groups.by == "none"
    asked = Settings(data, out, groups=r"(\w+)_\d", quiet=True)
    with pytest.raises(InputError, match="cannot be divided into test"):
        open_split(asked)


def test_no_class_has_the_name_of_a_verdict(tmp_path):
    from rkd_keras.data import check

    data = write_dataset(tmp_path / "drawn", 3, 32, quiet=True)
    lines = ["file,label"]
    for file in sorted((data / "IMAGES").iterdir()):
        name = "unknown" if "patches" in file.name else "dent"
        lines.append(f"{file},{name}")
    (tmp_path / "own.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match="has a class 'unknown', which is the verdict"):
        open_split(Settings(tmp_path / "own.csv", tmp_path / "run", quiet=True))
    told = "the class 'unknown' has the name of a verdict; give it another"
    assert told in check(tmp_path / "own.csv", quiet=True).findings


def test_a_run_that_trained_on_nobody_knows_what_is_not_continued(numbered):
    data, model, split, _ = numbered
    run, index = Run(model.parent), open_dataset(data)
    check_same_images(run, index, split)
    run.split_path.unlink()
    # Nothing has been trained yet: there is nothing to lose.
    check_same_images(run, index, split)
    run.history_path.write_text("epoch,loss\n0,1.0\n")
    with pytest.raises(InputError, match=r"split\.json is missing"):
        check_same_images(run, index, split)
