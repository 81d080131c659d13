"""What an image is: its path within the data set together with its content."""

import hashlib
import os
from collections import defaultdict
from pathlib import Path

from rkd_keras.files.packs import find_packed
from rkd_keras.files.threads import in_threads


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
    return list(in_threads(digest_of, files))


def find_duplicates(index):
    """Group files that are equal byte for byte.

    Args:
        index: an `ImageIndex`.

    Returns:
        List of lists of indices, each of two or more images.

    Example:
        >>> import shutil, tempfile
        >>> from rkd_keras.data import open_dataset
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     images = write_dataset(folder, 1, 32) / "IMAGES"
        ...     copied = shutil.copy(images / "patches_1.jpg", images / "patches_2.jpg")
        ...     index = open_dataset(folder)
        ...     [[index.files[i].name for i in pair] for pair in find_duplicates(index)]
        [['patches_1.jpg', 'patches_2.jpg']]
    """
    by_size, groups = defaultdict(list), defaultdict(list)
    for i, file in enumerate(index.files):
        if file.is_file():
            by_size[file.stat().st_size].append(i)
        elif found := find_packed(file):
            by_size[found[1].file_bytes].append(i)
    for same_size in by_size.values():
        if len(same_size) > 1:
            for i in same_size:
                if digest := digest_of(index.files[i]):
                    groups[digest].append(i)
    return [group for group in groups.values() if len(group) > 1]
