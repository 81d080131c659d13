"""Images of frames, as the store knows them: their size, their age, their names."""

import sqlalchemy as sa

from rkd_keras.station.store import schema
from rkd_keras.station.store.ownership import of_devices

_F = schema.frames


def size(connection, station):
    """Return the bytes of all images that a station keeps."""
    query = sa.select(sa.func.sum(_F.c.image_bytes)).where(
        _F.c.image.is_not(None), _of(station)
    )
    return connection.execute(query).scalar() or 0


def oldest(connection, station, before_ms=None, limit=500, decisions=None):
    """Return `(id, image, image_bytes)` of a station's oldest images that may go.

    Images under review stay, they are the evidence of a correction.

    Args:
        connection: any.
        station: the station's identifier.
        before_ms: received before, milliseconds since 1970. Defaults to any time.
        limit: most images to return. Defaults to `500`.
        decisions: only frames of these decisions. Defaults to all.
    """
    # Not the bare column: SQLite would go by device, and sort all images each time.
    own = of_devices(_F.c.device_id.concat(""), station)
    reviewed = sa.select(schema.reviews.c.frame_id)
    query = (
        sa.select(_F.c.id, _F.c.image, _F.c.image_bytes)
        .where(_F.c.image.is_not(None), _F.c.id.not_in(reviewed), own)
        .order_by(_F.c.received_ms)
        .limit(limit)
    )
    if before_ms is not None:
        query = query.where(_F.c.received_ms < before_ms)
    if decisions is not None:
        query = query.where(_F.c.decision.in_(decisions))
    return [tuple(row) for row in connection.execute(query)]


def forget(connection, frame_ids):
    """Note that the images of these frames are gone; verdicts stay."""
    query = sa.update(_F).where(_F.c.id.in_(frame_ids)).values(image=None)
    connection.execute(query)


def known(connection, names):
    """Return those of `names` that a frame refers to, as a set."""
    found = set()
    names = list(names)
    for start in range(0, len(names), 500):
        query = sa.select(_F.c.image).where(_F.c.image.in_(names[start : start + 500]))
        found.update(connection.execute(query).scalars())
    return found


def newest_ms(connection, station):
    """Return when a station received its newest frame, or `None`."""
    query = sa.select(sa.func.max(_F.c.received_ms)).where(_of(station))
    return connection.execute(query).scalar()


def _of(station):
    return of_devices(_F.c.device_id, station)
