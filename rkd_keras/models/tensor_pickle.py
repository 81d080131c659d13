"""Pickles that a state dict of tensors is made of, run without trust.

A pickle is a program. This module runs the few instructions that such a one needs,
on a stack of its own, and knows four names. Nothing is imported and no object is
built but numbers, text, tuples, lists, dicts and what stands for a tensor.
"""

import pickletools
from dataclasses import dataclass

import numpy as np

MAX_DIMENSIONS = 8
STOP = b"."
INSTRUCTIONS = {each.code.encode("latin-1"): each for each in pickletools.opcodes}


@dataclass(frozen=True, eq=False)
class _Name:
    """A name of the list, as yet without any use."""

    name: str
    dtype: np.dtype | None = None


@dataclass(frozen=True, eq=False)
class Storage:
    """Numbers that follow the pickles, under a key."""

    key: str
    dtype: np.dtype
    count: int


@dataclass(frozen=True, eq=False)
class Tensor:
    """A view of a storage."""

    storage: Storage
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


class ForeignError(ValueError):
    """Something that a state dict of tensors does not need."""


def unpickled(stream):
    """Run one pickle and return what it leaves on the stack."""
    machine = _Machine()
    while (code := stream.read(1)) != STOP:
        instruction = INSTRUCTIONS.get(code)
        name = instruction.name if instruction else f"{code!r}"
        step = STEPS.get(name)
        if step is None:
            raise ForeignError(f"instruction {name} is not allowed")
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
            raise ForeignError("an instruction has nothing to work on")
        return self.stack.pop()

    def pop_many(self, count):
        return tuple(self.pop() for _ in range(count))[::-1]

    def pop_to_mark(self):
        if not self.marks:
            raise ForeignError("an instruction has nothing to work on")
        mark = self.marks.pop()
        values = self.stack[mark:]
        del self.stack[mark:]
        return values

    def top(self, kind):
        value = self.pop()
        self.push(value)
        if type(value) is not kind:
            raise ForeignError(f"a {kind.__name__} is expected")
        return value


def _mark(machine, _):
    machine.marks.append(len(machine.stack))


def _protocol(machine, version):
    if version != 2:
        raise ForeignError(f"pickle protocol {version} is not allowed")


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
            raise ForeignError("a dict has a key that is no text")
        target[key] = value


def _name(machine, text):
    name = NAMES.get(text)
    if name is None:
        shown = text[:60].decode("ascii", "replace").split()
        raise ForeignError(f"{' '.join(shown)!r} is not allowed")
    machine.push(name)


def _reduce(machine, _):
    function, arguments = machine.pop_many(2)
    if type(function) is not _Name or type(arguments) is not tuple:
        raise ForeignError("something is called that is no function")
    if function is ORDERED_DICT and arguments == ():
        machine.push({})
    elif function is REBUILD_TENSOR and len(arguments) == 6:
        machine.push(_tensor(*arguments[:4]))
    else:
        raise ForeignError(f"{function.name} is called in another way")


def _tensor(storage, offset, shape, strides):
    if (
        type(storage) is not Storage
        or type(shape) is not tuple
        or type(strides) is not tuple
        or not len(strides) == len(shape) <= MAX_DIMENSIONS
        or not all(map(_is_size, (offset, *shape, *strides)))
    ):
        raise ForeignError("a tensor is made of something else")
    return Tensor(storage, offset, shape, strides)


def _is_size(value):
    return type(value) is int and value >= 0


def _build(machine, _):
    """Drop the state of a dict: the `_metadata` of a state dict."""
    if type(machine.pop()) is not dict:
        raise ForeignError("an object has a state of its own")
    machine.top(dict)


def _persistent(machine, _):
    reference = machine.pop()
    if type(reference) is not tuple or len(reference) != 6:
        raise ForeignError("a foreign reference")
    word, kind, key, device, count, view = reference
    if (
        (word, device, view) != ("storage", "cpu", None)
        or type(kind) is not _Name
        or kind.dtype is None
        or type(key) is not str
        or not _is_size(count)
    ):
        raise ForeignError("a reference to other than numbers on the processor")
    machine.push(Storage(key, kind.dtype, count))


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
