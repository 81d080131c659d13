import keras
import numpy as np
import pytest

from rkd_keras.losses import BalancedSoftmaxLoss, LossStateCallback


def compiled(loss):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", loss)
    return model


def test_a_loss_without_state_may_be_given():
    callback = LossStateCallback()
    x, y = np.eye(2, dtype="float32"), np.arange(2)
    compiled(BalancedSoftmaxLoss([3, 1])).fit(
        x, y, validation_data=(x, y), verbose=0, callbacks=[callback]
    )
    assert callback.get_state() == {}


def test_a_loss_that_is_not_ours_is_an_error():
    x, y = np.eye(2, dtype="float32"), np.arange(2)
    with pytest.raises(ValueError, match="ImbalanceLoss.*loss=mse"):
        compiled("mse").fit(x, y, verbose=0, callbacks=[LossStateCallback()])


def test_evaluation_outside_training_is_harmless():
    x, y = np.eye(2, dtype="float32"), np.arange(2)
    callback = LossStateCallback()
    compiled("sparse_categorical_crossentropy").evaluate(
        x, y, verbose=0, callbacks=[callback]
    )
    assert callback.get_state() == {}
