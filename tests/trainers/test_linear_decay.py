import keras
import numpy as np
import pytest

from rkd_keras.trainers import LinearDecay


def test_linear_decay():
    schedule = LinearDecay(1.0, total_steps=200, decay_start=0.25)
    steps = np.arange(0, 260, 10)
    expected = np.clip((200 - steps) / 150, 0, 1)
    np.testing.assert_allclose([schedule(s) for s in steps], expected, atol=1e-6)
    constant = LinearDecay(1.0, 10, decay_start=1.0)
    np.testing.assert_allclose([constant(s) for s in (0, 5, 9)], 1.0)
    copy = keras.optimizers.schedules.deserialize(
        keras.optimizers.schedules.serialize(schedule)
    )
    assert copy.get_config() == schedule.get_config()
    with pytest.raises(ValueError, match="decay_start=2"):
        LinearDecay(1.0, 10, decay_start=2)
