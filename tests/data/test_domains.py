import cv2
import numpy as np
import pytest

from rkd_keras.data.domains import (
    domain_levels,
    grey_images,
    match_domains,
    open_domain,
    unpaired_dataset,
)
from rkd_keras.errors import InputError


def write(folder, count, size=(20, 30), colour=False):
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(count)
    for i in range(count):
        shape = (*size, 3) if colour else size
        cv2.imwrite(str(folder / f"{i:03}.png"), rng.integers(0, 256, shape, "uint8"))
    return folder


def test_levels_of_a_line_are_those_of_its_middle_image():
    rng = np.random.default_rng(0)
    images = np.stack(
        [rng.normal(level, spread, (40, 40, 1)).round().clip(0, 255).astype("uint8")
         for level, spread in ((60, 3), (100, 12), (140, 6), (255, 0), (110, 30))]
    )  # fmt: skip
    level, spread = domain_levels(images)
    assert abs(level - 110) <= 1
    # Of a normal distribution: 0.6745 standard deviations.
    assert abs(spread - 0.6745 * 6) <= 0.5
    assert domain_levels(images[3:4]) == (255.0, 1.0)


def test_domains_of_other_size_and_channels_are_brought_together(tmp_path):
    a = open_domain("A", write(tmp_path / "a", 9), (16, 16))
    b = open_domain("B", [write(tmp_path / "b", 8, (16, 16), colour=True)], (16, 16))
    assert a.is_grey and not b.is_grey
    x, y, messages = match_domains(a, b, (16, 16))
    assert x.shape == (9, 16, 16, 3) and y.shape == (8, 16, 16, 3)
    assert messages == [
        "domain A has images of 30x20 pixels; they are resized to 16x16",
        "domain A is grey, domain B has colour; grey is repeated on three channels",
    ]
    x, y, messages = match_domains(a, b, (16, 16), grey=True)
    assert x.shape == (9, 16, 16, 1) and y.shape == (8, 16, 16, 1)
    assert messages[1].endswith("both are made grey")


def test_two_grey_domains_need_no_words(tmp_path):
    domains = [open_domain(n, write(tmp_path / n, 8, (16, 16)), (16, 16)) for n in "ab"]
    x, y, messages = match_domains(*domains, (16, 16))
    assert x.shape[-1] == y.shape[-1] == 1
    assert messages == []
    assert match_domains(*domains, (16, 16), grey=False)[0].shape[-1] == 3


def test_too_few_images(tmp_path):
    with pytest.raises(InputError, match="domain A has 7 images .* at least 8"):
        open_domain("A", write(tmp_path / "a", 7), (16, 16))


def test_grey_images():
    images = np.zeros((1, 1, 2, 3), "uint8")
    images[0, 0] = [[255, 0, 0], [9, 9, 9]]
    assert grey_images(images).ravel().tolist() == [76, 9]


def numbered(count, start=0):
    numbers = np.arange(start, start + count).reshape(-1, 1, 1, 1)
    return (numbers * np.ones((1, 4, 4, 1))).astype("uint8")


def test_an_epoch_shows_the_larger_domain_once_and_the_smaller_evenly():
    dataset, steps = unpaired_dataset(numbered(12), numbered(5, 100), batch_size=4)
    assert steps == 3
    batches = list(dataset.take(steps))
    x, y = (np.concatenate([b[i].numpy()[:, 0, 0, 0] for b in batches]) for i in (0, 1))
    assert sorted(x) == list(range(12))
    counts = np.bincount(y.astype(int))[100:]
    assert set(counts) == {2, 3}


def test_a_resumed_stream_goes_on_alike():
    x, y = np.random.default_rng(0).integers(0, 256, (2, 6, 4, 4, 1))
    whole, steps = unpaired_dataset(x, y, 2, seed=5)
    resumed, _ = unpaired_dataset(x, y, 2, seed=5, initial_epoch=1)
    later = list(whole.take(2 * steps))[steps:]
    for (a, b), (c, d) in zip(later, resumed.take(steps), strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


def test_flips_mirror_and_lose_nothing():
    x = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 1))
    dataset, _ = unpaired_dataset(x, x, 1)
    seen = {b.numpy().astype(int).tobytes() for b, _ in dataset.take(60)}
    mirrored = [x, x[:, ::-1], x[:, :, ::-1], x[:, ::-1, ::-1]]
    assert seen == {np.ascontiguousarray(m).tobytes() for m in mirrored}
    plain, _ = unpaired_dataset(x, x, 1, flips=False)
    assert len({b.numpy().tobytes() for b, _ in plain.take(10)}) == 1
