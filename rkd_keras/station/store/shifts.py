"""Shifts in the store: of each station at most one runs at a time."""

import sqlalchemy as sa

from rkd_keras.station.store import schema
from rkd_keras.station.store.ownership import of_station

_T = schema.shifts


def running(connection, station=None):
    """Return the shift that runs as a dict, or `None`; only of `station` if given."""
    query = sa.select(_T).where(_T.c.ended_ms.is_(None), of_station(_T, station))
    query = query.order_by(_T.c.id.desc())
    row = connection.execute(query).first()
    return dict(row._mapping) if row else None


def start(connection, name, started_ms, started_by, station=None):
    """Begin a shift and end the one that runs; returns its id."""
    end(connection, started_ms, started_by, station)
    values = {
        "name": name,
        "started_ms": started_ms,
        "started_by": started_by,
        "station": station,
    }
    return connection.execute(sa.insert(_T), values).inserted_primary_key[0]


def end(connection, ended_ms, ended_by, station=None):
    """End the shift that runs; returns whether there was one."""
    query = (
        sa.update(_T)
        .where(_T.c.ended_ms.is_(None), of_station(_T, station))
        .values(ended_ms=ended_ms, ended_by=ended_by)
    )
    return connection.execute(query).rowcount > 0


def get(connection, shift_id):
    """Return a shift as a dict, or `None`."""
    row = connection.execute(sa.select(_T).where(_T.c.id == shift_id)).first()
    return dict(row._mapping) if row else None


def list_newest(connection, limit=50, station=None):
    """Return the newest shifts as dicts, newest first."""
    query = sa.select(_T).where(of_station(_T, station))
    query = query.order_by(_T.c.id.desc()).limit(limit)
    return [dict(row._mapping) for row in connection.execute(query)]
