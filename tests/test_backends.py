"""Layers, losses and one model give the same numbers on another backend."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

PROGRAM = """
import json, sys
import numpy as np
import keras
from keras import ops
from rkd_keras.layers import SADDT, ChannelShrinkage
from rkd_keras.losses import HintonKD, RKDAngle, RKDDistance
from rkd_keras.models import SARSN34

rng = np.random.default_rng(0)
x = rng.normal(size=(2, 6, 5, 4)).astype("float32")
answers = {}
for name, layer in {
    "paper": SADDT(), "continuous": SADDT(form="continuous"),
    "soft": ChannelShrinkage(),
}.items():
    layer.build(x.shape)
    layer.set_weights([np.full(w.shape, 0.3, "float32") for w in layer.weights])
    answers[name] = ops.convert_to_numpy(layer(x)).ravel().tolist()
a, b = rng.normal(size=(2, 6, 9)).astype("float32")
for loss in (HintonKD(), RKDDistance(), RKDAngle()):
    answers[loss.name] = float(loss(a, b))
model = SARSN34(width=0.125, input_shape=(16, 16, 3))
model.set_weights([np.full(w.shape, 0.02, "float32") for w in model.weights])
image = rng.uniform(0, 255, (1, 16, 16, 3)).astype("float32")
answers["model"] = ops.convert_to_numpy(model(image)).ravel().tolist()
json.dump({"backend": keras.backend.backend(), **answers}, sys.stdout)
"""


def run(backend):
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")
def test_jax_gives_the_numbers_of_tensorflow():
    expected, found = run("tensorflow"), run("jax")
    assert (expected.pop("backend"), found.pop("backend")) == ("tensorflow", "jax")
    for name, value in expected.items():
        np.testing.assert_allclose(
            found[name], value, rtol=1e-4, atol=1e-5, err_msg=name
        )
