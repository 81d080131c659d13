"""The drawn strip: seeded, honest about its boxes, neither trivial nor hopeless."""

import json
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest

from rkd_keras.data.synthetic import (
    CLASS_NAMES,
    Drawing,
    draw_image,
    draw_strip,
    write_dataset,
)
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_image, resize_image


def read_objects(path):
    root = ElementTree.parse(path).getroot()
    size = tuple(int(root.find(f"size/{key}").text) for key in ("width", "height"))
    objects = []
    for item in root.iter("object"):
        box = [
            int(item.find(f"bndbox/{key}").text)
            for key in ("xmin", "ymin", "xmax", "ymax")
        ]
        objects.append((item.find("name").text, *box))
    return size, objects


def test_class_names_are_those_of_neu():
    assert CLASS_NAMES == (
        "crazing",
        "inclusion",
        "patches",
        "pitted_surface",
        "rolled-in_scale",
        "scratches",
    )


@pytest.mark.parametrize("class_name", CLASS_NAMES)
@pytest.mark.parametrize("size", [16, 64, 200, 333])
def test_image_has_truth_inside_its_bounds(class_name, size):
    drawing = draw_image(class_name, size, rng=11)
    assert drawing.image.shape == drawing.mask.shape == (size, size)
    assert drawing.image.dtype == np.uint8
    assert drawing.image.std() > 1
    assert drawing.mask.any()
    assert drawing.objects
    for name, (left, top, right, bottom) in drawing.objects:
        assert name == class_name
        assert 0 <= left < right <= size
        assert 0 <= top < bottom <= size


@pytest.mark.parametrize("class_name", CLASS_NAMES)
def test_boxes_hold_nearly_all_defect_pixels_and_touch_them(class_name):
    for seed in range(6):
        drawing = draw_image(class_name, 200, rng=seed)
        inside = np.zeros_like(drawing.mask)
        for _, (left, top, right, bottom) in drawing.objects:
            assert drawing.mask[top:bottom, left:right].any(axis=1)[[0, -1]].all()
            assert drawing.mask[top:bottom, left:right].any(axis=0)[[0, -1]].all()
            inside[top:bottom, left:right] = True
        held = np.count_nonzero(drawing.mask & inside)
        assert held / np.count_nonzero(drawing.mask) > 0.6


@pytest.mark.parametrize("class_name", ["inclusion", "patches", "scratches"])
def test_defect_pixels_differ_from_the_surface_around_them(class_name):
    differences = []
    for seed in range(20):
        drawing = draw_image(class_name, 200, rng=seed)
        kernel = np.ones((9, 9), np.uint8)
        near = cv2.dilate(drawing.mask.astype(np.uint8), kernel) > 0
        ring = near & ~drawing.mask
        surface = drawing.image[ring].mean()
        differences.append(abs(drawing.image[drawing.mask].mean() - surface) / surface)
    assert np.median(differences) > 0.08


def test_seed_fixes_every_pixel_and_another_seed_changes_them():
    one, same = draw_image("crazing", 96, rng=5), draw_image("crazing", 96, rng=5)
    other = draw_image("crazing", 96, rng=6)
    np.testing.assert_array_equal(one.image, same.image)
    assert one.objects == same.objects
    assert (one.image != other.image).mean() > 0.5


def test_dataset_is_laid_out_like_neu_det(tmp_path):
    folder = write_dataset(tmp_path / "data", 2, 64)
    stems = {f"{name}_{number}" for name in CLASS_NAMES for number in (1, 2)}
    assert {path.name for path in (folder / "IMAGES").iterdir()} == {
        f"{stem}.jpg" for stem in stems
    }
    assert json.loads((folder / "synthetic.json").read_text())["seed"] == 0
    for stem in stems:
        size, objects = read_objects(folder / "ANNOTATIONS" / f"{stem}.xml")
        assert size == (64, 64)
        assert objects
        for name, left, top, right, bottom in objects:
            assert stem.startswith(f"{name}_")
            assert 1 <= left <= right <= 64
            assert 1 <= top <= bottom <= 64
        assert read_image(folder / "IMAGES" / f"{stem}.jpg").shape == (64, 64, 3)


def test_voc_boxes_count_from_one_and_include_the_maximum(tmp_path):
    folder = write_dataset(tmp_path, 1, 64, seed=4)
    for label, name in enumerate(CLASS_NAMES):
        drawing = draw_image(name, 64, np.random.default_rng([4, label, 1]))
        _, objects = read_objects(folder / "ANNOTATIONS" / f"{name}_1.xml")
        assert objects == [
            (name, box[0] + 1, box[1] + 1, box[2], box[3])
            for name, box in drawing.objects
        ]


def test_an_image_does_not_depend_on_how_many_are_drawn(tmp_path):
    few = write_dataset(tmp_path / "few", 1, 48, seed=9) / "IMAGES"
    many = write_dataset(tmp_path / "many", 3, 48, seed=9) / "IMAGES"
    for path in few.iterdir():
        assert path.read_bytes() == (many / path.name).read_bytes()
    other = write_dataset(tmp_path / "other", 1, 48, seed=10) / "IMAGES"
    for path in few.iterdir():
        assert path.read_bytes() != (other / path.name).read_bytes()


def test_dataset_is_not_overwritten_unless_asked(tmp_path):
    write_dataset(tmp_path, 1, 32)
    before = (tmp_path / "IMAGES" / "patches_1.jpg").read_bytes()
    with pytest.raises(InputError, match="is not empty"):
        write_dataset(tmp_path, 1, 32, seed=1)
    assert (tmp_path / "IMAGES" / "patches_1.jpg").read_bytes() == before
    write_dataset(tmp_path, 1, 32, seed=1, overwrite=True)
    assert (tmp_path / "IMAGES" / "patches_1.jpg").read_bytes() != before


def test_fewer_images_replace_all_of_the_earlier_ones(tmp_path):
    write_dataset(tmp_path, 2, 32)
    write_dataset(tmp_path, 1, 32, overwrite=True)
    assert len(list((tmp_path / "IMAGES").iterdir())) == 6
    assert len(list((tmp_path / "ANNOTATIONS").iterdir())) == 6


def test_images_that_were_not_drawn_are_never_replaced(tmp_path):
    (tmp_path / "IMAGES").mkdir()
    (tmp_path / "IMAGES" / "patches_1.jpg").write_bytes(b"mine")
    with pytest.raises(InputError, match="is not empty"):
        write_dataset(tmp_path, 1, 32, overwrite=True)
    assert (tmp_path / "IMAGES" / "patches_1.jpg").read_bytes() == b"mine"


def test_strip_bears_the_defects_asked_for():
    wanted = ["scratches", "patches", "rolled-in_scale"]
    strip = draw_strip(512, 400, wanted, rng=2)
    assert isinstance(strip, Drawing)
    assert strip.image.shape == (512, 400)
    assert {name for name, _ in strip.objects} == set(wanted)
    tops = [box[1] for _, box in strip.objects]
    assert tops == sorted(tops)
    for _, (left, top, right, bottom) in strip.objects:
        assert 0 <= left < right <= 400
        assert 0 <= top < bottom <= 512
        assert strip.mask[top:bottom, left:right].any()


def test_strip_without_defects_is_sound():
    strip = draw_strip(128, 400, 0, rng=0)
    assert strip.objects == ()
    assert not strip.mask.any()
    assert 5 < strip.image.mean() < 250


def test_strip_counts_defects_of_classes_at_random():
    seen = set()
    for seed in range(8):
        strip = draw_strip(400, 400, 3, rng=seed)
        names = {name for name, _ in strip.objects}
        assert 1 <= len(names) <= 3
        seen |= names
    assert len(seen) >= 4


def test_frames_of_a_strip_join_without_a_seam():
    image = draw_strip(384, 200, 0, rng=1).image.astype(float)
    steps = np.abs(np.diff(image, axis=0)).mean(axis=1)
    assert abs(steps[127] - np.median(steps)) < 4 * steps.std()


@pytest.mark.parametrize(
    "call",
    [
        lambda: draw_image("dent", 64),
        lambda: draw_image("patches", 8),
        lambda: draw_strip(8, 400, 0),
        lambda: draw_strip(128, 400, -1),
        lambda: draw_strip(128, 400, ["dent"]),
    ],
)
def test_bad_input_is_named(call):
    with pytest.raises(InputError, match="Received: "):
        call()


def test_ranges_are_checked_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="per_class must be at least 1, not 0"):
        write_dataset(tmp_path / "never-made", per_class=0)
    with pytest.raises(InputError, match="size must be at least 16, not 8"):
        write_dataset(tmp_path / "never-made", size=8)
    assert not (tmp_path / "never-made").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_linear_model_beats_chance_and_stays_far_from_solving_it():
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    pixels, labels, held_out = [], [], []
    for label, name in enumerate(CLASS_NAMES):
        for number in range(90):
            image = draw_image(name, 128, np.random.default_rng([3, label, number]))
            grey = np.repeat(image.image[..., None], 3, axis=-1)
            pixels.append(resize_image(grey, (64, 64))[..., 0].ravel() / 255)
            labels.append(label)
            held_out.append(number >= 60)
    pixels, labels, held_out = map(np.array, (pixels, labels, held_out))
    model = LogisticRegression(C=0.1, max_iter=60)
    with threadpool_limits(1):
        model.fit(pixels[~held_out], labels[~held_out])
    accuracy = model.score(pixels[held_out], labels[held_out])
    # 180 held-out images at chance 1/6 deviate by 0.028.
    assert 0.23 < accuracy < 0.7


@pytest.mark.parametrize("class_name", CLASS_NAMES)
def test_plain_defects_are_of_one_tone_and_no_view_changes_what_is_seen(class_name):
    for seed in range(4):
        drawing = draw_image(class_name, 64, seed, view=64, plain=True)
        assert drawing.image.shape == (64, 64) and drawing.mask.any()
        again = draw_image(class_name, 64, seed, view=64, plain=True)
        np.testing.assert_array_equal(drawing.image, again.image)
        inside = drawing.image[drawing.mask].mean()
        outside = drawing.image[~drawing.mask]
        if class_name == "scratches" and outside.size:
            assert inside > outside.mean()


def test_a_near_view_shows_larger_defects():
    far, near = (
        np.mean(
            [
                draw_image("inclusion", 64, seed, view=view).mask.mean()
                for seed in range(12)
            ]
        )
        for view in (200, 64)
    )
    assert near > 1.5 * far


def test_a_view_below_16_pixels_is_refused():
    with pytest.raises(InputError, match="view must be at least 16 pixels"):
        draw_image("patches", view=8)


def test_a_linear_model_on_pixels_does_not_tell_plain_strips_apart():
    from sklearn.linear_model import RidgeClassifier

    def drawn(seed, count):
        images = [
            draw_image(name, 64, np.random.default_rng([seed, n]), 64, plain=True).image
            for name in CLASS_NAMES
            for n in range(count)
        ]
        return np.stack(images).reshape(len(images), -1) / 255.0

    train, test = drawn(0, 40), drawn(1, 20)
    model = RidgeClassifier(1000.0).fit(train, np.repeat(CLASS_NAMES, 40))
    accuracy = model.score(test, np.repeat(CLASS_NAMES, 20))
    assert 1 / 6 < accuracy < 0.9
