"""Weights files of PyTorch before 1.6, read without PyTorch and without trust.

Such a file is five pickles (magic number, protocol, facts about the system, the
state dict, the storages' keys) and the storages' bytes. `tensor_pickle` runs the
pickles; nothing is imported and nothing is built but plain values and numpy arrays.
"""

import io
import math
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.models.tensor_pickle import ForeignError, Tensor, unpickled

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001


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
    if unpickled(stream) != MAGIC or unpickled(stream) != PROTOCOL:
        raise ForeignError("it does not begin like one")
    system = unpickled(stream)
    if type(system) is not dict or system.get("little_endian") is not True:
        raise ForeignError("it was not written on a little-endian machine")
    tensors, keys = unpickled(stream), unpickled(stream)
    if type(tensors) is not dict or type(keys) is not list:
        raise ForeignError("it holds no dict of tensors")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ForeignError(f"{name!r:.60} is no tensor")
    known = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if sorted(keys) != sorted(known):
        raise ForeignError("tensors and stored numbers do not belong together")
    stored = {key: _numbers(stream, known[key]) for key in keys}
    if stream.read(1):
        raise ForeignError("it goes on behind its end")
    return {name: _array(tensor, stored) for name, tensor in tensors.items()}


def _numbers(stream, storage):
    count = int.from_bytes(stream.read(8), "little", signed=True)
    data = stream.read(storage.count * storage.dtype.itemsize)
    if count != storage.count or len(data) != count * storage.dtype.itemsize:
        raise ForeignError("stored numbers are missing")
    return np.frombuffer(data, storage.dtype)


def _array(tensor, stored):
    numbers = stored[tensor.storage.key][tensor.offset :]
    if numbers.dtype != tensor.storage.dtype:
        raise ForeignError("stored numbers are of two kinds")
    steps = [
        (n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True)
    ]
    # The second: a stride of 0 would make much of little.
    if min(tensor.shape, default=1) and (
        sum(steps) >= len(numbers) or math.prod(tensor.shape) > len(numbers)
    ):
        raise ForeignError("a tensor reaches beyond its stored numbers")
    strides = [step * numbers.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(numbers, tensor.shape, strides).copy()
