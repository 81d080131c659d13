"""The database does not answer."""

import sqlite3

import sqlalchemy as sa

from rkd_keras.station.store.storage_full_error import StorageFullError


class StoreLostError(StorageFullError):
    """The database server does not answer; it passes as a full disk does.

    Until it answers again, posted frames are refused and live verdicts shown only.
    """

    @staticmethod
    def matches(error):
        """Tell whether an exception means that the database cannot be reached.

        Args:
            error: any exception.

        Returns:
            `True` or `False`; always `False` for SQLite, which has no server.
        """
        if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
            return True
        if not isinstance(error, sa.exc.OperationalError):
            return False
        if isinstance(error.orig, sqlite3.Error) or StorageFullError.matches(error):
            return False
        # Class 40: the transaction lost against another and can be tried again.
        return (getattr(error.orig, "sqlstate", None) or "")[:2] != "40"


def translated(error):
    """Return what an exception of the database means to the station.

    Args:
        error: any exception.

    Returns:
        A `StorageFullError`, a `StoreLostError`, or the exception itself.
    """
    if isinstance(error, StorageFullError):
        return error
    if StoreLostError.matches(error):
        found = StoreLostError("the database does not answer")
    elif StorageFullError.matches(error):
        found = StorageFullError("there is no room left to store results")
    else:
        return error
    found.__cause__ = error
    return found
