"""One rule for depth, range, turn and polarity: every format gives the same pixels."""

import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rkd_keras.errors import InputError
from rkd_keras.files.decoding import decode_image, decode_mask, describe_pixels
from rkd_keras.files.images import read_image, read_mask, resize_image

GREY = np.arange(120, dtype=np.uint8).reshape(10, 12) * 2


def tiff(pixels, polarity=1, turn=None, order="<", planes=1):
    """A TIFF of one strip, written out: no package for it is needed."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    bits, kind = 8 * pixels.dtype.itemsize, {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    tags = {
        **{256: width, 257: height, 258: bits, 259: 1, 262: polarity, 273: None},
        **{277: channels, 278: height, 279: len(data), 284: planes, 339: kind},
    }
    if turn:
        tags[274] = turn
    if planes == 1:
        del tags[284]
    start = 8 + 2 + 12 * len(tags) + 4
    entries = b""
    for tag in sorted(tags):
        value = start if tags[tag] is None else tags[tag]
        entries += struct.pack(order + "HHII", tag, 4, 1, value)
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, 8)
    return head + struct.pack(order + "H", len(tags)) + entries + bytes(4) + data


def png_chunk(kind, content):
    import zlib

    body = kind + content
    crc = struct.pack(">I", zlib.crc32(body))
    return struct.pack(">I", len(content)) + body + crc


def exif(turn):
    return b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 274, 3, 1, turn) + bytes(4)


def with_turn(suffix, image, turn):
    """Encode an image and say in its EXIF how it is to be turned."""
    if suffix == ".tif":
        return tiff(image, turn=turn)
    data = cv2.imencode(suffix, image)[1].tobytes()
    if suffix == ".png":
        return data[:33] + png_chunk(b"eXIf", exif(turn)) + data[33:]
    body = b"Exif\0\0" + exif(turn)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


@pytest.mark.parametrize("white", [1, 15, 100, 255, 256, 1023, 4095, 65535])
@pytest.mark.parametrize("kind", ["P2", "P5", "P3", "P6", "P7"])
def test_a_portable_map_is_stretched_from_the_white_it_declares(kind, white):
    channels = 3 if kind in ("P3", "P6") else 1
    values = np.linspace(0, white, 12 * channels).round().astype(int)
    head = f"{kind}\n# from a camera\n4 3\n{white}\n"
    if kind == "P7":
        head = f"P7\nWIDTH 4\nHEIGHT 3\nDEPTH 1\n# x\nMAXVAL {white}\nENDHDR\n"
    if kind in ("P2", "P3"):
        body = " ".join(map(str, values)).encode()
    else:
        body = values.astype(">u2" if white > 255 else "u1").tobytes()
    image = decode_image(head.encode() + body)
    expected = np.round(values * 255 / white).reshape(3, 4, channels)
    np.testing.assert_array_equal(image, np.broadcast_to(expected, (3, 4, 3)))
    assert bool(describe_pixels(head.encode() + body)) == (white != 255)


@pytest.mark.parametrize("data", [b"P4\n10 2\n\xf0\x40\x0f\x80", b"P1 10 2 # ink\n"])
def test_bitmaps_count_ink(data):
    ink = "1111000001" + "0000111110"
    if data.startswith(b"P1"):
        data += ink.encode()
    expected = [0 if bit == "1" else 255 for bit in ink]
    assert decode_image(data)[..., 0].ravel().tolist() == expected


@pytest.mark.parametrize(
    "data",
    [
        *(b"P5", b"P5 3", b"P5 3 3 255 ab", b"P5 0 3 255 ", b"P5 3 3 70000 abc"),
        *(b"P5 x 3 255 abc", b"P2 2 2 255 1 2 3", b"P2 2 1 9 1 -1", b"P7\nWIDTH 3\n"),
        *(b"P1 3 1 01", b"P4 99 99 a", b"P5 99999999999 9 255 abc", b"P3 1 1 9 a b c"),
    ],
)
def test_damaged_portable_maps_are_named(data):
    with pytest.raises(InputError, match=r"a\.pgm cannot be decoded as an image"):
        decode_image(data, "a.pgm")


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_bytes_end_in_a_traceback(data):
    for head in (b"", b"P5 ", b"P7\n", b"II*\0", b"MM\0*", b"\x89PNG\r\n\x1a\n", b"BM"):
        for call in (decode_image, decode_mask, describe_pixels):
            try:
                call(head + data)
            except InputError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("deep", [False, True])
def test_where_0_is_white_the_image_is_inverted(deep, order):
    pixels = GREY.astype("uint16") * 257 if deep else GREY
    plain = decode_image(tiff(pixels, polarity=1, order=order))
    inverted = decode_image(tiff(pixels, polarity=0, order=order))
    np.testing.assert_array_equal(plain[..., 0], GREY)
    np.testing.assert_array_equal(inverted, 255 - plain)
    notes = describe_pixels(tiff(pixels, polarity=0, order=order))
    assert "0 is white in the file; inverted" in notes


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_images_arrive_upright(suffix, turn):
    """The eight turns of EXIF, against their definition."""
    image = np.kron(np.array([[20, 90], [160, 230], [60, 120]]), np.ones((16, 16)))
    image = image.astype("uint8")
    upright = {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.T,
        6: image.T[:, ::-1],
        7: image.T[::-1, ::-1],
        8: image.T[::-1],
    }[turn]
    data = with_turn(suffix, image, turn)
    found = decode_image(data)
    assert found.shape == (*upright.shape, 3)
    assert np.abs(found[..., 0].astype(int) - upright).max() <= 3
    told = "turned upright, as the file says" in describe_pixels(data)
    assert told == (turn != 1)


@pytest.mark.parametrize("kind", ["float32", "float64", "int16", "int32", "uint32"])
def test_pixels_whose_range_nothing_tells_are_refused_by_name(tmp_path, kind):
    path = tmp_path / "deep.tif"
    path.write_bytes(tiff(GREY.astype(kind)))
    for call in (read_image, lambda path: describe_pixels(path.read_bytes(), path)):
        with pytest.raises(InputError, match=rf"deep\.tif must be uint8 .*{kind}"):
            call(path)


def test_a_camera_of_12_bits_is_told():
    notes = describe_pixels(tiff(GREY.astype("uint16") * 16))
    assert notes[0] == "16 bits a channel, divided by 257"
    assert "only the lower 12 are used" in notes[1]
    assert len(describe_pixels(tiff(GREY.astype("uint16") * 257))) == 1
    assert describe_pixels(tiff(GREY)) == []


def test_alpha_and_animations_are_told():
    alpha = cv2.imencode(".png", np.full((4, 4, 4), 9, "uint8"))[1].tobytes()
    assert describe_pixels(alpha) == ["the alpha channel is dropped"]
    image = pytest.importorskip("PIL.Image")
    pictures = [image.fromarray(GREY + i) for i in range(3)]
    for kind in ("GIF", "TIFF"):
        stream = io.BytesIO()
        pictures[0].save(stream, kind, save_all=True, append_images=pictures[1:])
        note = "several pictures in one file; the first is taken"
        assert note in describe_pixels(stream.getvalue())
        assert decode_image(stream.getvalue()).shape == (10, 12, 3)


@pytest.mark.parametrize("kind", ["GIF", "JPEG2000", "PPM", "WEBP"])
def test_further_formats(kind):
    image = pytest.importorskip("PIL.Image").fromarray(GREY)
    stream = io.BytesIO()
    image.save(stream, kind, **({"lossless": True} if kind == "WEBP" else {}))
    np.testing.assert_array_equal(decode_image(stream.getvalue())[..., 0], GREY)


TRUE = np.zeros((10, 12), bool)
TRUE[2:5, 3:9] = True


@pytest.mark.parametrize("value", [1, 3, 15, 100, 255])
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".pgm"])
def test_masks_of_any_values_mean_the_same(tmp_path, suffix, value):
    path = tmp_path / f"mask{suffix}"
    cv2.imwrite(str(path), TRUE.astype("uint8") * value)
    np.testing.assert_array_equal(read_mask(path), TRUE)


def test_masks_of_other_kinds(tmp_path):
    path = tmp_path / "mask.png"
    for deep in (1, 4095, 65535):
        cv2.imwrite(str(path), TRUE.astype("uint16") * deep)
        np.testing.assert_array_equal(read_mask(path), TRUE)
    # Numbers of classes, a colour, soft edges, a JPEG's noise, nothing at all.
    labels = TRUE.astype("uint8")
    labels[3] *= 2
    cv2.imwrite(str(path), labels)
    np.testing.assert_array_equal(read_mask(path), TRUE)
    cv2.imwrite(str(path), TRUE[..., None] * np.array([0, 0, 128], "uint8"))
    np.testing.assert_array_equal(read_mask(path), TRUE)
    soft = cv2.GaussianBlur(TRUE.astype("uint8") * 255, (0, 0), 0.6)
    cv2.imwrite(str(path), soft)
    np.testing.assert_array_equal(read_mask(path), soft > 127)
    large = np.kron(TRUE, np.ones((8, 8))).astype("uint8")
    cv2.imwrite(str(tmp_path / "mask.jpg"), large * 255)
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.jpg"), large > 0)
    cv2.imwrite(str(path), labels * 0)
    assert not read_mask(path).any()


@pytest.mark.parametrize(
    "levels",
    [
        (50, 100, 150, 200, 250),  # a class each
        (16, 255),
        [(0, 0, 64), (0, 0, 192), (128, 64, 0)],  # Pascal VOC's colours of 8, 9 and 6
        (1000, 60000),
    ],
)
def test_masks_with_a_level_for_each_class_lose_none(tmp_path, levels):
    levels = np.array([levels[0], *levels])
    levels[0] = 0
    classes = np.arange(120).reshape(10, 12) % len(levels)
    deep = "uint16" if levels.max() > 255 else "uint8"
    cv2.imwrite(str(tmp_path / "mask.png"), levels[classes].astype(deep))
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png"), classes > 0)


def test_a_mask_of_what_is_no_number_is_refused():
    pixels = np.full((10, 12), np.nan, "float32")
    with pytest.raises(InputError, match="mask holds pixels that are no numbers"):
        decode_mask(tiff(pixels))


def test_planes_of_colours_that_would_arrive_wrong_are_refused():
    """OpenCV shows the first rows of the first plane, in three colours."""
    pixels = np.repeat(GREY[..., None], 3, axis=-1).astype("uint16") * 257
    data = tiff(pixels, polarity=2, planes=2)
    with pytest.raises(InputError, match="strip.tif holds a plane for each colour"):
        decode_image(data, "strip.tif")
    assert decode_image(tiff(pixels, polarity=2)).shape == (10, 12, 3)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((63, 8192), (64, 64)), ((8192, 63), (64, 64)), ((20, 640), (64, 64))],
)
def test_an_axis_that_shrinks_is_averaged_whatever_the_other_does(shape, size):
    """Noise of sigma 30 over n averaged pixels keeps sigma 30 / sqrt(n)."""
    rng = np.random.default_rng(0)
    noise = np.clip(rng.normal(128, 30, shape), 0, 255).astype("uint8")
    found = resize_image(np.repeat(noise[..., None], 3, -1), size)[..., 0]
    averaged = max(shape) / 64
    # The axis that grows interpolates, which can only smooth further.
    assert found.std() < 1.1 * 30 / np.sqrt(averaged)
    assert abs(found.mean() - 128) < 1


@given(
    st.tuples(*[st.integers(1, 40)] * 2),
    st.tuples(*[st.integers(1, 40)] * 2),
    st.integers(0, 255),
)
@settings(deadline=None)
def test_resizing_keeps_what_is_even(shape, size, level):
    image = np.full((*shape, 3), level, "uint8")
    found = resize_image(image, size)
    assert found.shape == (*size, 3) and (found == level).all()


def test_where_both_axes_go_one_way_the_rule_is_opencvs():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (40, 60, 3), "uint8")
    smaller = cv2.resize(image, (32, 30), interpolation=cv2.INTER_AREA)
    larger = cv2.resize(image, (70, 90), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(resize_image(image, (30, 32)), smaller)
    np.testing.assert_array_equal(resize_image(image, (90, 70)), larger)
    assert resize_image(image, (40, 60)) is image
