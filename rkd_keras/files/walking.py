"""Find the files below a folder, and tell what was passed over."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from rkd_keras.files.packs import MANIFEST

# Folders and files that systems leave behind.
_SYSTEM = {
    *("__macosx", "__pycache__", "$recycle.bin", "system volume information"),
    *("lost+found", "@eadir", "#recycle", "thumbs.db", "ehthumbs.db", "desktop.ini"),
}


@dataclass(frozen=True)
class Unused:
    """A file or folder that is not used.

    Attributes:
        path: where it is.
        reason: why it is not used, the end of a sentence.
        is_loss: whether something may be missing that was meant to be used.

    Example:
        >>> str(Unused(Path("a/.git"), "it is hidden"))
        'a/.git is not used: it is hidden'
    """

    path: Path
    reason: str
    is_loss: bool = False

    def __str__(self):
        """Make a sentence of it."""
        return f"{self.path} is not used: {self.reason}"


@dataclass
class Walked:
    """What lies below a folder.

    Attributes:
        files: sorted list of paths.
        packs: list of folders that are packs, which were not entered.
        empty: list of folders without anything in them.
        unused: list of `Unused`: what is hidden, or cannot be entered or read.
    """

    files: list = field(default_factory=list)
    packs: list = field(default_factory=list)
    empty: list = field(default_factory=list)
    unused: list = field(default_factory=list)


def walk(folder):
    """Find all files below a folder; links to folders are followed.

    Args:
        folder: the folder.

    Returns:
        A `Walked`.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> (root / "a").mkdir()
        >>> _ = (root / "a" / "1.png").write_bytes(b"")
        >>> _ = (root / ".hidden").write_bytes(b"")
        >>> found = walk(root)
        >>> [path.name for path in found.files], len(found.unused)
        (['1.png'], 1)
    """
    walked = Walked()
    _enter(Path(folder), (), walked)
    walked.files.sort()
    walked.unused.sort(key=lambda each: each.path)
    return walked


def _enter(folder, above, walked):
    real = os.path.realpath(folder)
    if real in above:
        reason = "it is a link to a folder that it lies in"
        walked.unused.append(Unused(folder, reason))
        return
    try:
        with os.scandir(folder) as entries:
            entries = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        reason = f"it cannot be opened: {error.strerror}"
        walked.unused.append(Unused(folder, reason, is_loss=True))
        return
    if not entries:
        walked.empty.append(folder)
    for entry in entries:
        # Joined by hand: the names stay as they were listed.
        path = folder / entry.name
        if entry.name.startswith(".") or entry.name.lower() in _SYSTEM:
            reason = "it is hidden or of the system"
            walked.unused.append(Unused(path, reason))
        elif _is(entry.is_dir):
            if (path / MANIFEST).is_file():
                walked.packs.append(path)
            else:
                _enter(path, (*above, real), walked)
        elif _is(entry.is_file):
            walked.files.append(path)
        else:
            link = entry.is_symlink()
            reason = "it is a link that leads nowhere" if link else "it is no file"
            walked.unused.append(Unused(path, reason, is_loss=link))


def _is(kind):
    try:
        return kind()
    except OSError:  # a link to itself
        return False
