"""What an image is: its path within the data set together with its content."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rkd_keras.files.packs import find_packed


def relative_names(files, root=None):
    """Name files by their paths within a data set.

    Args:
        files: list of paths.
        root: the data set's folder. Defaults to `None`: the deepest folder that
            holds all of them.

    Returns:
        List of strings, with `/`; those of files elsewhere begin with `..`.

    Example:
        >>> relative_names(["a/dent/1.png", "a/rust/1.png"])
        ['dent/1.png', 'rust/1.png']
    """
    files = [os.path.abspath(file) for file in files]
    if root is None:
        root = common_folder(files)
    root = os.path.abspath(root)
    return [Path(os.path.relpath(file, root)).as_posix() for file in files]


def common_folder(files):
    """Return the deepest folder that holds all files.

    Args:
        files: list of paths.

    Returns:
        A `Path`, absolute.

    Example:
        >>> common_folder(["/a/dent/1.png", "/a/rust/1.png"]).as_posix()
        '/a'
    """
    folders = {os.path.dirname(os.path.abspath(file)) for file in files}
    return Path(os.path.commonpath(folders)) if folders else Path(".").absolute()


def digest_of(file):
    """Return the SHA-256 of an image's file, which may lie in a pack.

    Args:
        file: a path.

    Returns:
        Hexadecimal digits, or `None` for a file that cannot be read.

    Example:
        >>> digest_of("nowhere.png") is None
        True
    """
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        packed = find_packed(file)  # whose digest is known without reading it
        return packed[1].sha256 if packed else None
    except OSError:
        return None


def digests_of(files):
    """Return the SHA-256 of many files, see `digest_of`.

    Args:
        files: list of paths.

    Returns:
        List of strings and `None`.
    """
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(digest_of, files))
