"""The store has no room left."""

import errno

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_TEXT = ("database or disk is full", "disk i/o error", "no space left")


class StorageFullError(Exception):
    """Nothing can be stored until there is room on the disk again."""

    @staticmethod
    def matches(error):
        """Tell whether an exception of the database or of a file means a full disk.

        Args:
            error: any exception.

        Returns:
            `True` or `False`.

        Example:
            >>> StorageFullError.matches(OSError(errno.ENOSPC, "no space"))
            True
            >>> StorageFullError.matches(OSError(errno.ENOENT, "no such file"))
            False
        """
        if isinstance(error, OSError):
            return error.errno in _FULL
        text = str(getattr(error, "orig", "")).lower()
        return any(part in text for part in _FULL_TEXT)
