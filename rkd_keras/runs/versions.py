"""The versions of what a run was made with."""

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("rkd-keras", "tensorflow", "keras", "numpy", "opencv-python-headless")


def versions():
    """Return the versions of Python and of the packages that matter.

    Returns:
        Dict from name to version.

    Example:
        >>> sorted(versions())[0]
        'keras'
    """
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
