import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_file_writer import torch_file

from rkd_keras.errors import InputError
from rkd_keras.models.torch_file import read_torch_file


def drawn_arrays():
    random = np.random.default_rng(3)
    return {
        "a.weight": random.normal(size=(5, 3, 2, 2)).astype("float32"),
        "a.num_batches_tracked": np.array(7, "int64"),
        "b": random.normal(size=(4, 6)).astype("float32"),
        "c": np.zeros((0, 3), "float32"),
        "d.running_mean": random.normal(size=9).astype("float32"),
    }


@pytest.fixture
def read(tmp_path):
    def write_and_read(data):
        path = tmp_path / "weights.pth"
        path.write_bytes(data)
        return read_torch_file(path)

    return write_and_read


def test_arrays_come_back(read):
    arrays = drawn_arrays()
    found = read(torch_file(arrays, transposed=("a.weight", "b")))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.owndata


def test_a_live_pytorch_writes_what_is_read(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    arrays = drawn_arrays()
    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    path = tmp_path / "weights.pth"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    for name, array in read_torch_file(path).items():
        np.testing.assert_array_equal(array, arrays[name])


def replaced(position, data):
    return lambda parts: [*parts[:position], data, *parts[position + 1 :]]


def attacks(canary):
    """Pickles that run a command when `pickle.load` reads them, and foreign ones."""
    command = f"touch {canary}".encode()
    text = b"X" + struct.pack("<I", len(command)) + command
    yield "GLOBAL", b"\x80\x02cos\nsystem\n" + text + b"\x85R."
    yield "protocol 0", b"cos\nsystem\n(S'" + command + b"'\ntR."
    yield "STACK_GLOBAL", b"\x80\x04\x8c\x02os\x8c\x06system\x93" + text + b"\x85R."
    yield "INST", b"(" + text + b"ios\nsystem\n."
    yield "OBJ", b"(cos\nsystem\n" + text + b"o."
    yield "NEWOBJ", b"\x80\x02cbuiltins\neval\n" + text + b"\x85\x81."
    yield "EXT1", b"\x80\x02\x82\x01."
    yield "PERSID", b"P42\n."
    yield "BUILD", b"\x80\x02ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00ab."
    yield "getattr", b"\x80\x02cbuiltins\ngetattr\n."
    yield "frame", pickle.dumps({"a": 1}, protocol=4)
    # Python would warn of the escape when it decoded it.
    yield "STRING", b"S'\\d'\n."
    yield "escape in GLOBAL", b"\x80\x02ctor\\d\nFloatStorage\n."
    yield "bytes", b"\x80\x03C\x01a."


@pytest.mark.parametrize("position", [0, 3, 4])
def test_no_pickle_runs_anything(read, tmp_path, position):
    canary = tmp_path / "canary"
    for name, attack in attacks(canary):
        with pytest.raises(InputError, match="no old-format PyTorch state dict"):
            read(torch_file(drawn_arrays(), replaced(position, attack)))
        with pytest.raises(InputError):
            read(attack)
        assert not canary.exists(), name


def test_the_canary_would_sing(tmp_path):
    """The first attack does run where `pickle` reads it."""
    canary = tmp_path / "canary"
    pickle.loads(dict(attacks(canary))["GLOBAL"])  # noqa: S301
    assert canary.exists()


def test_what_is_said_of_a_foreign_class(read):
    with pytest.raises(InputError, match="'os system' is not allowed"):
        read(torch_file(drawn_arrays(), replaced(3, b"\x80\x02cos\nsystem\n.")))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (torch_file({"a": np.zeros(3, "float16")}), "HalfStorage' is not allowed"),
        (torch_file(drawn_arrays(), device="cuda:0"), "numbers on the processor"),
        (torch_file(drawn_arrays()) + b"x", "goes on behind its end"),
        (torch_file(drawn_arrays())[:-1], "stored numbers are missing"),
        (
            torch_file(drawn_arrays(), replaced(2, pickle.dumps({}, protocol=2))),
            "little-endian",
        ),
        (
            torch_file(drawn_arrays(), replaced(3, pickle.dumps({"a": 1}, protocol=2))),
            "'a' is no tensor",
        ),
        (
            torch_file(drawn_arrays(), replaced(4, pickle.dumps(["1"], protocol=2))),
            "do not belong together",
        ),
        (b"PK\x03\x04", "no old-format"),
        (b"", "no old-format"),
    ],
)
def test_what_is_refused(read, data, reason):
    with pytest.raises(InputError, match=reason):
        read(data)


def test_a_tensor_may_not_reach_beyond_its_numbers(read):
    arrays = {"a": np.arange(6, dtype="float32").reshape(2, 3)}
    good = torch_file(arrays)
    # Shape (2, 3) and strides (3, 1) in the pickle: BININT1 is "K".
    shape = b"K\x02K\x03\x86"
    assert good.count(shape) == 1
    for bad in (b"K\x02K\x04\x86", b"K\x03K\x03\x86"):
        with pytest.raises(InputError, match="beyond its stored numbers"):
            read(good.replace(shape, bad))
    # A stride of 0 would make a huge array of six numbers.
    bomb = good.replace(shape, b"K\xffK\xff\x86").replace(
        b"K\x03K\x01\x86", b"K\x00K\x00\x86"
    )
    assert bomb.count(b"K\x00K\x00\x86") == 1
    with pytest.raises(InputError, match="beyond its stored numbers"):
        read(bomb)


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_torch_file(tmp_path / "none.pth")


GOOD = torch_file(drawn_arrays(), transposed=("b",))


def read_or_refuse(folder, data):
    path = folder / "weights.pth"
    path.write_bytes(data)
    try:
        arrays = read_torch_file(path)
    except InputError:
        return
    for name, array in arrays.items():
        assert type(name) is str
        assert array.dtype in ("float32", "int64")
        assert array.nbytes <= len(data)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.integers(0, 8 * len(GOOD) - 1), min_size=1, max_size=8))
def test_flipped_bits(tmp_path_factory, bits):
    data = bytearray(GOOD)
    for bit in bits:
        data[bit // 8] ^= 1 << bit % 8
    read_or_refuse(tmp_path_factory.mktemp("bits"), bytes(data))


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=40))
def test_cut_and_continued_otherwise(tmp_path_factory, length, rest):
    read_or_refuse(tmp_path_factory.mktemp("cut"), GOOD[:length] + rest)


# Every instruction that is allowed, with plausible arguments, in any order.
INSTRUCTIONS = st.sampled_from(
    [b"(", b")", b"]", b"}", b"N", b"\x88", b"\x89", b"t", b"\x85", b"\x86", b"\x87"]
    + [
        b"a",
        b"e",
        b"s",
        b"u",
        b"R",
        b"b",
        b"Q",
        b"K\x03",
        b"M\x00\x01",
        b"q\x00",
        b"h\x00",
    ]
    + [b"X\x01\x00\x00\x00a", b"X\x03\x00\x00\x00cpu", b"X\x07\x00\x00\x00storage"]
    + [b"ccollections\nOrderedDict\n", b"ctorch\nFloatStorage\n"]
    + [b"ctorch._utils\n_rebuild_tensor_v2\n", b"J\xff\xff\xff\xff", b"\x8a\x01\x7f"]
)


@settings(deadline=None, max_examples=500)
@given(st.lists(INSTRUCTIONS, max_size=30))
def test_any_order_of_instructions(tmp_path_factory, instructions):
    pickled = b"\x80\x02" + b"".join(instructions) + b"."
    data = torch_file(drawn_arrays(), replaced(3, pickled))
    read_or_refuse(tmp_path_factory.mktemp("order"), data)
