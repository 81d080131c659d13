import itertools
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, KINDS, textures

from rkd_keras.errors import InputError
from rkd_keras.files.images import resize_image
from rkd_keras.predict import Predictor, load

TOLERANCE = {"float16": 1e-2, "int8": 0.1}


@pytest.fixture(scope="module")
def predictors(files):
    return {kind: load(path) for kind, path in files.items()}


@pytest.fixture(scope="module")
def images():
    return textures(20, seed=4)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_decides_alike(predictors, images, kind):
    pixels, labels = images
    predictor, reference = predictors[kind], predictors["keras"]
    assert predictor.class_names == CLASS_NAMES
    assert predictor.input_shape == (32, 32, 3)
    probabilities, embedding = predictor.predict_batch(pixels)
    expected, features = reference.predict_batch(pixels)
    assert probabilities.dtype == embedding.dtype == np.float32
    tolerance = TOLERANCE.get(kind, 1e-4)
    np.testing.assert_allclose(probabilities, expected, atol=tolerance)
    np.testing.assert_allclose(
        embedding, features, atol=tolerance * np.abs(features).max()
    )
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=0.02)
    verdicts = predictor.predict(pixels)
    assert [v.class_index for v in verdicts] == labels.tolist()
    noise = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
    for strange in predictor.predict(noise):
        assert strange.is_unknown and strange.label == "unknown"
        assert strange.class_name in CLASS_NAMES


@pytest.mark.parametrize("kind", KINDS)
def test_batches_of_any_size_agree(predictors, images, kind):
    pixels = images[0][:7]
    whole = predictors[kind].predict_batch(pixels)
    single = [predictors[kind].predict_batch(image[None]) for image in pixels]
    for index, part in enumerate(whole):
        rows = np.concatenate([row[index] for row in single])
        np.testing.assert_allclose(rows, part, rtol=1e-4, atol=1e-5)
    for part, width in zip(
        predictors[kind].predict_batch(pixels[:0]), (3, 24), strict=True
    ):
        assert part.shape == (0, width)


@pytest.mark.parametrize("kind", ["int8", "onnx"])
def test_threads_change_nothing(files, predictors, images, kind):
    parallel = load(files[kind], threads=3)
    for count in (1, 2, 20):
        pixels = images[0][:count]
        for one, other in zip(
            parallel.predict_batch(pixels),
            predictors[kind].predict_batch(pixels),
            strict=True,
        ):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_predictor_may_be_shared_between_threads(predictors, images):
    predictor = predictors["int8"]
    expected = predictor.predict(images[0])
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(predictor.predict, images[0]) for _ in range(8)]
        assert all(job.result() == expected for job in jobs)


def test_verdict_says_what_the_outputs_say(predictors, images):
    predictor = predictors["tflite"]
    probabilities, _ = predictor.predict_batch(images[0])
    for row, verdict in zip(
        probabilities, predictor.decide(images[0], probabilities), strict=True
    ):
        assert verdict.probabilities == tuple(row.tolist())
        assert verdict.probability == row.max()
        assert verdict.class_name == CLASS_NAMES[row.argmax()]
        threshold = predictor.card["unknown"]["threshold"]
        assert verdict.is_unknown == (verdict.unknown_score > threshold)
        expected = "unknown" if verdict.is_unknown else verdict.class_name
        assert verdict.label == expected


def test_without_unknown_parameters_a_class_is_always_named(predictors, images):
    bare = Predictor(
        predictors["int8"]._backend, {**predictors["int8"].card, "unknown": None}
    )
    for verdict in bare.predict(np.full((2, 32, 32, 3), 255, np.uint8)):
        assert verdict.label in CLASS_NAMES
        assert verdict.unknown_score is None and not verdict.is_unknown


def test_every_form_of_image_gives_the_same_verdict(predictors, images, tmp_path):
    predictor = predictors["int8"]
    image = images[0][0]
    (expected,) = predictor.predict(image[None])
    path = tmp_path / "folder" / "image.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), image[..., 0])
    forms = [
        image,
        image[..., 0],
        image[..., :1],
        image.astype(np.uint16) * 257,
        [image],
        (image,),
        iter([image]),
        image[None, ..., 0],
        str(path),
        path,
        [path],
        [str(path.parent)],
        str(tmp_path / "**" / "*.png"),
        path.read_bytes(),
        [path.read_bytes()],
    ]
    for form in forms:
        assert predictor.predict(form) == [expected]


def test_other_sizes_are_resized_by_the_rule(predictors):
    rng = np.random.default_rng(0)
    sizes = [(200, 200), (20, 50), (33, 31), (1, 1), (32, 400)]
    pixels = [rng.integers(0, 256, (*size, 3), np.uint8) for size in sizes]
    resized = np.stack([resize_image(image, (32, 32)) for image in pixels])
    predictor = predictors["int8"]
    assert predictor.predict(pixels) == predictor.predict(resized)


def test_stream_is_lazy(predictors, images):
    seen = []

    def endless():
        for index in itertools.count():
            seen.append(index)
            yield images[0][index % 60]

    verdicts = predictors["int8"].stream(endless(), batch_size=4)
    first = list(itertools.islice(verdicts, 5))
    assert first == predictors["int8"].predict(images[0][:5])
    assert len(seen) == 8


def test_nothing_in_nothing_out(predictors):
    assert predictors["int8"].predict([]) == []


@pytest.mark.parametrize(
    "images",
    [
        "gone.png",
        b"no image",
        [np.zeros((4, 4, 2), np.uint8)],
        [np.zeros((4, 4), np.float32)],
        [np.zeros((0, 4, 3), np.uint8)],
        [np.zeros(4, np.uint8)],
        np.zeros((64, 64, 2), np.uint8),
        np.zeros((64, 64, 5), np.uint8),
        np.zeros((4, 64, 64, 2), np.uint8),
        np.zeros((2, 3, 64, 64), np.uint8),
        np.zeros((1, 4, 64, 64, 3), np.uint8),
        np.zeros((0, 64, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.uint8(4),
        np.array(4, np.uint8),
        None,
    ],
)
def test_bad_images_are_refused(predictors, images):
    with pytest.raises(InputError):
        predictors["int8"].predict(images)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((32, 32, 3), np.uint8),
        np.zeros((1, 31, 32, 3), np.uint8),
        np.zeros((1, 32, 32, 3), np.float32),
    ],
)
def test_predict_batch_refuses_other_shapes_and_types(predictors, batch):
    with pytest.raises(InputError, match="Received"):
        predictors["int8"].predict_batch(batch)


class Diverged:
    """A backend whose answers turn to NaN for bright images."""

    def __init__(self, spoilt):
        self.spoilt = spoilt

    def predict_batch(self, images):
        answers = [np.full((len(images), 3), 1 / 3), np.zeros((len(images), 24))]
        answers[self.spoilt][images.max(axis=(1, 2, 3)) > 200] = np.nan
        return answers


@pytest.mark.parametrize(("spoilt", "name"), [(0, "probabilities"), (1, "embedding")])
def test_answers_that_are_no_numbers_are_no_verdicts(predictors, spoilt, name):
    predictor = Predictor(Diverged(spoilt), predictors["int8"].card)
    with pytest.raises(InputError, match=f"the model's {name} are no finite numbers"):
        predictor.predict(np.full((3, 32, 32, 3), 255, np.uint8))


@pytest.mark.parametrize("batch_size", [0, -1, 2.5])
def test_batch_size_must_be_a_count(predictors, batch_size):
    with pytest.raises(InputError, match="batch_size"):
        predictors["int8"].predict([], batch_size=batch_size)
