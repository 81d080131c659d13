"""The file of a training's state: written whole, checked when it is read."""

import json
import logging
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing

LOGGER = logging.getLogger(__name__)

LAST, PREVIOUS = "last.npz", "previous.npz"
# What damaged archives were seen to raise.
_DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class TrainingState:
    """A state on disk that was read through and found whole.

    Attributes:
        path: its file.
        rows: list of dicts, one for each finished epoch.
        best: best value of the monitored name so far, or `None`.
        monitor: that name, or `None` where it is not known.
    """

    path: Path
    rows: list
    best: float | None
    monitor: str | None

    @classmethod
    def newest(cls, directory):
        """Find the newest state of a folder that is whole.

        Args:
            directory: folder of `last.npz` and of the one before, `previous.npz`.

        Returns:
            A `TrainingState`, or `None` where there is no file. When the last one
            is damaged and the one before is not, a warning is logged.

        Raises:
            InputError: when there are files and none is whole.

        Example:
            >>> TrainingState.newest("an/empty/folder") is None
            True
        """
        damaged = []
        for name in (LAST, PREVIOUS):
            path = Path(directory, name)
            if not path.exists():
                continue
            try:
                state = cls._read(path)
            except _DAMAGED as error:
                damaged.append((path, error))
                continue
            for broken, error in damaged:
                LOGGER.warning(
                    "%s is damaged (%s); the training goes on after epoch %d, from %s",
                    broken,
                    error,
                    len(state.rows),
                    path,
                )
            return state
        if not damaged:
            return None
        path, error = damaged[0]
        raise InputError(
            f"{path} is damaged or no checkpoint of this package ({error}), and there "
            "is no older one that is whole; start again with --overwrite"
        ) from error

    @classmethod
    def _read(cls, path):
        with zipfile.ZipFile(path) as archive:
            # Reads everything and compares it with the checksums in the archive.
            broken = archive.testzip()
        if broken is not None:
            raise ValueError(f"the checksum of {broken} is wrong")
        with np.load(path, allow_pickle=False) as arrays:
            header = json.loads(str(arrays["header"]))
            names = sorted(set(arrays.files) - {"header"})
        # The list of contents has no checksum. Older files do not tell the names.
        if header.get("arrays", names) != names:
            raise ValueError(f"of its {len(header['arrays'])} arrays some are missing")
        return cls(path, header["rows"], header["best"], header.get("monitor"))

    def arrays(self):
        """Read the arrays: a dict of names and arrays."""
        with np.load(self.path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files if name != "header"}


def write_state(directory, arrays, rows, best, monitor, keep_previous):
    """Write the state of a training; the one before stays under another name.

    Args:
        directory: the folder.
        arrays: dict of names and arrays.
        rows: list of dicts, one for each finished epoch.
        best: best value of the monitored name so far, or `None`.
        monitor: that name, or `None`.
        keep_previous: whether `last.npz` is whole and worth to be kept.

    Raises:
        InputError: when the disk is full or read-only.
    """
    last = Path(directory, LAST)
    header = {"rows": rows, "best": best, "monitor": monitor, "arrays": sorted(arrays)}
    with replacing(last) as partial:
        with partial.open("wb") as file:
            np.savez(file, header=np.array(json.dumps(header)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        if keep_previous and last.exists():
            os.replace(last, Path(directory, PREVIOUS))
