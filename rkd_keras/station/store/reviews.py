"""Sampled review in the store: drawn, answered, counted, exported."""

import random

import sqlalchemy as sa

from rkd_keras.station.store import schema
from rkd_keras.station.store.ownership import of_devices

_F, _D, _R = schema.frames, schema.defects, schema.reviews


def labels_between(connection, from_ms, to_ms, station=None):
    """Return the labels that a station predicted in a time range, sorted."""
    query = (
        sa.select(_D.c.label)
        .where(
            _D.c.received_ms >= from_ms,
            _D.c.received_ms < to_ms,
            of_devices(_D.c.device_id, station),
        )
        .distinct()
    )
    found = set(connection.execute(query).scalars())
    clean = (
        sa.select(_F.c.id)
        .where(
            _F.c.received_ms >= from_ms,
            _F.c.received_ms < to_ms,
            _F.c.label == schema.NO_DEFECT,
            of_devices(_F.c.device_id, station),
        )
        .limit(1)
    )
    if connection.execute(clean).first():
        found.add(schema.NO_DEFECT)
    return sorted(found)


def draw(connection, label, count, from_ms, to_ms, batch, drawn_ms, station=None):
    """Draw random samples of one predicted label that were never drawn before.

    Samples are defects; for `"no_defect"` they are frames. Only those whose image
    is kept can be drawn.

    Args:
        connection: of the writer.
        label: the predicted label.
        count: how many to draw.
        from_ms: received at or after.
        to_ms: received before.
        batch: name of the batch.
        drawn_ms: the time now.
        station: whose samples; other stations keep the images of theirs.
            Defaults to any.

    Returns:
        How many were drawn; fewer than `count` where there are no more.
    """
    found, start = [], random.random()
    for low, high in ((start, 2.0), (-1.0, start)):
        query = _candidates(label, low, high, from_ms, to_ms)
        query = query.where(of_devices(_F.c.device_id, station))
        query = query.limit(count - len(found))
        found += connection.execute(query).all()
        if len(found) == count:
            break
    rows = [
        {
            "batch": batch,
            "frame_id": frame_id,
            "defect_id": defect_id,
            "predicted": label,
            "drawn_ms": drawn_ms,
        }
        for frame_id, defect_id in found
    ]
    if rows:
        connection.execute(sa.insert(_R), rows)
    return len(rows)


def _candidates(label, low, high, from_ms, to_ms):
    if label == schema.NO_DEFECT:
        table, columns = _F, (_F.c.id, sa.null())
        query = sa.select(*columns)
        drawn = sa.exists().where(_R.c.frame_id == _F.c.id, _R.c.defect_id.is_(None))
    else:
        table, columns = _D, (_D.c.frame_id, _D.c.id)
        query = sa.select(*columns).join(_F, _F.c.id == _D.c.frame_id)
        drawn = sa.exists().where(_R.c.defect_id == _D.c.id)
    return query.where(
        table.c.label == label,
        table.c.lot >= low,
        table.c.lot < high,
        table.c.received_ms >= from_ms,
        table.c.received_ms < to_ms,
        _F.c.image.is_not(None),
        ~drawn,
    ).order_by(table.c.lot)


def waiting(connection, limit=100, station=None):
    """Return samples without an answer, each with its frame and defect."""
    query = (
        sa.select(_R)
        .where(_R.c.true_class.is_(None), _of(station))
        .order_by(_R.c.predicted, _R.c.id)
        .limit(limit)
    )
    return _joined(connection, query)


def get(connection, review_id):
    """Return one sample with its frame and defect, or `None`."""
    found = _joined(connection, sa.select(_R).where(_R.c.id == review_id))
    return found[0] if found else None


def answer(connection, review_id, true_class, by, at_ms):
    """Store the operator's answer; a later one replaces it.

    Returns:
        Whether there is such a sample.
    """
    query = (
        sa.update(_R)
        .where(_R.c.id == review_id)
        .values(true_class=true_class, reviewed_by=by, reviewed_ms=at_ms)
    )
    return connection.execute(query).rowcount > 0


def answered(connection, from_ms=None, to_ms=None, limit=100_000, station=None):
    """Return samples with an answer, each with its frame and defect."""
    query = sa.select(_R).where(_R.c.true_class.is_not(None), _of(station))
    query = query.order_by(_R.c.id)
    if from_ms is not None:
        query = query.where(_R.c.reviewed_ms >= from_ms)
    if to_ms is not None:
        query = query.where(_R.c.reviewed_ms < to_ms)
    return _joined(connection, query.limit(limit))


def counts(connection, from_ms=None, to_ms=None, station=None):
    """Count answers as `{predicted: {true_class: n}}`."""
    query = (
        sa.select(_R.c.predicted, _R.c.true_class, sa.func.count())
        .where(_R.c.true_class.is_not(None), _of(station))
        .group_by(_R.c.predicted, _R.c.true_class)
    )
    if from_ms is not None:
        query = query.where(_R.c.reviewed_ms >= from_ms)
    if to_ms is not None:
        query = query.where(_R.c.reviewed_ms < to_ms)
    found = {}
    for predicted, true_class, count in connection.execute(query):
        found.setdefault(predicted, {})[true_class] = count
    return found


def count_waiting(connection, station=None):
    """Return the number of samples without an answer."""
    query = sa.select(sa.func.count()).where(_R.c.true_class.is_(None), _of(station))
    return connection.execute(query).scalar_one()


def _of(station):
    if station is None:
        return sa.true()
    own = sa.select(_F.c.id).where(of_devices(_F.c.device_id, station))
    return _R.c.frame_id.in_(own)


def _joined(connection, query):
    samples = [dict(row._mapping) for row in connection.execute(query)]
    for sample in samples:
        frame = connection.execute(
            sa.select(_F).where(_F.c.id == sample["frame_id"])
        ).first()
        sample["frame"] = dict(frame._mapping)
        sample["defect"] = None
        if sample["defect_id"] is not None:
            defect = connection.execute(
                sa.select(_D).where(_D.c.id == sample["defect_id"])
            ).first()
            sample["defect"] = dict(defect._mapping)
    return samples
