"""TFRecord files of `tf.train.Example` messages, without TensorFlow.

A leaf module: every room may import it. A TFRecord file is a row of records:

    length (uint64) | masked CRC-32C of length | data | masked CRC-32C of data

all little-endian, as TensorFlow's `tf.data.TFRecordDataset` reads it. Workers that
score archives must not load TensorFlow, so the format is written out here; the
checksum and the messages are Google's own packages.
"""

import functools
import os
import struct

from rkd_keras.errors import InputError

_LENGTH = struct.Struct("<Q")
_CHECK = struct.Struct("<I")
HEADER_BYTES = _LENGTH.size + _CHECK.size
FRAME_BYTES = HEADER_BYTES + _CHECK.size
# A length beyond this is damage that its checksum happened not to show.
MAX_RECORD_BYTES = 2**31


def masked_crc(data):
    """Return TFRecord's checksum: CRC-32C, rotated right by 15 bits and shifted.

    Args:
        data: bytes.

    Returns:
        Integer of 32 bits.

    Example:
        >>> masked_crc(b"123456789") == (((0xE3069283 >> 15)
        ...     | (0xE3069283 << 17) & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF
        True
    """
    import google_crc32c

    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(data):
    """Return a record: length, data and their checksums.

    Args:
        data: bytes.

    Returns:
        Bytes, `FRAME_BYTES` longer than `data`.

    Example:
        >>> len(frame(b"strip")) - len(b"strip")
        16
    """
    length = _LENGTH.pack(len(data))
    checks = (_CHECK.pack(masked_crc(part)) for part in (length, data))
    return b"".join((length, next(checks), data, next(checks)))


def read_record(stream, where):
    """Read the record at a file's position and check it.

    Args:
        stream: binary file.
        where: what to call the record in an error message.

    Returns:
        The data, or `None` at the end of the file.

    Raises:
        InputError: when the file ends within the record or a checksum does not
            match.

    Example:
        >>> import io
        >>> stream = io.BytesIO(frame(b"strip"))
        >>> read_record(stream, "the first"), read_record(stream, "the second")
        (b'strip', None)
    """
    header = stream.read(HEADER_BYTES)
    if not header:
        return None
    length = _checked(header, _LENGTH.size, where)
    (size,) = _LENGTH.unpack(length)
    if size > MAX_RECORD_BYTES:
        raise InputError(f"{where} is damaged: it claims {size} bytes")
    rest = stream.read(size + _CHECK.size)
    return _checked(rest, size, where)


def _checked(data, size, where):
    """Return the first `size` bytes, which a checksum follows."""
    part, check = data[:size], data[size:]
    if len(check) < _CHECK.size:
        raise InputError(f"{where} is cut off: the file ends within the record")
    if _CHECK.unpack(check)[0] != masked_crc(part):
        raise InputError(f"{where} is damaged: its checksum does not match")
    return part


def encode_example(features):
    """Serialize a `tf.train.Example`, the same bytes for the same features.

    Args:
        features: dict from a name to bytes, a string, an integer, or a list of
            one of these.

    Returns:
        Bytes.

    Example:
        >>> decode_example(encode_example({"name": "a.png", "boxes": [1, 2]}))
        {'boxes': [1, 2], 'name': [b'a.png']}
    """
    example = _example_class()()
    for name, values in features.items():
        feature = example.features.feature[name]
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                feature.int64_list.value.append(value)
            else:
                value = os.fsencode(value) if isinstance(value, str) else value
                feature.bytes_list.value.append(value)
    return example.SerializeToString(deterministic=True)


def decode_example(data, where="the record"):
    """Read a serialized `tf.train.Example`.

    Args:
        data: bytes.
        where: what to call the record in an error message. Defaults to
            `"the record"`.

    Returns:
        Dict from the features' names, sorted, to lists of bytes, integers or
        floats.

    Raises:
        InputError: when the bytes are no such message.

    Example:
        >>> decode_example(b"no example")
        Traceback (most recent call last):
        rkd_keras.errors.InputError: the record holds no tf.train.Example
    """
    from google.protobuf.message import DecodeError

    try:
        example = _example_class().FromString(data)
    except DecodeError as error:
        raise InputError(f"{where} holds no tf.train.Example") from error
    found = {}
    for name, feature in sorted(example.features.feature.items()):
        kind = feature.WhichOneof("kind")
        found[name] = list(getattr(feature, kind).value) if kind else []
    return found


@functools.cache
def _example_class():
    """Build the message's class in a pool of its own, beside TensorFlow's."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    Field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="rkd_keras/example.proto", package="tensorflow", syntax="proto3"
    )

    def message(name, *fields, within=file.message_type):
        made = within.add(name=name)
        for number, (field, kind, repeated) in enumerate(fields, start=1):
            label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
            made.field.add(name=field, number=number, label=label)
            if isinstance(kind, str):
                made.field[-1].type = Field.TYPE_MESSAGE
                made.field[-1].type_name = f".tensorflow.{kind}"
            else:
                made.field[-1].type = kind
        return made

    message("BytesList", ("value", Field.TYPE_BYTES, True))
    message("FloatList", ("value", Field.TYPE_FLOAT, True))
    message("Int64List", ("value", Field.TYPE_INT64, True))
    lists = ("bytes_list", "BytesList"), ("float_list", "FloatList")
    lists = (*lists, ("int64_list", "Int64List"))
    feature = message("Feature", *((name, kind, False) for name, kind in lists))
    feature.oneof_decl.add(name="kind")
    for field in feature.field:
        field.oneof_index = 0
    features = message("Features", ("feature", "Features.FeatureEntry", True))
    entry = message(
        "FeatureEntry",
        ("key", Field.TYPE_STRING, False),
        ("value", "Feature", False),
        within=features.nested_type,
    )
    entry.options.map_entry = True
    message("Example", ("features", "Features", False))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("tensorflow.Example")
    )
