import subprocess
import sys

import cv2
import numpy as np
import pytest

from rkd_keras.data.synthetic import draw_image
from rkd_keras.errors import InputError
from rkd_keras.measure import segment
from rkd_keras.measure.benchmark import intersection_over_union as iou


def line(size=200):
    mask = np.zeros((size, size), np.uint8)
    cv2.line(mask, (40, 5), (60, 190), 1, 5)
    return mask > 0


@pytest.mark.parametrize("contrast", [-0.5, -0.15, 0.2, 0.8])
@pytest.mark.parametrize("shape", ["small", "large", "line"])
def test_finds_dark_and_bright_marks_under_uneven_light(strip, disc, contrast, shape):
    mask = {
        "small": disc(60, 50, 8) | disc(150, 120, 10),
        "large": disc(90, 100, 45),
        "line": line(),
    }[shape]
    found = segment(strip([mask], contrast))
    assert found.dtype == bool
    assert iou(found, mask) > 0.75


@pytest.mark.parametrize(
    ("name", "least"), [("inclusion", 0.6), ("patches", 0.6), ("scratches", 0.45)]
)
def test_beats_the_papers_method_on_drawn_defects(name, least):
    ours, papers = [], []
    for seed in range(12):
        drawing = draw_image(name, 200, seed)
        ours.append(iou(segment(drawing.image), drawing.mask))
        papers.append(iou(segment(drawing.image, "paper"), drawing.mask))
    assert np.mean(ours) > least
    assert np.mean(ours) > np.mean(papers)


@pytest.mark.parametrize("light", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("noise", [0.0, 3.0, 12.0, 25.0])
def test_uneven_light_and_noise_are_no_defects(strip, noise, light):
    for seed in range(5):
        assert not segment(strip([], 0, noise=noise, light=light, seed=seed)).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 2), (40, 900)])
@pytest.mark.parametrize("method", ["default", "paper"])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_flat_image_of_any_shape_has_no_defect(shape, method, value):
    found = segment(np.full(shape, value, np.uint8), method)
    assert found.shape == shape
    assert found.dtype == bool
    assert not found.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (2, 2), (7, 400), (64, 64)])
def test_any_size_is_segmented(shape):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    for method in ("default", "paper"):
        assert segment(image, method).shape == shape


def test_grey_colour_and_16_bit_images_give_one_mask(strip, disc):
    grey = strip([disc(100, 100, 20)], -0.4)
    expected = segment(grey)
    assert expected.any()
    assert (segment(np.repeat(grey[..., None], 3, -1)) == expected).all()
    assert (segment(grey.astype(np.uint16) * 257) == expected).all()


def test_brightness_changes_little(strip, disc):
    grey = strip([disc(100, 80, 15), disc(40, 150, 12)], -0.4, noise=2)
    darker = np.round(grey * 0.6).astype(np.uint8)
    assert iou(segment(grey), segment(darker)) > 0.9


def test_turning_the_image_turns_the_mask(strip, disc):
    grey = strip([disc(60, 80, 15) | line()], 0.5)
    for turn in (lambda a: a[::-1], lambda a: a[:, ::-1], np.transpose, np.rot90):
        turned = segment(np.ascontiguousarray(turn(grey)))
        assert iou(turned, turn(segment(grey))) > 0.93


def test_a_known_polarity_is_obeyed(strip, disc):
    dark, bright = disc(50, 100, 15), disc(150, 100, 15)
    image = strip([dark], -0.5)
    image = np.where(bright, 230, image).astype(np.uint8)
    assert iou(segment(image, polarity="dark"), dark) > 0.7
    assert iou(segment(image, polarity="bright"), bright) > 0.7


def test_min_contrast_leaves_faint_marks_out(strip, disc):
    faint = strip([disc(100, 100, 20)], -0.1, noise=1)
    assert segment(faint, min_contrast=0.03).any()
    assert not segment(faint, min_contrast=0.3).any()


def test_a_prior_chooses_between_marks(strip, disc):
    left, right = disc(50, 100, 14), disc(150, 100, 14)
    image = strip([left, right], -0.4)
    both = segment(image)
    assert both[left].any() and both[right].any()
    heat = np.zeros((8, 8))
    heat[:, :4] = 1
    found = segment(image, prior=heat)
    assert iou(found, left) > 0.8
    assert not found[right].any()


def test_a_prior_that_says_nothing_changes_nothing(strip, disc):
    image = strip([disc(50, 100, 14), disc(150, 60, 9)], -0.4)
    expected = segment(image)
    assert (segment(image, prior=np.ones((4, 4))) == expected).all()
    assert (segment(image, prior=np.zeros((4, 4))) == expected).all()


def test_tiles_find_what_one_tile_finds(strip, disc):
    mask = np.zeros((600, 600), bool)
    for x, y in ((70, 80), (290, 300), (450, 120), (150, 500), (520, 530)):
        mask |= disc(x, y, 14, 600)
    image = strip([mask], -0.4, size=600)
    whole = segment(image)
    tiled = segment(image, tile=256)
    assert iou(whole, mask) > 0.85
    assert iou(tiled, mask) > 0.8


def test_the_prior_lies_over_the_right_tile(strip, disc):
    size = 600
    left, right = disc(100, 300, 14, size), disc(500, 300, 14, size)
    image = strip([left | right], -0.4, size=size)
    # Over the left half only; tiles without heat have no evidence at all.
    heat = np.zeros((10, 10))
    heat[:, :5] = 1
    found = segment(image, prior=heat, tile=256)
    assert found[left].mean() > 0.8
    assert not found[right].any()


def test_memory_is_bounded_by_tiles():
    code = """
import resource, sys
import numpy as np
from rkd_keras.measure import measure, segment
segment(np.zeros((300, 300), "uint8"))
image = np.random.default_rng(0).integers(118, 123, (4000, 6000)).astype("uint8")
image[1000:1040, 2000:2060] = 30
image[1900:2100, 3050:3100] = 30
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = measure(image)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(result.count, int(result.area), grown // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    count, area, grown = map(int, done.stdout.split())
    assert count == 2
    assert abs(area - 40 * 60 - 200 * 50) < 600
    # 24 megapixels: the mask, its contours' copy, one strip of labels.
    assert grown < 24 * 3 + 250


def test_the_papers_method_is_its_steps():
    image = np.full((60, 60), 90, np.uint8)
    image[20:40, 20:40] = 180
    found = segment(image, "paper")
    filtered = cv2.bilateralFilter(image, 9, 75, 75)
    low, high = np.percentile(filtered, [1, 99])
    stretched = np.clip((filtered - low) / (high - low) * 255, 0, 255).astype("uint8")
    threshold, _ = cv2.threshold(stretched, 0, 255, cv2.THRESH_OTSU)
    assert (found == (stretched > threshold)).all()
    assert found.sum() == 400


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "otsu"}, "method=otsu"),
        ({"polarity": "grey"}, "polarity=grey"),
        ({"min_contrast": 2}, "min_contrast=2"),
        ({"tile": 10}, "tile=10"),
        ({"prior": np.zeros(4)}, "`prior`"),
        ({"prior": np.array([[np.nan]])}, "finite=False"),
        ({"prior": -np.ones((2, 2))}, "must not be negative"),
        ({"prior": np.ones((2, 2)), "method": "paper"}, "`prior`"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        segment(np.zeros((9, 9), np.uint8), **arguments)


@pytest.mark.parametrize(
    "image",
    [np.zeros((0, 5), np.uint8), np.zeros((5, 5)), np.zeros(5, np.uint8), "a.png"],
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(InputError):
        segment(image)
