"""Accounts, roles and the guard at the door."""

from rkd_keras.station.security.account import (
    ENGINEER,
    LOCAL,
    OPERATOR,
    ROLES,
    Account,
)
from rkd_keras.station.security.accounts import Accounts, TooManyLoginsError
from rkd_keras.station.security.gatekeeper import SESSION_COOKIE, Gatekeeper
from rkd_keras.station.security.login_limiter import LoginLimiter

__all__ = [
    "ENGINEER",
    "LOCAL",
    "OPERATOR",
    "ROLES",
    "SESSION_COOKIE",
    "Account",
    "Accounts",
    "Gatekeeper",
    "LoginLimiter",
    "TooManyLoginsError",
]
