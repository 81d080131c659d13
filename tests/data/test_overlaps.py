"""Planted overlaps are found, with their area and their placement, and nothing else."""

import json

import cv2
import numpy as np
import pytest

from rkd_keras.data import (
    ImageIndex,
    check,
    find_overlaps,
    open_dataset,
)
from rkd_keras.data.reading.overlap_checks import compare
from rkd_keras.data.reading.overlap_sheet import overlap_sheet
from rkd_keras.data.reading.overlaps import connected
from rkd_keras.data.reading.placements import Placement
from rkd_keras.data.synthetic import draw_strip, write_dataset
from rkd_keras.errors import InputError
from rkd_keras.files.images import write_image

SIDE = 128


def cut(frame, left, top):
    return frame[top : top + SIDE, left : left + SIDE]


def resized(image, side):
    method = cv2.INTER_AREA if side < SIDE else cv2.INTER_LINEAR
    return cv2.resize(image, (side, side), interpolation=method)


# What is done to the second crop, its corner in the frame, and how it is placed.
PLANTED = {
    "shifted": (lambda image: image, (30, 20), {}),
    "a little more than 40 %": (lambda image: image, (72, 6), {}),
    "mirrored": (lambda image: image[:, ::-1], (20, 30), {"mirrored": True}),
    "turned": (lambda image: np.rot90(image), (30, 0), {"turns": 3}),
    "upside down": (lambda image: np.rot90(image, 2), (12, 12), {"turns": 2}),
    "both": (
        lambda image: np.rot90(image[:, ::-1]),
        (0, 25),
        {"mirrored": True, "turns": 1},
    ),
    "smaller": (lambda image: resized(image, 80), (0, 0), {"scale": 1.6}),
    "larger": (lambda image: resized(image, 192), (0, 0), {"scale": 2 / 3}),
    "smaller and turned": (
        lambda image: resized(np.rot90(image), 96),
        (0, 0),
        {"turns": 3, "scale": 4 / 3},
    ),
    "shifted and smaller": (
        lambda image: resized(image, 96),
        (16, 20),
        {"scale": 4 / 3},
    ),
    "brighter": (lambda image: cv2.add(image, 25), (8, 8), {}),
}


def write(path, image, quality=95):
    write_image(path, np.ascontiguousarray(image), quality=quality)
    return path


@pytest.fixture(scope="module")
def frames():
    """Surfaces that were drawn bright enough to be made brighter."""
    found = []
    for seed in range(2 * len(PLANTED)):
        image = draw_strip(220, 220, 2, seed).image
        found.append(np.clip(image, 0, 225))
    return found


@pytest.fixture(scope="module")
def planted(frames, tmp_path_factory):
    """Two crops of each of some frames, and one crop of each of the others."""
    folder = tmp_path_factory.mktemp("planted")
    files = []
    for number, (change, corner, _) in enumerate(PLANTED.values()):
        first, second = cut(frames[number], 0, 0), cut(frames[number], *corner)
        files.append(write(folder / f"{number}a.jpg", first))
        files.append(write(folder / f"{number}b.jpg", change(second), 75))
    for number, frame in enumerate(frames[len(PLANTED) :]):
        files.append(write(folder / f"{number}.jpg", cut(frame, 40, 40)))
    labels = np.arange(len(files)) % 2
    return ImageIndex(files, labels, ("dent", "rust"))


@pytest.fixture(scope="module")
def found(planted):
    return find_overlaps(planted, quiet=True)


def test_all_planted_overlaps_and_no_other(found):
    pairs = [(pair.first, pair.second) for pair in found.pairs]
    assert pairs == [(2 * n, 2 * n + 1) for n in range(len(PLANTED))]
    assert found.groups == [list(pair) for pair in pairs]
    assert found.counts["dent"]["pairs"] == len(PLANTED)
    assert found.counts["rust"]["in_groups"] == len(PLANTED)


@pytest.mark.parametrize("number", range(len(PLANTED)), ids=list(PLANTED))
def test_area_and_placement(found, number):
    _, (left, top), expected = list(PLANTED.values())[number]
    pair = found.pairs[number]
    shared = (SIDE - left) * (SIDE - top) / SIDE**2
    assert pair.area == pytest.approx(shared, abs=0.01)
    placement = pair.placement
    assert placement.mirrored == expected.get("mirrored", False)
    assert placement.turns == expected.get("turns", 0)
    assert placement.scale == pytest.approx(expected.get("scale", 1.0), rel=0.01)
    assert (placement.left, placement.top) == pytest.approx((left, top), abs=0.5)


def test_the_number_of_threads_changes_nothing(planted, found):
    assert find_overlaps(planted, threads=1, quiet=True) == found


def test_json(found):
    content = json.loads(json.dumps(found.to_json()))
    assert content["pairs"][0]["first"] == "0a.jpg"
    assert content["pairs"][3]["placement"]["turns"] == 3
    assert content["groups"][0] == ["0a.jpg", "0b.jpg"]


def test_least_area(planted, found):
    areas = [pair.area for pair in found.pairs]
    larger = find_overlaps(planted, least=0.7, quiet=True)
    assert len(larger.pairs) == sum(area >= 0.7 for area in areas)
    with pytest.raises(InputError, match="least must be above 0 and at most 1"):
        find_overlaps(planted, least=0.0)


def test_a_chain_is_one_group_and_completed(frames, tmp_path):
    corners = [(0, 0), (30, 0), (60, 0), (90, 0)]
    files = [
        write(tmp_path / f"{n}.png", cut(frames[0], *corner))
        for n, corner in enumerate(corners)
    ]
    found = find_overlaps(ImageIndex(files, [0] * 4, ("dent",)), quiet=True)
    assert found.groups == [[0, 1, 2, 3]]
    pairs = {(pair.first, pair.second) for pair in found.pairs}
    # 90 of 128 columns apart, the outer two share less than 40 %.
    assert pairs == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)}


def test_files_without_a_surface(tmp_path):
    blank = np.full((64, 64), 99, np.uint8)
    files = [
        write(tmp_path / "blank.png", blank),
        write(tmp_path / "another.png", blank + 1),
        tmp_path / "broken.png",
        tmp_path / "missing.png",
        tmp_path / "broken_again.png",
        write(tmp_path / "narrow.png", np.arange(64, dtype=np.uint8)[None]),
    ]
    for file in (files[2], files[4]):
        file.write_bytes(b"no image")
    found = find_overlaps(ImageIndex(files, [0] * 6, ("dent",)), quiet=True)
    # Equal bytes are equal images, whatever they show.
    assert found.groups == [[2, 4]]
    assert found.pairs[0].area == 1.0 and found.pairs[0].difference == 0.0
    none = find_overlaps(ImageIndex(files[:1], [0], ("dent",)), quiet=True)
    assert none.pairs == [] and none.counts["dent"]["images"] == 1


def test_drawn_images_share_nothing(tmp_path):
    index = open_dataset(write_dataset(tmp_path, 5, 64, quiet=True))
    assert find_overlaps(index, quiet=True).pairs == []


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_placements_do_what_numpy_does(mirrored, turns):
    image = np.arange(6 * 9).reshape(6, 9)
    placement = Placement(mirrored, turns, 1.0, 3.0, -2.0)
    turned = placement.turned(image)
    for y, x in np.ndindex(image.shape):
        # From the middle of a pixel to the middle of a pixel.
        ((u, v),) = placement.apply(np.array([[x + 0.5, y + 0.5]]), image.shape)
        assert turned[int(v + 2), int(u - 3)] == image[y, x]
    again = Placement.of(placement.matrix(image.shape), image.shape)
    assert again == placement
    scaled = Placement(mirrored, turns, 0.5, 3.0, -2.0)
    assert Placement.of(scaled.matrix((6, 9)), (6, 9)) == scaled


def test_shared_area_is_of_the_smaller_image():
    assert Placement(left=5).shared((10, 10), (10, 10)) == 0.5
    assert Placement(left=30, top=30).shared((10, 10), (100, 100)) == 1.0
    assert Placement(left=100).shared((10, 10), (100, 100)) == 0.0
    assert Placement(turns=1, top=10).shared((10, 20), (20, 10)) == 0.5
    with pytest.raises(ValueError, match="must turn by quarters"):
        Placement.of(np.array([[0.7, 0.7, 0], [-0.7, 0.7, 0], [0, 0, 1]]), (5, 5))


def test_a_guess_is_mended_to_the_pixel(frames):
    first, second = cut(frames[1], 0, 0), cut(frames[1], 31, 17)
    placement, difference, likeness = compare(
        first, second, Placement(left=29, top=20), 0
    )
    assert (placement.left, placement.top) == (31, 17)
    assert difference == 0 and likeness == pytest.approx(1)
    assert compare(first, second, Placement(left=29, top=20), 0.9) is None
    assert compare(first, second, Placement(left=SIDE), 0.4) is None


def test_straight_scratches_on_two_surfaces_are_two_images():
    """They lie on each other wherever they are; the grain beside them differs."""
    images = []
    for seed in range(2):
        grain = np.random.default_rng(seed).normal(0, 6, (SIDE, SIDE))
        image = 90 + cv2.GaussianBlur(grain, (0, 0), 1)
        image += 60 * np.exp(-(((np.arange(SIDE) - 50) / 3) ** 2))
        images.append(np.round(image).astype(np.uint8))
    _, difference, likeness = compare(*images, Placement(), 0.4)
    assert difference < 2 and likeness < 0.3
    _, difference, likeness = compare(images[0], images[0], Placement(), 0.4)
    assert difference == 0 and likeness == pytest.approx(1)


def test_groups_are_what_pairs_join():
    assert connected([], 3) == []
    assert connected([(5, 1), (2, 3), (1, 0)], 6) == [[0, 1, 5], [2, 3]]


@pytest.fixture
def parted(frames, tmp_path):
    """Overlapping crops in two parts and in two classes, one of them turned."""
    for name, frame, corner in (
        ("train/dent/1", 0, (0, 0)),
        ("test/dent/2", 0, (20, 30)),
        ("train/dent/3", 1, (0, 0)),
        ("train/rust/4", 1, (40, 0)),
        ("train/rust/5", 2, (0, 0)),
        ("test/rust/6", 3, (0, 0)),
    ):
        file = tmp_path / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, np.rot90(cut(frames[frame], *corner), name == "train/rust/4"))
    return tmp_path


def test_check_tells_parts_and_classes_that_share_pixels(parted, tmp_path):
    plain = check(parted, quiet=True)
    assert plain.findings == [] and plain.overlaps is None
    sheet = tmp_path / "sheet.png"
    found = check(parted, sheet=sheet, quiet=True)
    assert [len(group) for group in found.overlaps.groups] == [2, 2]
    parts, classes = found.findings
    assert parts.startswith(
        "1 pairs of images of different parts share pixels, such as"
    )
    assert "2.png" in parts and "1.png (65% shared" in parts
    assert "different classes" in classes and "turned by 270 degrees" in classes
    picture = cv2.imread(str(sheet))
    # Two pixels around each of two rows of three, a line of 16 for the words.
    assert picture.shape == (2 * (16 + 200 + 2) + 2, 3 * (200 + 2) + 2, 3)
    # What was laid on the first image is the same: the difference is black.
    assert picture[18:218, 406:606].max() <= 8
    assert picture[18:218, 2:202].max() > 50


def test_no_sheet_where_nothing_overlaps(tmp_path):
    folder = write_dataset(tmp_path / "drawn", 1, 64, quiet=True)
    found = check(folder, sheet=tmp_path / "sheet.png", quiet=True)
    assert found.sheet is None and found.overlaps.pairs == []
    assert not (tmp_path / "sheet.png").exists()
    with pytest.raises(InputError, match="nothing to show"):
        overlap_sheet(found.overlaps, open_dataset(folder))


@pytest.mark.slow
def test_known_pairs_of_neu(neu_det):
    index = open_dataset(neu_det)
    found = find_overlaps(index, quiet=True)
    number = {name.rpartition("/")[2]: i for i, name in enumerate(index.names())}
    area = {(pair.first, pair.second): pair.area for pair in found.pairs}
    for first, second, least in (
        ("rolled-in_scale_64", "rolled-in_scale_65", 0.8),
        ("pitted_surface_171", "pitted_surface_292", 0.97),
        ("patches_15", "patches_16", 0.67),
        ("patches_101", "patches_105", 1.0),
    ):
        assert area[number[f"{first}.jpg"], number[f"{second}.jpg"]] >= least
    # A search of all shifts without turns, by another program, names 919 pairs.
    shifted = [
        p for p in found.pairs if not (p.placement.turns or p.placement.mirrored)
    ]
    assert len(shifted) >= 0.95 * 919
    assert all(index.labels[p.first] == index.labels[p.second] for p in found.pairs)
