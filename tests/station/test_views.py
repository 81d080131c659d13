"""What the page of a frame shows: augmentation, heat maps, feature maps."""

import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, exports, textures

from rkd_keras.errors import InputError
from rkd_keras.files.images import encode_image, write_image
from rkd_keras.station.augment_views import augment_views
from rkd_keras.station.config import StationConfig
from rkd_keras.station.explain_views import explain_views
from rkd_keras.station.jobs import make_jobs


@pytest.fixture(scope="session")
def files():
    return exports()


@pytest.fixture
def jobs(files, tmp_path, monkeypatch):
    """The jobs of a child, in this process, on the tiny model."""
    monkeypatch.setattr("os.nice", lambda by: None)
    return make_jobs(StationConfig(tmp_path, model=files["tflite"]))


def test_a_labelled_folder_is_scored(jobs, tmp_path):
    for image, label in zip(*textures(4, seed=8), strict=True):
        folder = tmp_path / "data" / CLASS_NAMES[label]
        folder.mkdir(parents=True, exist_ok=True)
        write_image(folder / f"{len(list(folder.iterdir()))}.png", image)
    scores = jobs(("evaluate", {"folder": str(tmp_path / "data")}))
    assert scores["images"] == 12 and scores["accuracy"] > 0.9
    assert sum(map(sum, scores["confusion_matrix"])) == 12
    (tmp_path / "data" / "along").rename(tmp_path / "data" / "rust")
    with pytest.raises(InputError, match="does not know the class rust"):
        jobs(("evaluate", {"folder": str(tmp_path / "data")}))


def test_views_reach_the_page_as_pictures(jobs):
    sample = (encode_image(textures(1)[0][0]), None)
    titles = [view["title"] for view in jobs(("explain", {"sample": sample}))]
    assert titles[0].startswith("heat map") and titles[1].startswith("feature maps")
    steps = jobs(("steps", {"data": sample[0], "min_contrast": 0.06}))
    assert len(steps) == 8 and all(v["png"].startswith(b"\x89PNG") for v in steps)
    (window,) = jobs(("classify", {"data": sample[0]}))
    assert set(window["probabilities"]) == set(CLASS_NAMES)


@pytest.mark.slow
def test_augmentation_shows_mosaic_and_fusion():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (100, 90, 3), dtype=np.uint8) for _ in range(2)]
    views = augment_views(images, 0)
    assert list(views) == [
        "sample",
        "mosaic with others of its class",
        "fusion with others of its class",
    ]
    assert all(v.shape == (128, 128, 3) and v.dtype == np.uint8 for v in views.values())
    alone = augment_views(images[:1], 0)
    assert "mosaic with its own mirror images" in alone


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_shows_what_the_generator_makes(channels, tmp_path):
    from rkd_keras.files.images import resize_image
    from rkd_keras.models import ResNetGenerator

    # Its output is its input when the head adds nothing.
    generator = ResNetGenerator((16, 16, channels), 2, 1, residual=True)
    head = generator.get_layer("head_conv")
    head.set_weights([np.zeros_like(weights) for weights in head.get_weights()])
    generator.save(tmp_path / "generator_a2b.keras")
    rng = np.random.default_rng(0)
    image = np.repeat(rng.integers(0, 255, (128, 128, 1), dtype=np.uint8), 3, axis=2)
    views = augment_views([image], 0, tmp_path / "generator_a2b.keras")
    shown = views["migrated by CycleGAN"].astype(int)
    np.testing.assert_allclose(shown, resize_image(image, (16, 16)), atol=1)


@pytest.mark.slow
def test_a_keras_model_shows_heat_maps_and_feature_maps(tmp_path):
    from rkd_keras.models import ResNet18

    path = tmp_path / "model.keras"
    ResNet18(num_classes=3, width=0.125, input_shape=(32, 32, 3)).save(path)
    image = np.zeros((50, 60, 3), np.uint8)
    views = explain_views(path, image, None, None)
    assert len(views) == 3
    assert all(v.ndim == 3 and v.dtype == np.uint8 for v in views.values())


def test_the_lines_own_file_shows_heat_map_and_feature_maps(files):
    from rkd_keras.predict import load

    image = np.random.default_rng(0).integers(0, 255, (50, 50, 3), dtype=np.uint8)
    for kind in ("tflite", "onnx"):
        views = explain_views(None, image, files[kind], load(files[kind]))
        titles = list(views)
        assert titles[0].startswith("heat map: what hides")
        assert (len(titles) == 2) == (kind == "tflite")
