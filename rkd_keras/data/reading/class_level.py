"""Decide which level of nested folders names the class."""

import re
from collections import defaultdict

# What is left of "coil_17" or "line A" without its number or letter.
_COUNTER = re.compile(r"[\W\d_]+|(?<![^\W\d_])[^\W\d_]$|(?<=[a-z])[A-Z]$")


def is_counter(names):
    """Tell whether names are numbers, dates or numbered things rather than classes.

    Args:
        names: set of folder names.

    Returns:
        A bool.

    Example:
        >>> is_counter({"2024-05-01", "17"}), is_counter({"coil_1", "coil_2"})
        (True, True)
        >>> is_counter({"scratches", "rolled-in_scale"})
        False
    """
    left = {_COUNTER.sub("", name) for name in names}
    if left == {""}:
        return True
    numbered = all(_COUNTER.sub("", name) != name for name in names)
    return numbered and len(left) == 1 and len(names) > 1


def at_level(folders, level):
    """Return the folder of a level, the innermost where there are fewer.

    Args:
        folders: tuple of names, from outside.
        level: integer from 1.

    Returns:
        A name.

    Example:
        >>> at_level(("line A", "dent"), 1), at_level(("dent",), 2)
        ('line A', 'dent')
    """
    return folders[min(level, len(folders)) - 1]


def find_level(all_folders):
    """Find the level of folders that names the class.

    Dates, numbers and numbered things are no classes, and there are at least two. Of
    what remains the innermost level counts whose names come again in several folders
    (`line A/dent`, `line B/dent`), else the outermost.

    Args:
        all_folders: list of tuples of folder names from outside, one per image.

    Returns:
        Pair: the level, an integer from 1, and a list of the other levels that give
        other classes.

    Example:
        >>> find_level([("dent", "2024-05-01"), ("rust", "2024-05-01")])
        (1, [2])
        >>> find_level([("line A", "dent"), ("line B", "dent"), ("line B", "rust")])
        (2, [1])
    """
    unique = sorted(set(all_folders))
    deepest = max(map(len, unique))
    levels = {}
    for level in range(1, deepest + 1):
        names = frozenset(at_level(folders, level) for folders in unique)
        if names not in levels.values():
            levels[level] = names
    likely = [n for n in levels if not is_counter(levels[n])] or list(levels)
    likely = [n for n in likely if len(levels[n]) > 1] or likely
    chosen = next((n for n in reversed(likely) if _recurs(unique, n)), likely[0])
    return chosen, [level for level in levels if level != chosen]


def _recurs(unique, level):
    """Whether a class of this level lies in several folders."""
    parents = defaultdict(set)
    for folders in unique:
        depth = min(level, len(folders))
        parents[folders[depth - 1]].add(folders[: depth - 1])
    return any(len(found) > 1 for found in parents.values())
