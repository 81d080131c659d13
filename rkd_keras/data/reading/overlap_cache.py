"""Groups of overlapping images, remembered between trainings on the same images."""

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path

from rkd_keras.data.reading.identity import digests_of
from rkd_keras.data.reading.overlaps import find_overlaps
from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing

# Of the search: what an older one found is not taken.
VERSION = 1
# Seconds of a search that are worth a file.
WORTHWHILE = 1.0


def overlapping_groups(index, quiet=False):
    """Return the groups of images that share pixels, see `find_overlaps`.

    What took long is written to the user's cache, under a name made of the images'
    digests in their order, and read from there the next time.

    Args:
        index: an `ImageIndex`.
        quiet: whether to show no progress. Defaults to `False`.

    Returns:
        List of lists of indices, each of two or more images.
    """
    digests = digests_of(index.files)
    text = "\n".join([str(VERSION), *map(str, digests)])
    name = hashlib.sha256(text.encode()).hexdigest()
    path = cache_folder() / "overlaps" / f"{name}.json"
    if (known := _read(path)) is not None:
        return known
    started = time.monotonic()
    groups = find_overlaps(index, quiet=quiet).groups
    # A cache that cannot be written costs time and nothing else.
    if time.monotonic() - started > WORTHWHILE:
        with contextlib.suppress(OSError, InputError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary:
                temporary.write_text(json.dumps({"groups": groups}), encoding="utf-8")
    return groups


def cache_folder():
    """Return the folder of what can be found again.

    `RKD_KERAS_CACHE` names it; else it is `rkd_keras` in the user's cache folder.
    """
    if named := os.environ.get("RKD_KERAS_CACHE"):
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("rkd_keras", appauthor=False)


def _read(path):
    try:
        groups = json.loads(path.read_text(encoding="utf-8"))["groups"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return groups if isinstance(groups, list) else None
