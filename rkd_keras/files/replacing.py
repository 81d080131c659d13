"""The one atomic write: a file is there whole, or as it was before."""

import contextlib
import os
from pathlib import Path


@contextlib.contextmanager
def replacing(path):
    """Give a temporary path beside `path` that takes its place at the end.

    When the block raises, the temporary file is removed and `path` untouched.

    Args:
        path: file to write or to replace; its folder must exist.

    Yields:
        The temporary path, of the same folder and suffix.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "notes.txt"
        >>> with replacing(file) as temporary:
        ...     _ = temporary.write_text("whole")
        >>> file.read_text()
        'whole'
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
