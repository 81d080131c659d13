"""Both runtimes give the answers of the network itself."""

import keras
import numpy as np
import pytest

from rkd_keras.models import EfficientNetLite0, tapped
from rkd_keras.trainers import frozen_network
from rkd_keras.trainers.frozen_network import WORTH_CONVERTING


@pytest.mark.parametrize("pixels", [0, WORTH_CONVERTING])
def test_answers_are_the_networks_own(pixels):
    keras.utils.set_random_seed(0)
    model = EfficientNetLite0(num_classes=3, width=0.25, input_shape=(32, 32, 3))
    model = tapped(model)
    answer = frozen_network(model, pixels)
    rng = np.random.default_rng(0)
    for count in (5, 2):
        images = rng.uniform(0, 255, (count, 32, 32, 3)).astype("float32")
        found, wanted = answer(images), model.predict(images, verbose=0)
        assert [each.dtype for each in found] == ["float32", "float32"]
        for a, b in zip(found, wanted, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_a_network_of_half_precision_is_answered_for_by_tensorflow():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = EfficientNetLite0(num_classes=3, width=0.25, input_shape=(32, 32, 3))
    finally:
        keras.config.set_dtype_policy("float32")
    images = np.zeros((2, 32, 32, 3), "float32")
    [answers] = frozen_network(model, WORTH_CONVERTING)(images)
    assert answers.dtype == "float32" and answers.shape == (2, 3)
