"""The accounts that are added instead of starting the station."""

import os
from dataclasses import dataclass

from rkd_keras.errors import InputError

PASSWORD_VARIABLE = "RKD_KERAS_PASSWORD"  # noqa: S105


@dataclass(frozen=True)
class MadeAccounts:
    """What was added instead of serving.

    Attributes:
        role: `"operator"` or `"engineer"`.
        user: name of the user, or `None`.
        token: name of the API token, or `None`.
        secret: the token itself, which is shown this once.

    Example:
        >>> MadeAccounts("operator", user="ada").token is None
        True
    """

    role: str
    user: str | None = None
    token: str | None = None
    secret: str | None = None


def add_accounts(config, user, token, role):
    """Add the accounts that were asked for to a station's database.

    Args:
        config: the `StationConfig` of the station, which need not run.
        user: name of a user, whose password is asked for, or `None`.
        token: name of an API token, or `None`.
        role: `"operator"` or `"engineer"`, for both.

    Returns:
        The `MadeAccounts`.

    Raises:
        InputError: when the data folder or the database cannot be used, or no
            password can be had.
    """
    from rkd_keras.files.results import make_folder
    from rkd_keras.station.security import Accounts
    from rkd_keras.station.store import Store

    make_folder(config.data_dir)
    store = Store(config.store_url)
    try:
        accounts = Accounts(store, config.data_dir / "secret.key")
        if user:
            accounts.put_user(user, _password(), role)
        secret = accounts.create_token(token, role)[1] if token else None
    finally:
        store.close()
    return MadeAccounts(role, user, token, secret)


def _password():
    import sys
    from getpass import getpass

    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise InputError(
            f"give the password in the environment variable {PASSWORD_VARIABLE}, or "
            "run the command in a terminal"
        )
    given = getpass("Password: ")
    if getpass("The same again: ") != given:
        raise InputError("the two passwords differ; nothing was added")
    return given
