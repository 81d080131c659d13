"""The finished rows of a study, kept as JSON lines."""

import json
import operator
import os
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing
from rkd_keras.files.results import make_folder


class RowStore:
    """Rows in a file, each written whole as soon as it is finished.

    Args:
        path: the file; made with the first row.
        key: function from a row, a dict, to what no other row has. Defaults to its
            entry `key`.

    Attributes:
        path: the file, a `Path`.
        rows: dict of key to row, in the order in which they were finished.

    Raises:
        InputError: for a line, other than the last, that holds no row.
    """

    def __init__(self, path, key=operator.itemgetter("key")):
        self.path = Path(path)
        self._key = key
        self.rows = {}
        if self.path.is_file():
            self._read()

    def _read(self):
        # A kill may cut a letter in two; what is left of it is no JSON either.
        text = self.path.read_text(encoding="utf-8", errors="replace")
        lines = text.splitlines()
        whole = []
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                self.rows[self._key(row)] = row
            except (ValueError, KeyError, TypeError) as error:
                # A kill in the middle of writing leaves half a last line.
                if number == len(lines):
                    break
                raise InputError(
                    f"line {number} of {self.path} holds no finished row; delete the "
                    "line, and --resume will make its row again"
                ) from error
            whole.append(line)
        kept = "".join(f"{line}\n" for line in whole)
        # Without the line's end, the next row would be written into the last.
        if kept != text:
            with replacing(self.path) as temporary:
                temporary.write_text(kept, encoding="utf-8")

    def __contains__(self, key):
        """Whether the row is finished."""
        return key in self.rows

    def __len__(self):
        """Return the number of finished rows."""
        return len(self.rows)

    def add(self, row):
        """Append a finished row, a dict, and see it to the disk."""
        make_folder(self.path.parent)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.rows[self._key(row)] = row

    def select(self, keys):
        """Return the finished ones of several keys, in their order."""
        return [self.rows[key] for key in keys if key in self.rows]
