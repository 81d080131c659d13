"""Rows of raw files: read, chosen, gathered."""

import csv
import json
from pathlib import Path


class Rows(list):
    """A list of dicts, one a row."""

    def where(self, **wanted):
        """Return the rows that have these values; a tuple allows several."""
        return Rows(
            row
            for row in self
            if all(
                row.get(name) in (value if isinstance(value, tuple) else (value,))
                for name, value in wanted.items()
            )
        )

    def values(self, name):
        """Return the numbers of a column, in order."""
        return [row[name] for row in self]

    def one(self, **wanted):
        """Return the one row that has these values."""
        found = self.where(**wanted)
        if len(found) != 1:
            raise LookupError(f"{len(found)} rows have {wanted}, and one must")
        return found[0]

    def groups(self, *names):
        """Return a dict from the values of columns to the rows that have them."""
        groups = {}
        for row in self:
            key = tuple(row[name] for name in names)
            groups.setdefault(key[0] if len(names) == 1 else key, Rows()).append(row)
        return groups

    def by_seed(self, name="accuracy", seed="seed"):
        """Return a dict from the seed to a number; no seed may come twice."""
        found = {row[seed]: row[name] for row in self}
        if len(found) != len(self):
            raise LookupError(f"a {seed} comes twice among {len(self)} rows")
        return found


class Results:
    """The folder of the raw files.

    Args:
        root: path of `docs/results`.

    Attributes:
        root: the same, a `Path`.
        used: names of the files that were read, each once, in order.
    """

    def __init__(self, root):
        self.root = Path(root)
        self.used = {}
        self._kept = {}

    def read(self, name):
        """Return the content of a file: `Rows` of .csv and .jsonl, what .json holds.

        Args:
            name: path below the root.
        """
        self.used[name] = None
        return self.once(name, lambda: _parsed(self.root / name))

    def once(self, key, make):
        """Return what a function of these results made, made once."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def exists(self, name):
        """Whether there is such a file yet."""
        return (self.root / name).is_file()

    def names(self, pattern):
        """Return the names of the files that a pattern fits, sorted."""
        return sorted(str(f.relative_to(self.root)) for f in self.root.glob(pattern))


def _parsed(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return Rows(
            {name: _number(value) for name, value in row.items()}
            for row in csv.DictReader(text.splitlines())
        )
    if path.suffix == ".jsonl":
        return Rows(json.loads(line) for line in text.splitlines())
    content = json.loads(text)
    listed = isinstance(content, list) and all(isinstance(row, dict) for row in content)
    return Rows(content) if listed else content


def _number(text):
    """Return a CSV's cell as what it says: a number, nothing, or text."""
    if text in ("", None):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"True": True, "False": False}.get(text, text)
