"""The folder for what can be made again: the user's cache."""

import os
from pathlib import Path

VARIABLE = "RKD_KERAS_CACHE"


def cache_folder():
    """Return the package's folder in the user's cache, which may not exist yet.

    It is what `RKD_KERAS_CACHE` says, else `rkd_keras` in `XDG_CACHE_HOME`, else
    `~/.cache/rkd_keras`. Everything in it may be deleted.

    Returns:
        A `Path`.

    Example:
        >>> os.environ["RKD_KERAS_CACHE"] = "/var/cache/line4"
        >>> cache_folder()
        PosixPath('/var/cache/line4')
        >>> del os.environ["RKD_KERAS_CACHE"]
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "rkd_keras"
