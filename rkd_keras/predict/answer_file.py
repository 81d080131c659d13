"""Answers kept as JSON lines, which are the memory of what was answered."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rkd_keras.errors import InputError
from rkd_keras.files.names import printable
from rkd_keras.files.results import make_folder
from rkd_keras.predict.answer import Answer

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

# How every line begins, so that no other file is taken for one of ours and cut.
_BEGINNING = b'{"file": '


class AnswerFile:
    """JSON lines that are added to, one whole line at a time, by one process.

    What a killed process left of a line is cut off, for no answer stands there.

    Args:
        path: the file; made when missing, continued when there.

    Raises:
        InputError: when it cannot be written, holds something else, or another
            process writes to it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "verdicts.jsonl"
        >>> about = {"bytes": 6, "modified_ns": 17}
        >>> with AnswerFile(path) as answers:
        ...     answers.add(Answer(Path("/a.png"), error="damaged", about=about))
        >>> with AnswerFile(path) as answers:
        ...     list(answers.known())
        [('/a.png', 6, 17)]
    """

    def __init__(self, path: str | Path) -> None:
        """See the class."""
        self.path = Path(path)
        make_folder(self.path.parent)
        try:
            # Unbuffered: a line is with the system when `add` returns.
            self._stream = open(self.path, "a+b", buffering=0)
        except OSError as error:
            raise InputError(_unwritable(self.path, error)) from error
        try:
            _lock(self._stream, self.path)
            self._end = self._whole_lines()
            self._stream.truncate(self._end)
        except BaseException:
            self._stream.close()
            raise

    def known(self) -> Iterator[tuple[str, int, int]]:
        """Go over the files that were answered.

        Yields:
            Triples of a file's name as it was written, its size in bytes, and when it
            was changed, in nanoseconds; of a file that changed, one for each time.

        Raises:
            InputError: when a line is none of ours.
        """
        with open(self.path, "rb") as stream:
            for number, text in enumerate(stream, start=1):
                try:
                    line = json.loads(text)
                    file = line["file"]
                except (ValueError, TypeError, KeyError) as error:
                    where = f"line {number}"
                    raise InputError(_foreign(self.path, where)) from error
                if "bytes" in line and "modified_ns" in line:
                    yield file, line["bytes"], line["modified_ns"]

    def add(self, answer: Answer) -> None:
        """Add a line.

        Args:
            answer: the `Answer`.

        Raises:
            InputError: when it cannot be written; what there was is kept.
        """
        line = answer.to_json().encode() + b"\n"
        try:
            left = memoryview(line)
            while left:
                left = left[self._stream.write(left) :]
        except OSError as error:  # the disk is full
            self._stream.truncate(self._end)
            raise InputError(_unwritable(self.path, error)) from error
        self._end += len(line)

    def close(self) -> None:
        """Let others write."""
        self._stream.close()

    def __enter__(self) -> "AnswerFile":
        """Return it."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def _whole_lines(self):
        """Return the bytes of the whole lines; refuse a file that is none of ours."""
        size = self._stream.seek(0, os.SEEK_END)
        end = _after_last_break(self._stream, size)
        for place, where in ((0, "line 1"), (end, "the last line")):
            self._stream.seek(place)
            found = self._stream.read(len(_BEGINNING))
            if not _BEGINNING.startswith(found):
                raise InputError(_foreign(self.path, where))
        return end


def _foreign(path, where):
    return f"{where} of {printable(path)} is no answer; give another --out"


def _unwritable(path, error):
    return f"{printable(path)} cannot be written: {error.strerror or error}"


def _after_last_break(stream: BinaryIO, size: int) -> int:
    """Return the place behind the last line break, 0 where there is none."""
    end = size
    while end:
        start = max(end - 65536, 0)
        stream.seek(start)
        at = stream.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _lock(stream, path):
    if fcntl is None:
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(
            f"another process writes to {printable(path)}; end it, or give another "
            "--out"
        ) from error
    except OSError:  # a network drive without locks
        return
