"""A training that streams its images is the training that holds them in memory."""

import numpy as np
import pytest

from rkd_keras.data import pack_images
from rkd_keras.data.synthetic import write_dataset


@pytest.mark.slow
@pytest.mark.parametrize("sampling", ["natural", "mosaic"])
def test_weight_for_weight(sampling, tmp_path):
    from rkd_keras.runs import train

    strips = write_dataset(tmp_path / "strips", per_class=6, size=32, quiet=True)
    pack_images(strips, tmp_path / "strips.pack", quiet=True)
    options = {"size": 16, "epochs": 2, "model": "resnet18", "width": 0.0625}
    options |= {"stem_stride": 2, "deterministic": True, "quiet": True}
    options |= {"sampling": sampling, "val_fraction": 0.25}
    weights, scores = [], []
    for name, data, memory_mb in (
        ("memory", strips, None),
        ("stream", tmp_path / "strips.pack", 0),
    ):
        run = train(data, tmp_path / name, memory_mb=memory_mb, **options)
        weights.append(run.model.get_weights())
        scores.append(run.scores["confusion_matrix"])
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert scores[0] == scores[1]
