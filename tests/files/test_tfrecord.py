"""The record format against TensorFlow's own reader and writer."""

import io

import pytest

from rkd_keras.errors import InputError
from rkd_keras.files.tfrecord import decode_example, encode_example, frame, read_record

FEATURES = {
    "image/encoded": bytes(range(256)) * 40,
    "image/filename": "Blech/Ä 1.png",
    "image/boxes": [1, -2, 2**40],
}


@pytest.mark.slow
def test_tensorflow_reads_what_is_written(tmp_path):
    import tensorflow as tf

    path = str(tmp_path / "a.tfrecord")
    data = encode_example(FEATURES)
    with open(path, "wb") as stream:
        stream.write(frame(data) + frame(b"") + frame(data))
    records = list(tf.data.TFRecordDataset(path).as_numpy_iterator())
    assert records == [data, b"", data]
    example = tf.train.Example.FromString(records[0])
    assert example.SerializeToString(deterministic=True) == data
    parsed = tf.io.parse_single_example(
        records[0],
        {
            "image/encoded": tf.io.FixedLenFeature([], tf.string),
            "image/boxes": tf.io.FixedLenFeature([3], tf.int64),
        },
    )
    assert parsed["image/encoded"].numpy() == FEATURES["image/encoded"]
    assert parsed["image/boxes"].numpy().tolist() == FEATURES["image/boxes"]


@pytest.mark.slow
def test_what_tensorflow_writes_is_read(tmp_path):
    import tensorflow as tf

    path = str(tmp_path / "a.tfrecord")
    example = tf.train.Example()
    example.features.feature["weights"].float_list.value.extend([0.5, -1.0])
    example.features.feature["name"].bytes_list.value.append(b"a.png")
    example.features.feature["nothing"].SetInParent()
    with tf.io.TFRecordWriter(path) as writer:
        writer.write(example.SerializeToString())
        writer.write(b"second")
    with open(path, "rb") as stream:
        first, second = (read_record(stream, "it") for _ in range(2))
        assert read_record(stream, "it") is None
    assert second == b"second"
    found = decode_example(first)
    assert found == {"name": [b"a.png"], "nothing": [], "weights": [0.5, -1.0]}


@pytest.mark.parametrize("position", [0, 9, 12, 30, -1])
def test_every_flipped_bit_is_found(position):
    data = bytearray(frame(encode_example({"a": b"strip" * 10})))
    data[position] ^= 4
    with pytest.raises(InputError, match="record 7 is (damaged|cut off)"):
        read_record(io.BytesIO(data), "record 7")


def test_every_cut_is_found():
    data = frame(b"strip")
    for length in range(1, len(data)):
        with pytest.raises(InputError, match="record 7 is cut off"):
            read_record(io.BytesIO(data[:length]), "record 7")
