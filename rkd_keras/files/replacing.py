"""The one atomic write: a file is there whole, or as it was before."""

import contextlib
import hashlib
import os
from pathlib import Path

from rkd_keras.errors import InputError

# Bytes of a name that every file system takes.
_LONGEST = 255


@contextlib.contextmanager
def replacing(path):
    """Give a temporary path beside `path` that takes its place at the end.

    When the block raises, the temporary file is removed and `path` untouched.

    Args:
        path: file to write or to replace; its folder must exist.

    Yields:
        The temporary path, of the same folder and suffix.

    Raises:
        InputError: when the disk is full or read-only, the folder is missing, or
            the name is too long.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "notes.txt"
        >>> with replacing(file) as temporary:
        ...     _ = temporary.write_text("whole")
        >>> file.read_text()
        'whole'
    """
    path = Path(path)
    temporary = _beside(path)
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.filename in (None, str(temporary)):
            reason = error.strerror or str(error)
            raise InputError(f"{path} cannot be written: {reason}") from error
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _beside(path):
    """Name the temporary file as its path, or shorter where that is too long."""
    name = f".{path.name}.{os.getpid()}.tmp{path.suffix}"
    if len(os.fsencode(name)) > _LONGEST:
        digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
        suffix = path.suffix if len(os.fsencode(path.suffix)) < 16 else ""
        name = f".{digest}.{os.getpid()}.tmp{suffix}"
    return path.with_name(name)
