import keras
import numpy as np
import pytest
import tensorflow as tf

from rkd_keras.trainers import ImagePool


def stream(first, count):
    values = np.arange(first, first + count, dtype="float32")
    return values[:, None, None, None] * np.ones((1, 2, 2, 1), "float32")


def test_fills_first_then_gives_old_images_back():
    pool = ImagePool(10, seed=1)
    np.testing.assert_array_equal(pool(stream(0, 10)), stream(0, 10))
    seen = set(range(10))
    old = 0
    for value in range(10, 210):
        given = int(pool(stream(value, 1))[0, 0, 0, 0])
        assert given in seen | {value}
        old += given != value
        seen.add(value)
    assert 70 < old < 130


def test_an_image_leaves_the_pool_only_once():
    pool = ImagePool(4, seed=2)
    given = np.concatenate([pool(stream(4 * i, 4)) for i in range(40)])
    counts = np.bincount(given[:, 0, 0, 0].astype(int))
    # Once as itself while it fills, or once out of the pool.
    assert (counts[4:] <= 1).all()
    assert counts.sum() == 160


def test_in_a_graph_with_a_batch_larger_than_the_pool():
    pool = ImagePool(3, seed=0)
    ask = tf.function(pool)
    np.testing.assert_array_equal(ask(stream(0, 3)), stream(0, 3))
    given = np.concatenate([ask(stream(3 + 8 * i, 8)) for i in range(10)])
    assert given.shape == (80, 2, 2, 1)
    assert given[:, 0, 0, 0].max() <= 82


def test_no_pool():
    pool = ImagePool(0)
    for i in range(5):
        np.testing.assert_array_equal(pool(stream(i, 1)), stream(i, 1))


def test_keeps_pixels_under_a_half_precision_policy():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        pool = ImagePool(1, seed=0)
    finally:
        keras.config.set_dtype_policy(policy)
    images = stream(0, 1) + 200.3
    np.testing.assert_array_equal(pool(images), images)


def test_the_store_is_part_of_the_weights():
    pool = ImagePool(2, seed=0)
    pool(stream(7, 2))
    copy = ImagePool.from_config(pool.get_config())
    copy.build((None, 2, 2, 1))
    for mine, other in zip(copy.variables, pool.variables, strict=True):
        mine.assign(other)
    for i in range(20):
        np.testing.assert_array_equal(copy(stream(i, 1)), pool(stream(i, 1)))


def test_bad_size():
    with pytest.raises(ValueError, match="size=-1"):
        ImagePool(-1)
