"""Users with passwords, sessions, and tokens for programs."""

import hashlib
import os
import re
import secrets
import threading
import time
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from itsdangerous import BadSignature, URLSafeTimedSerializer

from rkd_keras.errors import InputError
from rkd_keras.station.security.account import ROLES, Account
from rkd_keras.station.security.login_limiter import LoginLimiter
from rkd_keras.station.store import accounts as table
from rkd_keras.station.store import now_ms

SESSION_S = 12 * 3600
MIN_PASSWORD = 10
_TOKEN_PREFIX = "rkd_"
_CACHE_S = 5.0


class TooManyLoginsError(RuntimeError):
    """A password was tried too often.

    Args:
        wait_s: seconds until the next try is allowed.
    """

    def __init__(self, wait_s):
        super().__init__(f"too many failed logins; try again in {wait_s:.0f} s")
        self.wait_s = wait_s


class Accounts:
    """Checks who is there.

    Passwords are hashed with Argon2id; tokens are random and only their SHA-256
    is stored; sessions are signed cookies that end when the password changes.

    Args:
        store: the `Store`.
        secret_file: file of the signing key; made when missing, readable by its
            owner only.
        limiter: a `LoginLimiter`.
    """

    def __init__(self, store, secret_file, limiter=None):
        self._store = store
        self._limiter = limiter if limiter is not None else LoginLimiter()
        self._hasher = PasswordHasher()
        self._signer = URLSafeTimedSerializer(_secret(Path(secret_file)), "session")
        # Argon2 takes 64 MiB a time.
        self._hashing = threading.BoundedSemaphore(2)
        self._decoy = self._hasher.hash(secrets.token_hex(8))
        self._cache = {}

    def any_users(self):
        """Return whether there is a user or a token."""
        with self._store.read() as connection:
            users = table.list_users(connection)
            return bool(users or table.list_tokens(connection))

    def users(self):
        """Return the users as dicts, without their hashes."""
        with self._store.read() as connection:
            rows = table.list_users(connection)
        return [{k: row[k] for k in ("name", "role", "created_ms")} for row in rows]

    def tokens(self):
        """Return the tokens as dicts, without their digests."""
        with self._store.read() as connection:
            rows = table.list_tokens(connection)
        keys = ("id", "name", "role", "created_ms")
        return [{k: row[k] for k in keys} for row in rows]

    def put_user(self, name, password, role, also=None):
        """Add a user or give one a new password and role; ends its sessions.

        `also` is done in the same transaction, see `Store.write`.

        Raises:
            InputError: for a name, password or role that cannot be used.
        """
        _check_name(name)
        _check_role(role)
        if not MIN_PASSWORD <= len(password) <= 1000:
            raise InputError(f"a password must have at least {MIN_PASSWORD} characters")
        with self._hashing:
            hashed = self._hasher.hash(password)
        user = {
            "name": name,
            "role": role,
            "password_hash": hashed,
            "epoch": secrets.token_hex(8),
            "created_ms": now_ms(),
        }
        self._store.write(lambda c: table.put_user(c, user), also)
        self._cache.clear()

    def remove_user(self, name, also=None):
        """Forget a user; returns whether there was one."""
        removed = self._store.write(lambda c: table.delete_user(c, name), also)
        self._cache.clear()
        return removed

    def create_token(self, name, role, also=None):
        """Make a token for a program.

        Returns:
            `(id, token)`; the token itself is not stored and never shown again.
        """
        _check_name(name)
        _check_role(role)
        token = _TOKEN_PREFIX + secrets.token_urlsafe(32)
        row = {
            "name": name,
            "role": role,
            "digest": _digest(token),
            "created_ms": now_ms(),
        }
        return self._store.write(lambda c: table.insert_token(c, row), also), token

    def remove_token(self, token_id, also=None):
        """Forget a token; returns whether there was one."""
        removed = self._store.write(lambda c: table.delete_token(c, token_id), also)
        self._cache.clear()
        return removed

    def log_in(self, name, password, address):
        """Check a password and return the session's cookie, or `None`.

        Raises:
            TooManyLoginsError: when it was tried too often.
        """
        wait = self._limiter.wait_s(address, name)
        if wait > 0:
            raise TooManyLoginsError(wait)
        with self._store.read() as connection:
            user = table.get_user(connection, name)
        # An unknown name takes as long as a wrong password.
        hashed = user["password_hash"] if user else self._decoy
        with self._hashing:
            try:
                right = self._hasher.verify(hashed, password[:1000])
            except (Argon2Error, InvalidHashError):
                right = False
        if not (user and right):
            self._limiter.failed(address, name)
            return None
        self._limiter.succeeded(address, name)
        return self._signer.dumps({"u": name, "e": user["epoch"]})

    def from_session(self, cookie):
        """Return the `Account` of a session's cookie, or `None`."""
        try:
            content = self._signer.loads(cookie, max_age=SESSION_S)
            name, epoch = content["u"], content["e"]
        except (BadSignature, TypeError, KeyError):
            return None
        user = self._cached(("user", name), lambda c: table.get_user(c, name))
        if user is None or user["epoch"] != epoch:
            return None
        return Account(user["name"], user["role"])

    def from_token(self, token):
        """Return the `Account` of a token, or `None`."""
        if not token.startswith(_TOKEN_PREFIX):
            return None
        digest = _digest(token)
        row = self._cached(("token", digest), lambda c: table.get_token(c, digest))
        return Account(row["name"], row["role"]) if row else None

    def _cached(self, key, query):
        # Short, since another process may add and remove accounts.
        found = self._cache.get(key)
        if found is not None and time.monotonic() - found[0] < _CACHE_S:
            return found[1]
        with self._store.read() as connection:
            value = query(connection)
        if len(self._cache) > 1000:
            self._cache.clear()
        if value is not None:
            self._cache[key] = (time.monotonic(), value)
        return value


def _digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def _check_name(name):
    if not re.fullmatch(r"[\w.@+-][\w.@+ -]{0,79}", name):
        raise InputError(
            "a name must have 1 to 80 letters, digits or . @ + - _ characters"
        )


def _check_role(role):
    if role not in ROLES:
        raise InputError(f"role must be one of {ROLES}. Received: role={role!r:.40}")


def _secret(path):
    key = secrets.token_hex(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        descriptor = None
    if descriptor is not None:
        with os.fdopen(descriptor, "w") as file:
            file.write(key)
        return key
    key = path.read_text().strip()
    if len(key) < 32:
        raise InputError(f"{path} is damaged; remove it, and users log in again")
    return key
