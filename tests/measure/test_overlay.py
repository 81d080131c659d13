import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.measure import (
    color_components,
    draw_boxes,
    draw_centroids,
    draw_outlines,
    extract_rois,
    measure,
    overlay,
    preprocessing_panels,
    six_panels,
)
from rkd_keras.measure.overlay import GREEN, RED, display_image
from rkd_keras.measure.panels import salient


@pytest.fixture
def marked():
    image = np.full((60, 80), 180, np.uint8)
    mask = np.zeros(image.shape, bool)
    mask[10:20, 30:50] = mask[40:46, 5:11] = True
    image[mask] = 60
    return image, mask


def blank(mask):
    return np.zeros((*mask.shape, 3), np.uint8)


def where(canvas, color):
    return (canvas == color).all(-1)


def test_outlines_are_the_boundary_pixels(marked):
    _, mask = marked
    drawn = where(draw_outlines(blank(mask), mask), GREEN)
    inner = mask.copy()
    inner[10:20, 30:50] = inner[40:46, 5:11] = False
    inner[11:19, 31:49] = inner[41:45, 6:10] = True
    assert (drawn == (mask & ~inner)).all()


def test_boxes_stand_around_the_defects(marked):
    _, mask = marked
    drawn = where(draw_boxes(blank(mask), measure(None, mask)), RED)
    assert not drawn[mask].any()
    assert drawn[9, 29:51].all() and drawn[20, 29:51].all()
    assert drawn[9:21, 29].all() and drawn[9:21, 50].all()
    assert drawn.sum() == 2 * (22 + 10) + 2 * (8 + 6)


def test_boxes_at_the_border_stay_visible():
    mask = np.ones((40, 40), bool)
    drawn = where(draw_boxes(blank(mask), measure(None, mask)), RED)
    assert drawn[0].all() and drawn[-1].all() and drawn[:, 0].all()


@pytest.mark.parametrize("scale", [None, 0.1])
def test_centroids_are_in_pixels_whatever_the_unit(marked, scale):
    _, mask = marked
    result = measure(None, mask, mm_per_pixel=scale)
    drawn = where(draw_centroids(blank(mask), result), (255, 210, 0))
    y, x = np.nonzero(drawn[:30])
    assert (x.mean(), y.mean()) == pytest.approx((39.5, 14.5), abs=0.6)


def test_drawing_follows_the_size_of_the_picture(marked):
    image, mask = marked
    canvas = display_image(image, 180)
    assert canvas.shape == (180, 240, 3)
    drawn = where(draw_outlines(canvas, mask), GREEN)
    y, x = np.nonzero(drawn[:90])
    assert (x.min(), x.max()) == pytest.approx((30 * 3, 50 * 3), abs=3)
    assert (y.min(), y.max()) == pytest.approx((10 * 3, 20 * 3), abs=3)


def test_large_images_are_shrunk_for_display():
    assert display_image(np.zeros((100, 5000), np.uint8)).shape == (32, 1600, 3)
    assert display_image(np.zeros((1, 1), np.uint8)).shape == (400, 400, 3)


def test_components_have_colours_of_their_own(marked):
    image, mask = marked
    canvas = color_components(image, mask)
    first, second = canvas[15, 40], canvas[43, 8]
    assert where(canvas, first)[10:20, 30:50].all()
    assert where(canvas, second)[40:46, 5:11].all()
    assert (first != second).any()
    assert (canvas[~mask] == 90).all()


def test_rois_are_the_boxes(marked):
    image, mask = marked
    first, second = extract_rois(image, measure(None, mask))
    assert first.shape == (10, 20) and second.shape == (6, 6)
    assert (first == 60).all() and (second == 60).all()
    wide = extract_rois(image, measure(None, mask), margin=100)[0]
    assert wide.shape == image.shape


@pytest.mark.parametrize("shape", [(60, 80), (1, 1), (300, 20)])
def test_figures_of_flat_and_odd_images(shape):
    flat = np.full(shape, 99, np.uint8)
    assert overlay(flat, label="x").dtype == np.uint8
    for figure in (six_panels(flat), preprocessing_panels(flat)):
        assert figure.dtype == np.uint8
        assert figure.shape[-1] == 3


def test_the_six_panels_differ(marked):
    image, mask = marked
    figure = six_panels(image, mask, side=60)
    tiles = [
        figure[12 + i * 106 : 72 + i * 106, 12 + j * 92 : 92 + j * 92]
        for i in range(2)
        for j in range(3)
    ]
    assert all(t.shape == (60, 80, 3) for t in tiles)
    for i in range(6):
        for j in range(i):
            assert (tiles[i] != tiles[j]).any()
    assert (tiles[0][..., 0] == image).all()


def test_salient_keeps_the_large():
    mask = np.zeros((50, 50), bool)
    mask[:20, :20] = mask[30, 30] = mask[40:48, 40:48] = True
    kept = salient(measure(None, mask))
    assert [d.area for d in kept.defects] == [400, 64]


def test_a_mask_of_another_size_is_refused(marked):
    image, mask = marked
    with pytest.raises(InputError, match="image's size"):
        overlay(image, mask[:-1])
