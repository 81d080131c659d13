"""Warnings in the store: raised, seen, acknowledged."""

import sqlalchemy as sa

from rkd_keras.station.store import schema
from rkd_keras.station.store.ownership import of_devices

_T = schema.alarms


def insert(connection, alarm):
    """Store a warning, a dict of the columns of `alarms`; returns its id."""
    return connection.execute(sa.insert(_T), alarm).inserted_primary_key[0]


def acknowledge(connection, alarm_id, by, at_ms, note=None):
    """Note who acknowledged a warning; the first to do so counts.

    Returns:
        The warning as a dict, or `None` when there is none of that id.
    """
    query = (
        sa.update(_T)
        .where(_T.c.id == alarm_id, _T.c.acknowledged_ms.is_(None))
        .values(acknowledged_by=by, acknowledged_ms=at_ms, note=note)
    )
    connection.execute(query)
    row = connection.execute(sa.select(_T).where(_T.c.id == alarm_id)).first()
    return dict(row._mapping) if row else None


def list_newest(
    connection,
    open_only=False,
    device_id=None,
    station=None,
    from_ms=None,
    to_ms=None,
    limit=100,
):
    """Return warnings as dicts, newest first."""
    query = sa.select(_T).order_by(_T.c.id.desc()).limit(limit)
    if open_only:
        query = query.where(_T.c.acknowledged_ms.is_(None))
    if device_id is not None:
        query = query.where(_T.c.device_id == device_id)
    if station is not None:
        query = query.where(of_devices(_T.c.device_id, station))
    if from_ms is not None:
        query = query.where(_T.c.raised_ms >= from_ms)
    if to_ms is not None:
        query = query.where(_T.c.raised_ms < to_ms)
    return [dict(row._mapping) for row in connection.execute(query)]
