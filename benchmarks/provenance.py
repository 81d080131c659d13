"""Say beside a measured row what made it: the command, the commit, the machine."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

from rkd_keras.export.timing.machine import machine

ROOT = Path(__file__).parents[1]
# Flags that decide how fast a network is, under the names that people know.
FLAGS = {"avx2": "AVX2", "avx512f": "AVX512", "avx512_vnni": "VNNI", "amx_int8": "AMX"}


def provenance():
    """Return a dict of the texts `command`, `commit` and `machine`.

    A commit with a plus has changes of the package or the benchmarks on top of it.
    """
    return {"command": command(), "commit": commit(), "machine": machine_name()}


def command():
    """Return the command line; of paths outside of the repository the last part."""
    words = [plain(word) for word in sys.argv[1:]]
    script = Path(sys.argv[0]).resolve()
    if script.is_relative_to(ROOT):
        script = script.relative_to(ROOT)
    return shlex.join(["python", str(script), *words])


def plain(word):
    """Return a word of a command line without where on this machine it lies."""
    if word.startswith("-"):
        return word
    path = Path(word)
    if path.is_absolute() and path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT))
    return path.name if path.is_absolute() or word.startswith("..") else word


def commit():
    def git(*words):
        done = subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True
        )
        return done.stdout.strip() if done.returncode == 0 else None

    name = git("rev-parse", "--short=10", "HEAD")
    if name is None:
        return "unknown"
    changed = git("status", "--porcelain", "--", "rkd_keras", "benchmarks")
    return f"{name}+" if changed else name


def machine_name():
    """Return the processor, its cores and what it knows, in a line."""
    about = machine()
    words = [about["processor"], f"{about['cores']} cores"]
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        flags = set()
    return ", ".join([*words, *(name for flag, name in FLAGS.items() if flag in flags)])


def write_rows(rows, path=None):
    """Write rows as JSON to a file, or print them where none is given."""
    text = json.dumps(rows, indent=1) + "\n"
    if path:
        path.write_text(text, encoding="utf-8")
    else:
        print(text)
