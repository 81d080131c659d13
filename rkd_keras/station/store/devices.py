"""Devices and their coils in the store."""

import sqlalchemy as sa

from rkd_keras.station.store import schema

_T, _C = schema.devices, schema.coils


def insert(connection, device):
    """Store a device, a dict of the columns of `devices`."""
    connection.execute(sa.insert(_T), device)


def update(connection, device_id, **values):
    """Change columns of a device; returns whether it exists."""
    query = sa.update(_T).where(_T.c.id == device_id).values(**values)
    return connection.execute(query).rowcount > 0


def delete(connection, device_id):
    """Forget a device that has stored nothing yet; returns whether it went.

    A device with frames stays (disabled), since its history refers to it.
    """
    frames = schema.frames
    used = sa.select(frames.c.id).where(frames.c.device_id == device_id).limit(1)
    coils = sa.select(_C.c.id).where(_C.c.device_id == device_id).limit(1)
    if connection.execute(used).first() or connection.execute(coils).first():
        return False
    query = sa.delete(_T).where(_T.c.id == device_id)
    return connection.execute(query).rowcount > 0


def list_all(connection, station=None):
    """Return all devices as dicts, by id; only those of `station` if given."""
    query = sa.select(_T).order_by(_T.c.id)
    if station is not None:
        query = query.where(_T.c.station == station)
    return [dict(row._mapping) for row in connection.execute(query)]


def start_coil(connection, device_id, name, started_ms, speed_m_s=None):
    """Begin a coil on a device and end the one that runs; returns its id."""
    end_coil(connection, device_id, started_ms)
    result = connection.execute(
        sa.insert(_C),
        {
            "name": name,
            "device_id": device_id,
            "started_ms": started_ms,
            "speed_m_s": speed_m_s,
        },
    )
    coil_id = result.inserted_primary_key[0]
    update(connection, device_id, coil_id=coil_id)
    return coil_id


def end_coil(connection, device_id, ended_ms):
    """End the coil that runs on a device; returns its id or `None`."""
    query = sa.select(_T.c.coil_id).where(_T.c.id == device_id)
    coil_id = connection.execute(query).scalar()
    if coil_id is not None:
        query = sa.update(_C).where(_C.c.id == coil_id).values(ended_ms=ended_ms)
        connection.execute(query)
        update(connection, device_id, coil_id=None)
    return coil_id


def get_coil(connection, coil_id):
    """Return a coil as a dict, or `None`."""
    row = connection.execute(sa.select(_C).where(_C.c.id == coil_id)).first()
    return dict(row._mapping) if row else None


def find_coil(connection, device_id, name):
    """Return a device's newest coil of a name as a dict, or `None`."""
    query = sa.select(_C).where(_C.c.device_id == device_id, _C.c.name == name)
    row = connection.execute(query.order_by(_C.c.id.desc()).limit(1)).first()
    return dict(row._mapping) if row else None


def list_coils(connection, limit=100):
    """Return the newest coils as dicts, newest first."""
    query = sa.select(_C).order_by(_C.c.started_ms.desc(), _C.c.id.desc()).limit(limit)
    return [dict(row._mapping) for row in connection.execute(query)]
