import numpy as np
import pytest
from rolled_surfaces import crazed_surface as crazed
from rolled_surfaces import rolled_surface as surface

from rkd_keras.errors import InputError
from rkd_keras.files.images import encode_image
from rkd_keras.rating import NormalSurface, learn_normal
from rkd_keras.rating.normal import (
    good_statistics,
    learn_from_statistics,
    open_normal,
)


@pytest.fixture(scope="module")
def normal():
    return learn_normal(surface(seed) for seed in range(30))


def test_another_texture_is_odd_where_it_is(normal):
    squares, scores = normal.judge(crazed())
    inside = squares[:, 0] >= 96
    assert (scores[inside] > 1).all() and not (scores[squares[:, 0] < 32] > 1).any()


def test_few_good_squares_are_given_up(normal):
    scores = np.concatenate([normal.judge(surface(s))[1] for s in range(100, 140)])
    assert (scores > 1).mean() <= 0.04
    assert (normal.images, normal.squares) == (30, 30 * 15)


def test_a_few_bad_images_among_the_good_do_little_harm():
    images = [surface(seed) for seed in range(30)]
    images[::10] = [surface(seed, grain=3.0) for seed in (300, 301, 302)]
    scores = learn_normal(images, false_alarm_rate=0.15).judge(crazed())[1]
    assert (scores > 1).sum() >= 6


def test_marked_squares_and_pictures_of_nothing_are_not_learnt_from():
    image = surface(0)
    image[20:40, 20:30] = 20
    assert len(good_statistics(image)) == 15 - 2
    mask = np.zeros(image.shape, bool)
    mask[:, 100:] = True
    assert len(good_statistics(image, mask=mask)) == 3 * 2
    black = np.zeros((128, 192), np.uint8)
    with pytest.raises(InputError, match="1 images have 15 squares without a mark"):
        learn_normal([surface(0), black, black])


def test_a_file_holds_what_was_learnt(normal, tmp_path):
    normal.save(tmp_path / "normal.npz")
    again = open_normal(tmp_path / "normal.npz")
    assert (again.side, again.squares) == (normal.side, normal.squares)
    found, expected = again.judge(crazed())[1], normal.judge(crazed())[1]
    np.testing.assert_array_equal(found, expected)
    assert open_normal(normal) is normal and open_normal(None) is None


def test_a_folder_of_good_images_is_learnt_from(tmp_path):
    for seed in range(8):
        (tmp_path / f"{seed}.png").write_bytes(encode_image(surface(seed)))
    assert open_normal(tmp_path).images == 8


@pytest.mark.parametrize("content", [b"", b"PK", b"nothing"])
def test_a_file_of_something_else_is_refused(content, tmp_path, normal):
    path = tmp_path / "normal.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="normal.npz holds no normal surface"):
        NormalSurface.load(path)
    normal.save(path)
    data = dict(np.load(path))
    data["references"] = data["references"][:, :3]
    np.savez(path, **data)
    with pytest.raises(InputError, match="learn it again"):
        NormalSurface.load(path)
    with pytest.raises(InputError, match="no such file"):
        NormalSurface.load(tmp_path / "gone.npz")


@pytest.mark.parametrize(
    "settings, message",
    [({"side": 8}, "at least 16 pixels"), ({"false_alarm_rate": 0}, "between 0 and 1")],
)
def test_settings_that_cannot_be_used_are_named(settings, message):
    with pytest.raises(InputError, match=message):
        learn_normal([surface(0), surface(1)], **settings)


def test_squares_of_one_image_alone_cannot_be_compared():
    with pytest.raises(InputError, match="nearly all good squares are of one image"):
        learn_normal([surface(0, (512, 512)), surface(1, (64, 64))])


def test_a_picture_too_small_for_squares_has_none(normal):
    assert len(normal.judge(np.zeros((9, 40), np.uint8))[1]) == 0


def test_a_few_strange_squares_do_not_move_the_threshold():
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(20, 18)) for _ in range(50)]
    clean = learn_from_statistics(rows, false_alarm_rate=0.01).nearness.threshold
    rows[7][:15] += rng.normal(0, 40, (15, 18))
    threshold = learn_from_statistics(rows, false_alarm_rate=0.01).nearness.threshold
    assert threshold < 3 * clean
