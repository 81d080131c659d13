import sys
import urllib.error

import keras
import numpy as np
import pytest

from rkd_keras import models
from rkd_keras.errors import InputError
from rkd_keras.models import applications
from rkd_keras.models.taps import layer_call

NETWORKS = applications.applications()


def unbuilt(name, **options):
    """The network without drawn weights: shapes suffice."""
    with keras.StatelessScope(initialize_variables=False):
        return models.create_model(name, input_shape=(64, 64, 3), **options)


@pytest.mark.parametrize("name", NETWORKS)
def test_preprocessing_is_keras_own(name):
    builder = NETWORKS[name]
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 3, 5, 3)).astype("float32")
    expected = sys.modules[builder.__module__].preprocess_input(pixels.copy())
    inputs = keras.Input((3, 5, 3))
    prepared = applications._preprocessed(inputs, builder)
    if prepared is inputs:
        np.testing.assert_array_equal(expected, pixels)
        return
    model = keras.Model(inputs, prepared)
    np.testing.assert_allclose(model(pixels), expected, rtol=1e-4, atol=1e-4)


def test_a_network_by_its_name():
    model = unbuilt("MobileNetV3-Small", num_classes=4, dropout=0.2)
    assert model.name == "mobilenetv3small"
    assert model.input_shape == (None, 64, 64, 3)
    maps, embedding = layer_call(model, "embedding")
    assert (len(maps.shape), embedding.shape) == (4, (None, 576))
    assert model.get_layer("logits").kernel.shape == (576, 4)
    assert models.tapped(model).output_shape == [(None, 4), (None, 576)]


def test_the_tables_own_come_first():
    assert unbuilt("resnet50", width=0.125).get_layer("stem_conv")
    assert unbuilt("keras_resnet50").get_layer("conv1_conv")
    assert not {*models.list_models()} & {"efficientnetv2b0", "vgg16"}


def test_convnext_normalises_what_was_pooled():
    model = unbuilt("convnexttiny")
    embedding = layer_call(model, "embedding")[1]
    logits_of = layer_call(model, "logits")[0]
    operation = logits_of._keras_history.operation
    assert isinstance(operation, keras.layers.LayerNormalization)
    assert embedding.shape == logits_of.shape == (None, 768)


def test_numbers_of_keras_own_network():
    """The same weights, the same features."""
    keras.utils.set_random_seed(0)
    model = models.application_classifier("mobilenet", 3, (32, 32, 3))
    own = keras.applications.MobileNet(
        include_top=False, weights=None, pooling="avg", input_shape=(32, 32, 3)
    )
    own.set_weights(model.get_weights()[:-2])
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    embedding = models.tapped(model)(pixels)[1]
    prepared = keras.applications.mobilenet.preprocess_input(pixels.copy())
    assert np.std(embedding) > 0
    np.testing.assert_allclose(embedding, own(prepared), rtol=1e-4, atol=1e-5)


def test_without_preprocessing():
    bare = unbuilt("mobilenet", include_preprocessing=False)
    assert "preprocessing" not in [layer.name for layer in bare.layers]
    inside = unbuilt("efficientnetv2b0", include_preprocessing=False)
    assert not [x for x in inside.layers if isinstance(x, keras.layers.Rescaling)]
    with pytest.raises(InputError, match="EfficientNetB0 of keras.applications always"):
        unbuilt("efficientnetb0", include_preprocessing=False)


def test_weights_that_cannot_be_fetched(monkeypatch, tmp_path):
    def offline(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", offline)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    # Keras keeps this one under another name than the network does.
    pattern = (
        r"NASNetMobile cannot be fetched here; fetch https://\S*/NASNet-mobile-no-top.h5"
        rf" elsewhere and put it into {tmp_path}/models as nasnet_mobile_no_top.h5$"
    )
    with pytest.raises(InputError, match=pattern):
        unbuilt("nasnetmobile", weights="imagenet")


def test_a_file_that_was_put_there_is_taken(monkeypatch, tmp_path):
    """As the message says: the network is not asked."""

    def unasked(*args, **kwargs):
        raise AssertionError("asked")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", unasked)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    read = []
    monkeypatch.setattr(
        "keras.src.models.model.Model.load_weights",
        lambda self, path, **options: read.append(str(path)),
    )
    file = tmp_path / "models/mobilenet_1_0_224_tf_no_top.h5"
    file.parent.mkdir()
    file.write_bytes(b"weights")
    models.application_classifier("mobilenet", 3, weights="imagenet")
    assert read == [str(file)]


def test_what_is_not_known():
    with pytest.raises(InputError, match="and the networks of keras.applications"):
        models.create_model("vgg61")
    with pytest.raises(InputError, match="it has ConvNeXtBase, "):
        models.application_classifier("vgg61")
    with pytest.raises(InputError, match="model 'vgg16' got an unexpected keyword"):
        models.create_model("vgg16", width=0.5)
    with pytest.raises(InputError, match="InceptionV3 of keras.applications: "):
        models.create_model("keras_inceptionv3", input_shape=(32, 32, 3))


def test_save_and_load(tmp_path):
    from helpers import check_save_and_load

    # Blue first: the flip must survive.
    model = models.application_classifier("vgg16", 3, (32, 32, 3))
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    check_save_and_load(model, images, tmp_path / "model.keras")
