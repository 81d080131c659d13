"""Users, tokens and the record of what was done, in the store."""

import sqlalchemy as sa

from rkd_keras.station.store import schema

_U, _T, _E = schema.users, schema.tokens, schema.events


def put_user(connection, user):
    """Store a user, a dict of the columns of `users`, or replace it."""
    connection.execute(sa.delete(_U).where(_U.c.name == user["name"]))
    connection.execute(sa.insert(_U), user)


def get_user(connection, name):
    """Return a user as a dict, or `None`."""
    row = connection.execute(sa.select(_U).where(_U.c.name == name)).first()
    return dict(row._mapping) if row else None


def delete_user(connection, name):
    """Forget a user; returns whether there was one."""
    return connection.execute(sa.delete(_U).where(_U.c.name == name)).rowcount > 0


def list_users(connection):
    """Return all users as dicts, by name."""
    query = sa.select(_U).order_by(_U.c.name)
    return [dict(row._mapping) for row in connection.execute(query)]


def insert_token(connection, token):
    """Store a token, a dict of the columns of `tokens`; returns its id."""
    return connection.execute(sa.insert(_T), token).inserted_primary_key[0]


def get_token(connection, digest):
    """Return the token of a digest as a dict, or `None`."""
    row = connection.execute(sa.select(_T).where(_T.c.digest == digest)).first()
    return dict(row._mapping) if row else None


def list_tokens(connection):
    """Return all tokens as dicts, oldest first."""
    query = sa.select(_T).order_by(_T.c.id)
    return [dict(row._mapping) for row in connection.execute(query)]


def delete_token(connection, token_id):
    """Forget a token; returns whether there was one."""
    return connection.execute(sa.delete(_T).where(_T.c.id == token_id)).rowcount > 0


def record(connection, at_ms, actor, action, detail=""):
    """Add a line to the record of what was done, by whom and when."""
    values = {
        "at_ms": at_ms,
        "actor": actor,
        "action": action,
        "detail": detail[:300],
    }
    connection.execute(sa.insert(_E), values)


def list_events(connection, from_ms=None, to_ms=None, limit=200):
    """Return the record as dicts, newest first."""
    query = sa.select(_E).order_by(_E.c.id.desc()).limit(limit)
    if from_ms is not None:
        query = query.where(_E.c.at_ms >= from_ms)
    if to_ms is not None:
        query = query.where(_E.c.at_ms < to_ms)
    return [dict(row._mapping) for row in connection.execute(query)]
