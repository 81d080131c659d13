"""Where rows come from: what made them, on which machine, by which protocol.

Rows written today say so themselves, in the columns `command`, `commit` and `machine`.
For those that do not, `docs/results/sources.yaml` does.
"""

import fnmatch
from dataclasses import dataclass, replace

import yaml

from .rows import Rows

CATALOGUE = "sources.yaml"
COLUMNS = ("command", "commit", "machine")
# What no source is asked for: drawn from rows, or written beside them by the command.
DERIVED = ("*.png", "*.md", CATALOGUE)


@dataclass(frozen=True)
class Source:
    """What is known of a file's rows; `None` is not recorded.

    Attributes:
        file: name of the file, or of several by a pattern.
        command: what made them.
        commit: commit of the repository that made them, or with which they came.
        machine: what it ran on.
        split: how images were divided.
        seeds: the training seeds.
        protocol: "old" where overlapping images were divided and one test part was
            used; "grouped" or "both" where not; `None` where nothing is tested.
        note: what else a reader should know.
        same_as: a file whose rows the same command wrote, and which tells the rest.
    """

    file: str
    command: str | None = None
    commit: str | None = None
    machine: str | None = None
    split: str | None = None
    seeds: str | None = None
    protocol: str | None = None
    note: str | None = None
    same_as: str | None = None


def catalogue(results):
    """Return the sources of `sources.yaml`, its machines' short names spelled out."""
    return results.once(CATALOGUE, lambda: _catalogue(results))


def _catalogue(results):
    content = yaml.safe_load((results.root / CATALOGUE).read_text(encoding="utf-8"))
    machines = content["machines"]
    sources = []
    for file, entry in content["files"].items():
        entry = dict(entry)
        if "machine" in entry:
            entry["machine"] = machines[entry["machine"]]
        entry = {k: None if v is None else str(v) for k, v in entry.items()}
        sources.append(Source(file, **entry))
    return sources


def source_of(results, name):
    """Return the `Source` of a file, by the catalogue or by its own columns."""
    for source in catalogue(results):
        if fnmatch.fnmatch(name, source.file):
            if source.same_as is None:
                return source
            told = source_of(results, source.same_as)
            return replace(told, file=source.file)
    content = results.read(name) if name.endswith((".csv", ".jsonl", ".json")) else {}
    rows = content if isinstance(content, Rows) else Rows([content])
    if not rows or any(column not in rows[0] for column in COLUMNS):
        raise LookupError(
            f"{name} does not say what made it: give its rows the columns "
            f"{', '.join(COLUMNS)}, or enter it in docs/results/{CATALOGUE}"
        )

    def told(column):
        found = dict.fromkeys(str(row[column]) for row in rows if column in row)
        return "; ".join(found) or None

    known = map(told, (*COLUMNS, "split"))
    return Source(name, *known, seeds=_seeds(rows), protocol=_protocol(rows))


def _seeds(rows):
    seeds = sorted({row["seed"] for row in rows if "seed" in row})
    return ", ".join(map(str, seeds)) or None


def _protocol(rows):
    splits = {row["split"] for row in rows if "split" in row}
    if not splits:
        return None
    grouped = {str(split).endswith("-grouped") for split in splits}
    return {(True,): "grouped", (False,): "old"}.get(tuple(grouped), "both")


def raw_files(results):
    """Return the names of all raw files, sorted."""
    files = (f for f in results.root.rglob("*") if f.is_file())
    names = (str(file.relative_to(results.root)) for file in files)
    return sorted(n for n in names if not any(fnmatch.fnmatch(n, d) for d in DERIVED))
