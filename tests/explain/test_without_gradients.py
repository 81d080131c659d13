"""Heat and feature maps of files that have no gradients."""

import numpy as np
from tiny_exports import exports

from rkd_keras.explain import occlusion_heat, tflite_feature_maps
from rkd_keras.files.images import resize_image
from rkd_keras.predict import load
from rkd_keras.predict.containers import read_contents


class _Corner:
    """Calls it a scratch by the mean of the upper left corner."""

    class_names = ("inclusion", "scratches")

    def predict(self, images):
        from types import SimpleNamespace

        shares = [float(image[:20, :20].mean()) / 255 for image in images]
        return [
            SimpleNamespace(class_name="scratches", probabilities=(1 - p, p))
            for p in shares
        ]


def test_hiding_patches_tells_what_a_verdict_rests_on():
    image = np.zeros((80, 80, 3), np.uint8)
    image[:20, :20] = 250
    heat, name = occlusion_heat(_Corner(), image)
    assert name == "scratches" and heat.shape == (80, 80)
    assert heat[:10, :10].min() > 0.7 and heat[40:, 40:].max() == 0


def test_the_maps_of_a_tflite_file_are_those_behind_its_embedding():
    file = exports()["tflite"]
    payload = read_contents(file).payload
    image = np.random.default_rng(0).integers(0, 255, (50, 50, 3), dtype=np.uint8)
    maps, _ = tflite_feature_maps(payload, image)
    assert [m.shape[:2] for m in maps.values()] == [(32, 32), (16, 16)]
    # The last map before pooling is what the embedding is the mean of.
    _, embedding = load(file).predict_batch(resize_image(image, (32, 32))[None])
    np.testing.assert_allclose(
        maps["stage 2"].mean(axis=(0, 1)), embedding[0], rtol=1e-4, atol=1e-5
    )
