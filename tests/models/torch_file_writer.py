"""Write weights as PyTorch did before 1.6, without PyTorch."""

import io
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {
    "protocol_version": 1001,
    "little_endian": True,
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}


def _stand_ins():
    """Modules whose names a pickle of PyTorch's says."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage", "HalfStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        raise AssertionError("never called")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    torch._utils = utils
    return {"torch": torch, "torch._utils": utils}


class _Stored:
    def __init__(self, reference):
        self.reference = reference


class _Tensor:
    def __init__(self, rebuild, arguments):
        self.rebuild, self.arguments = rebuild, arguments

    def __reduce__(self):
        return self.rebuild, self.arguments


class _Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.reference if isinstance(value, _Stored) else None


def torch_file(arrays, change=lambda parts: parts, transposed=(), device="cpu"):
    """Return the bytes of a file that holds arrays.

    Args:
        arrays: dict of name to float32, float16 or int64 array.
        change: what is done to the list of the file's parts, the fourth of which
            is the state dict's pickle.
        transposed: names whose numbers are stored in the opposite order.
        device: where the tensors are said to lie.
    """
    stand_ins, kept = _stand_ins(), {}
    for name, module in stand_ins.items():
        kept[name] = sys.modules.get(name)
        sys.modules[name] = module
    try:
        torch, state = stand_ins["torch"], OrderedDict()
        kinds = {"f4": torch.FloatStorage, "f2": torch.HalfStorage}
        kinds["i8"] = torch.LongStorage
        stored = []
        for number, (name, array) in enumerate(arrays.items()):
            array = np.asarray(array)
            shape, order = array.shape, "F" if name in transposed else "C"
            strides = np.empty(shape, array.dtype, order).strides
            numbers = array.ravel(order)
            kind = kinds[array.dtype.str[1:]]
            key = str(94_000 + number)
            reference = ("storage", kind, key, device, numbers.size, None)
            arguments = (
                _Stored(reference),
                0,
                shape,
                tuple(step // array.itemsize for step in strides),
                False,
                OrderedDict(),
            )
            rebuild = torch._utils._rebuild_tensor_v2
            state[name] = _Tensor(rebuild, arguments)
            stored.append((key, numbers))
        state._metadata = OrderedDict([("", {"version": 1})])
        buffer = io.BytesIO()
        _Pickler(buffer, protocol=2).dump(state)
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    keys = sorted(key for key, _ in stored)
    parts = [pickle.dumps(value, protocol=2) for value in (MAGIC, 1001, SYSTEM)]
    parts += [buffer.getvalue(), pickle.dumps(keys, protocol=2)]
    for _, numbers in sorted(stored, key=lambda item: item[0]):
        parts.append(numbers.size.to_bytes(8, "little") + numbers.tobytes())
    return b"".join(change(parts))
