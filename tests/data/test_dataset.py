import numpy as np
import pytest

from rkd_keras.data import (
    Dataset,
    StreamedImages,
    load_samples,
    make_split,
    open_dataset,
    pack_images,
)
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.errors import InputError, OptionError


@pytest.fixture(scope="module")
def strips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "strips"
    return write_dataset(folder, per_class=8, size=32, quiet=True)


def whole(dataset):
    batches = [(np.array(x), np.array(y)) for x, y in dataset]
    return [np.concatenate(each) for each in zip(*batches, strict=True)]


def test_the_parts_are_those_of_the_protocol(strips):
    data = Dataset.open(strips)
    assert len(data) == 48 and data.counts["patches"] == 8
    parts = data.split("holdout", seed=2, split_seed=1, val_fraction=0.2, size=16)
    index = open_dataset(strips)
    split = make_split(index, "holdout", 2, 1, 0.2)
    for part in ("val", "test"):
        images, labels = load_samples(index, getattr(split, part), (16, 16))
        found = whole(getattr(parts, part))
        np.testing.assert_array_equal(found[0], images)
        np.testing.assert_array_equal(found[1], labels)
        assert parts.counts[part]["patches"] == (labels == 2).sum()
    assert parts.class_names == data.class_names == index.class_names


@pytest.mark.parametrize("memory_mb", [1024, 0])
def test_training_images_are_shuffled_anew_and_each_comes_once(strips, memory_mb):
    parts = Dataset.open(strips).split(size=16, batch_size=10, memory_mb=memory_mb)
    assert isinstance(parts.images("train"), StreamedImages) == (memory_mb == 0)
    train = parts.train
    assert int(train.cardinality()) == 3
    first, second = whole(train), whole(train)
    again = whole(Dataset.open(strips).split(size=16, batch_size=10).train)
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[0], second[0])
    expected = np.asarray(parts.images("train")).reshape(30, -1)
    for images, labels in (first, second):
        order = np.lexsort(images.reshape(30, -1).T)
        expected_order = np.lexsort(expected.T)
        np.testing.assert_array_equal(
            images.reshape(30, -1)[order], expected[expected_order]
        )
        np.testing.assert_array_equal(
            labels[order], parts.labels("train")[expected_order]
        )


def test_keras_trains_on_it(strips):
    import keras

    parts = Dataset.open(strips).split(size=8, val_fraction=0.2)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(6),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], jit_compile=False)
    history = model.fit(
        parts.train, validation_data=parts.val, epochs=2, shuffle=False, verbose=0
    )
    assert len(history.history["val_accuracy"]) == 2
    assert np.isfinite(model.evaluate(parts.test, verbose=0)).all()


def test_an_empty_part_is_none(strips):
    assert Dataset.open(strips).split(val_fraction=0).val is None


def test_a_pack_is_the_same_data_set(strips, tmp_path):
    pack_images(strips, tmp_path / "pack", quiet=True)
    found = [
        whole(Dataset.open(path).split(size=16).test)
        for path in (strips, tmp_path / "pack")
    ]
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_an_image_that_cannot_be_decoded(strips, tmp_path, caplog):
    import shutil

    folder = shutil.copytree(strips, tmp_path / "strips")
    for file in folder.glob("IMAGES/patches_*.jpg"):
        # Equal files would be one group, which no split divides.
        file.write_bytes(b"no image" + file.name.encode())
    parts = Dataset.open(folder).split(size=16)
    images, labels = parts.images("test"), parts.labels("test")
    assert len(images) == len(labels) == 10 and 2 not in labels
    assert "left out" in caplog.text
    with pytest.raises(InputError, match="cannot be decoded"):
        _ = Dataset.open(folder).split(size=16, strict=True).test


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"val_fraction": 1.0}, "val_fraction must be at least 0 and below 1"),
        ({"memory_mb": float("nan")}, "memory_mb must be at least 0"),
    ],
)
def test_ranges(strips, options, message):
    with pytest.raises(OptionError, match=message):
        Dataset.open(strips).split(**options)
    with pytest.raises(InputError, match="unknown split 'neu'"):
        Dataset.open(strips).split("neu")
