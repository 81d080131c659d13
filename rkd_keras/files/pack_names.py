"""Names of images in packs: paths with `/` below the folder that was packed."""

import os
from pathlib import PurePosixPath


def stays_inside(name):
    """Tell whether a name leads to somewhere below the folder it is joined to.

    Args:
        name: path with `/`.

    Returns:
        Whether it is relative and without `..`; on Windows without a backslash or
        colon too.

    Example:
        >>> stays_inside("a/1.png"), stays_inside("../1.png"), stays_inside("/1.png")
        (True, False, False)
    """
    parts = PurePosixPath(name).parts
    foreign = {"\\", ":"} if os.name == "nt" else {"\0"}
    return (
        bool(parts)
        and not name.startswith("/")
        and ".." not in parts
        and not foreign & set(name)
    )


def matches(name, pattern):
    """Match a name part by part; `**` stands for any number of folders.

    Args:
        name: a `PurePosixPath`.
        pattern: tuple of parts, with `*`, `?` and `**`.

    Returns:
        A bool.

    Example:
        >>> matches(PurePosixPath("a/b/1.png"), ("**", "?.png"))
        True
    """
    if not pattern or not name.parts:
        return not pattern and not name.parts
    rest = PurePosixPath(*name.parts[1:])
    if pattern[0] == "**":
        return matches(name, pattern[1:]) or matches(rest, pattern)
    return PurePosixPath(name.parts[0]).match(pattern[0]) and matches(rest, pattern[1:])
