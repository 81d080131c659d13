"""Weights files of PyTorch before 1.6, read without PyTorch and without trust.

Such a file is five pickles (magic number, protocol, facts about the system, the
state dict, the storages' keys) and the storages' bytes. A pickle is a program; this
module runs the few instructions that a state dict of tensors is made of, on a stack
of its own, and knows four names. Nothing is imported and no object is built but
numbers, text, tuples, lists, dicts and numpy arrays.
"""

import io
import math
import pickletools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MAX_DIMENSIONS = 8
STOP = b"."
INSTRUCTIONS = {each.code.encode("latin-1"): each for each in pickletools.opcodes}


@dataclass(frozen=True, eq=False)
class _Name:
    """A name of the list, as yet without any use."""

    name: str
    dtype: np.dtype | None = None


@dataclass(frozen=True, eq=False)
class _Storage:
    key: str
    dtype: np.dtype
    count: int


@dataclass(frozen=True, eq=False)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple


# The only names that a pickle may say, as it says them, and what they stand for here.
ORDERED_DICT, REBUILD_TENSOR = _Name("OrderedDict"), _Name("_rebuild_tensor_v2")
NAMES = {
    b"collections\nOrderedDict\n": ORDERED_DICT,
    b"torch._utils\n_rebuild_tensor_v2\n": REBUILD_TENSOR,
    b"torch\nFloatStorage\n": _Name("FloatStorage", np.dtype("<f4")),
    b"torch\nLongStorage\n": _Name("LongStorage", np.dtype("<i8")),
}


class _ForeignError(ValueError):
    """Something that a state dict of tensors does not need."""


def read_torch_file(path):
    r"""Read the arrays of an old-format PyTorch weights file.

    The format is that of `torch.save` before PyTorch 1.6, on a little-endian
    machine. Tensors of float32 and int64 on the processor are known, no others.
    Reading runs no code of the file: every instruction, class or reference outside
    of the few that such a file needs is refused.

    Args:
        path: the file (`.pth`).

    Returns:
        Dict of name to numpy array, float32 or int64, in the file's order.

    Raises:
        InputError: when the file is missing, damaged, or holds anything else than
            a state dict of such tensors.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "weights.pth"
        >>> _ = file.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
        >>> read_torch_file(file)
        Traceback (most recent call last):
        ...
        rkd_keras.errors.InputError: ...weights.pth is no old-format PyTorch ...
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    stream = io.BytesIO(data)
    try:
        return _state_dict(stream)
    # What pickletools, numpy and the checks here raise for bytes without sense.
    except (ValueError, IndexError, OverflowError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no old-format PyTorch state dict, or damaged ({error}); get "
            "the file again"
        ) from error


def _state_dict(stream):
    if _unpickled(stream) != MAGIC or _unpickled(stream) != PROTOCOL:
        raise _ForeignError("it does not begin like one")
    system = _unpickled(stream)
    if type(system) is not dict or system.get("little_endian") is not True:
        raise _ForeignError("it was not written on a little-endian machine")
    tensors, keys = _unpickled(stream), _unpickled(stream)
    if type(tensors) is not dict or type(keys) is not list:
        raise _ForeignError("it holds no dict of tensors")
    for name, tensor in tensors.items():
        if not isinstance(tensor, _Tensor):
            raise _ForeignError(f"{name!r:.60} is no tensor")
    known = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if sorted(keys) != sorted(known):
        raise _ForeignError("tensors and stored numbers do not belong together")
    stored = {key: _numbers(stream, known[key]) for key in keys}
    if stream.read(1):
        raise _ForeignError("it goes on behind its end")
    return {name: _array(tensor, stored) for name, tensor in tensors.items()}


def _numbers(stream, storage):
    count = int.from_bytes(stream.read(8), "little", signed=True)
    data = stream.read(storage.count * storage.dtype.itemsize)
    if count != storage.count or len(data) != count * storage.dtype.itemsize:
        raise _ForeignError("stored numbers are missing")
    return np.frombuffer(data, storage.dtype)


def _array(tensor, stored):
    numbers = stored[tensor.storage.key][tensor.offset :]
    if numbers.dtype != tensor.storage.dtype:
        raise _ForeignError("stored numbers are of two kinds")
    steps = [
        (n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True)
    ]
    # The second: a stride of 0 would make much of little.
    if min(tensor.shape, default=1) and (
        sum(steps) >= len(numbers) or math.prod(tensor.shape) > len(numbers)
    ):
        raise _ForeignError("a tensor reaches beyond its stored numbers")
    strides = [step * numbers.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(numbers, tensor.shape, strides).copy()


def _unpickled(stream):
    """Run one pickle and return what it leaves on the stack."""
    machine = _Machine()
    while (code := stream.read(1)) != STOP:
        instruction = INSTRUCTIONS.get(code)
        name = instruction.name if instruction else f"{code!r}"
        step = STEPS.get(name)
        if step is None:
            raise _ForeignError(f"instruction {name} is not allowed")
        if name == "GLOBAL":
            # pickletools would decode escapes in it.
            argument = stream.readline() + stream.readline()
        elif instruction.arg:
            argument = instruction.arg.reader(stream)
        else:
            argument = None
        step(machine, argument)
    return machine.pop()


class _Machine:
    """Stack, marks and memo of a pickle."""

    def __init__(self):
        self.stack = []
        self.marks = []
        self.memo = {}

    def push(self, value):
        self.stack.append(value)

    def pop(self):
        # Below a mark lies what a later instruction will take as a whole.
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise _ForeignError("an instruction has nothing to work on")
        return self.stack.pop()

    def pop_many(self, count):
        return tuple(self.pop() for _ in range(count))[::-1]

    def pop_to_mark(self):
        if not self.marks:
            raise _ForeignError("an instruction has nothing to work on")
        mark = self.marks.pop()
        values = self.stack[mark:]
        del self.stack[mark:]
        return values

    def top(self, kind):
        value = self.pop()
        self.push(value)
        if type(value) is not kind:
            raise _ForeignError(f"a {kind.__name__} is expected")
        return value


def _mark(machine, _):
    machine.marks.append(len(machine.stack))


def _protocol(machine, version):
    if version != 2:
        raise _ForeignError(f"pickle protocol {version} is not allowed")


def _put(machine, index):
    value = machine.pop()
    machine.push(value)
    machine.memo[index] = value


def _tuple(machine, _):
    machine.push(tuple(machine.pop_to_mark()))


def _append(machine, _):
    value = machine.pop()
    machine.top(list).append(value)


def _appends(machine, _):
    values = machine.pop_to_mark()
    machine.top(list).extend(values)


def _set_item(machine, _):
    _set(machine, machine.pop_many(2))


def _set_items(machine, _):
    _set(machine, machine.pop_to_mark())


def _set(machine, values):
    target = machine.top(dict)
    for key, value in zip(values[::2], values[1::2], strict=True):
        if type(key) is not str:
            raise _ForeignError("a dict has a key that is no text")
        target[key] = value


def _name(machine, text):
    name = NAMES.get(text)
    if name is None:
        shown = text[:60].decode("ascii", "replace").split()
        raise _ForeignError(f"{' '.join(shown)!r} is not allowed")
    machine.push(name)


def _reduce(machine, _):
    function, arguments = machine.pop_many(2)
    if type(function) is not _Name or type(arguments) is not tuple:
        raise _ForeignError("something is called that is no function")
    if function is ORDERED_DICT and arguments == ():
        machine.push({})
    elif function is REBUILD_TENSOR and len(arguments) == 6:
        machine.push(_tensor(*arguments[:4]))
    else:
        raise _ForeignError(f"{function.name} is called in another way")


def _tensor(storage, offset, shape, strides):
    if (
        type(storage) is not _Storage
        or type(shape) is not tuple
        or type(strides) is not tuple
        or not len(strides) == len(shape) <= MAX_DIMENSIONS
        or not all(map(_is_size, (offset, *shape, *strides)))
    ):
        raise _ForeignError("a tensor is made of something else")
    return _Tensor(storage, offset, shape, strides)


def _is_size(value):
    return type(value) is int and value >= 0


def _build(machine, _):
    """Drop the state of a dict: the `_metadata` of a state dict."""
    if type(machine.pop()) is not dict:
        raise _ForeignError("an object has a state of its own")
    machine.top(dict)


def _persistent(machine, _):
    reference = machine.pop()
    if type(reference) is not tuple or len(reference) != 6:
        raise _ForeignError("a foreign reference")
    word, kind, key, device, count, view = reference
    if (
        (word, device, view) != ("storage", "cpu", None)
        or type(kind) is not _Name
        or kind.dtype is None
        or type(key) is not str
        or not _is_size(count)
    ):
        raise _ForeignError("a reference to other than numbers on the processor")
    machine.push(_Storage(key, kind.dtype, count))


def _pushing(value):
    return lambda machine, argument: machine.push(value())


def _tuple_of(count):
    return lambda machine, argument: machine.push(machine.pop_many(count))


def _push(machine, argument):
    machine.push(argument)


def _get(machine, index):
    machine.push(machine.memo[index])


STEPS = {
    "PROTO": _protocol,
    "MARK": _mark,
    "NONE": _pushing(lambda: None),
    "NEWTRUE": _pushing(lambda: True),
    "NEWFALSE": _pushing(lambda: False),
    "EMPTY_TUPLE": _pushing(tuple),
    "EMPTY_LIST": _pushing(list),
    "EMPTY_DICT": _pushing(dict),
    "TUPLE": _tuple,
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "APPEND": _append,
    "APPENDS": _appends,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "GLOBAL": _name,
    "REDUCE": _reduce,
    "BUILD": _build,
    "BINPERSID": _persistent,
    **dict.fromkeys(("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"), _push),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _put),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _get),
}
