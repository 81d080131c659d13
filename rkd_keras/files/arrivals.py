"""Files that arrive in a folder: each once, and not before it is whole.

Nobody tells when a file is written to its end, so its size and its time of change have
to stay the same for a while. A file that is renamed into the folder is whole from the
start. Folders are looked through again and again, which works on every file system;
events of the system do not cross a network drive.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.names import printable
from rkd_keras.files.results import is_result
from rkd_keras.files.walking import walk

SETTLE_SECONDS = 0.5
# What is gone for so long is forgotten, so that memory does not grow for ever; a
# network drive may be away for less.
FORGET_SECONDS = 3600.0


@dataclass(frozen=True)
class Arrival:
    """A file that is whole.

    Attributes:
        path: the file.
        size: bytes.
        modified_ns: when it was changed last, nanoseconds of the file system's clock.
    """

    path: Path
    size: int
    modified_ns: int

    def read(self) -> bytes | None:
        """Read the file, if it still is the one that arrived.

        Returns:
            Its bytes; `None` when it was changed or removed since.

        Raises:
            InputError: when it cannot be read.
        """
        try:
            with open(self.path, "rb") as stream:
                # Of the opened file: a network drive's own answers may be old.
                before = _state(os.fstat(stream.fileno()))
                data = stream.read()
                after = _state(os.fstat(stream.fileno()))
        except FileNotFoundError:
            return None
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"{self.path} cannot be read: {reason}") from error
        whole = before == after == (self.size, self.modified_ns)
        return data if whole and len(data) == self.size else None


class Arrivals:
    """Tell the files that arrive in a folder and those below it.

    A file that is changed later arrives again. Hidden files, files with another
    suffix and pictures that show results of ours never arrive.

    Args:
        folder: the folder.
        suffixes: of the files that count, in lower case, such as `(".png",)`.
        known: triples `(name, size, modified_ns)` of files that arrived earlier; the
            name is the absolute path as `rkd_keras.files.names.printable` writes it.
            Defaults to none.
        settle_seconds: for how long size and time must stay the same. Defaults to
            `0.5`.
        clock: function that gives the time in seconds.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> arrivals = Arrivals(folder, (".png",), clock=iter(range(9)).__next__)
        >>> _ = (folder / "strip.png").write_bytes(b"pixels")
        >>> arrivals.poll()  # it may still grow
        []
        >>> (arrival,) = arrivals.poll()
        >>> arrival.path.name, arrival.read()
        ('strip.png', b'pixels')
        >>> arrivals.done(arrival)
        >>> arrivals.poll()
        []
    """

    def __init__(
        self,
        folder,
        suffixes,
        known=(),
        settle_seconds=SETTLE_SECONDS,
        clock=time.monotonic,
    ):
        self.folder = Path(os.path.abspath(folder))
        self.suffixes = suffixes
        self.settle_seconds = settle_seconds
        self.clock = clock
        self._known = {name: (size, time_ns) for name, size, time_ns in known}
        # What each file was when it arrived, and when it was last there.
        self._done = {}
        # What each file was when it was looked at, and since when.
        self._waiting = {}
        self._swept = None

    def poll(self) -> list[Arrival]:
        """Look through the folder.

        Returns:
            List of the files that are whole, the oldest first; they are told again
            until `done` is called with them.

        Raises:
            InputError: when the folder cannot be opened; it may be there again later.
        """
        before = self.clock()
        found = self._look()
        after = self.clock()
        whole, waiting = [], {}
        for path, state in found.items():
            if self._is_done(path, state, after):
                continue
            kept = self._waiting.get(path)
            if kept is None or kept[0] != state:
                kept = (state, after)
            waiting[path] = kept
            if before - kept[1] >= self.settle_seconds:
                arrival = Arrival(path, *state)
                if is_result(path):
                    self.done(arrival)
                else:
                    whole.append(arrival)
        self._waiting = waiting
        self._sweep(after)
        return sorted(whole, key=lambda each: (each.modified_ns, each.path))

    def pass_over(self) -> None:
        """Take no notice of the files that are there now, unless they change.

        Raises:
            InputError: when the folder cannot be opened.
        """
        for path, state in self._look().items():
            self.done(Arrival(path, *state))

    def done(self, arrival: Arrival) -> None:
        """Do not tell of a file again, unless it changes.

        Args:
            arrival: as `poll` told it.
        """
        state = (arrival.size, arrival.modified_ns)
        self._done[arrival.path] = [state, self.clock()]

    def _look(self):
        walked = walk(self.folder)
        for unused in walked.unused:
            if unused.path == self.folder:
                raise InputError(f"{self.folder} {unused.reason.removeprefix('it ')}")
        found = {}
        for path in walked.files:
            if path.suffix.lower() in self.suffixes:
                try:
                    found[path] = _state(os.stat(path))
                except OSError:  # gone, or a drive that is away
                    continue
        return found

    def _is_done(self, path, state, now):
        done = self._done.get(path)
        if done is None and self._known:
            known = self._known.pop(printable(path), None)
            if known is not None:
                done = self._done[path] = [known, now]
        if done is None:
            return False
        done[1] = now
        return done[0] == state

    def _sweep(self, now):
        if self._swept is None:
            self._swept = now
        if now - self._swept >= FORGET_SECONDS:
            self._swept = now
            self._known.clear()
            self._done = {
                path: done
                for path, done in self._done.items()
                if now - done[1] < FORGET_SECONDS
            }


def _state(status):
    return status.st_size, status.st_mtime_ns
