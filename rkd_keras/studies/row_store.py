"""The finished rows of a comparison, kept as JSON lines."""

import json
import os
from pathlib import Path


class RowStore:
    """Rows in a file, each written whole as soon as it is finished.

    Args:
        path: the file, `rows.jsonl`; made with the first row.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.rows = {}
        if self.path.is_file():
            self._read()

    def _read(self):
        lines = self.path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
            except ValueError:
                # A kill in the middle of writing leaves half a last line.
                if number < len(lines):
                    raise
                kept = "".join(f"{whole}\n" for whole in lines[:-1])
                self.path.write_text(kept, encoding="utf-8")
                break
            self.rows[row["key"]] = row

    def __contains__(self, key):
        """Whether the row is finished."""
        return key in self.rows

    def add(self, row):
        """Append a finished row, a dict with `key`, and see it to the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.rows[row["key"]] = row

    def select(self, rows):
        """Return the finished ones of `rows` (objects with `key`), in order."""
        return [self.rows[row.key] for row in rows if row.key in self.rows]
