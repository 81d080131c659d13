"""Frames and their defects in the store: insert, find, export, prune."""

import dataclasses
import random

import sqlalchemy as sa

from rkd_keras.measure.grade import INVALID
from rkd_keras.station.store import schema

_F, _D = schema.frames, schema.defects


@dataclasses.dataclass(frozen=True)
class FrameFilter:
    """Which frames are meant; `None` means any.

    Attributes:
        device_id: the device.
        label: class name, `"unknown"` or `"no_defect"`; a frame matches when one
            of its defects has it.
        severity_min: least severity, 0 to 5.
        decision: `"accept"`, `"review"`, `"reject"` or `"invalid"`.
        from_ms: received at or after, milliseconds since 1970.
        to_ms: received before.
        coil_id: the coil.
        text: part of the coil's or the device's name.
        origin: `"posted"`, `"live"` or `"loaded"`.
    """

    device_id: str | None = None
    label: str | None = None
    severity_min: int | None = None
    decision: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    coil_id: int | None = None
    text: str | None = None
    origin: str | None = None

    def conditions(self):
        """Return SQLAlchemy conditions on the table `frames`."""
        found = []
        if self.device_id is not None:
            found.append(_F.c.device_id == self.device_id)
        if self.label == schema.NO_DEFECT:
            found.append(_F.c.label == schema.NO_DEFECT)
        elif self.label is not None:
            has = sa.exists().where(_D.c.frame_id == _F.c.id, _D.c.label == self.label)
            found.append(has)
        if self.severity_min:
            found.append(_F.c.severity >= self.severity_min)
        if self.decision is not None:
            found.append(_F.c.decision == self.decision)
        if self.from_ms is not None:
            found.append(_F.c.received_ms >= self.from_ms)
        if self.to_ms is not None:
            found.append(_F.c.received_ms < self.to_ms)
        if self.coil_id is not None:
            found.append(_F.c.coil_id == self.coil_id)
        if self.origin is not None:
            found.append(_F.c.origin == self.origin)
        if self.text:
            devices, coils = schema.devices, schema.coils
            contains = {"autoescape": True}
            found.append(
                _F.c.device_id.in_(
                    sa.select(devices.c.id).where(
                        devices.c.name.icontains(self.text, **contains)
                    )
                )
                | _F.c.coil_id.in_(
                    sa.select(coils.c.id).where(
                        coils.c.name.icontains(self.text, **contains)
                    )
                )
            )
        return found


def insert(connection, frame, defects):
    """Store a frame and its defects.

    Args:
        connection: of the writer.
        frame: dict of the columns of `frames` but `id` and `lot`.
        defects: list of dicts of the columns of `defects` but `id`, `frame_id`,
            `device_id`, `coil_id`, `received_ms` and `lot`.

    Returns:
        The frame's id.
    """
    result = connection.execute(sa.insert(_F), {**frame, "lot": random.random()})
    frame_id = result.inserted_primary_key[0]
    if defects:
        shared = {
            "frame_id": frame_id,
            "device_id": frame["device_id"],
            "coil_id": frame["coil_id"],
            "received_ms": frame["received_ms"],
        }
        rows = [{**d, **shared, "lot": random.random()} for d in defects]
        connection.execute(sa.insert(_D), rows)
    return frame_id


def get(connection, frame_id):
    """Return a frame with its list `defects` as a dict, or `None`."""
    found = _with_defects(
        connection, connection.execute(sa.select(_F).where(_F.c.id == frame_id))
    )
    return found[0] if found else None


def get_by_key(connection, device_id, frame_key):
    """Return the frame a client posted under `frame_key`, or `None`."""
    query = sa.select(_F).where(
        _F.c.device_id == device_id, _F.c.frame_key == frame_key
    )
    found = _with_defects(connection, connection.execute(query))
    return found[0] if found else None


def search(connection, frame_filter, limit=50, before_id=None, oldest_first=False):
    """Find frames, newest first, a page at a time.

    Args:
        connection: any.
        frame_filter: a `FrameFilter`.
        limit: most frames to return. Defaults to `50`.
        before_id: go on from this id (the last one of the page before), excluded.
        oldest_first: reverse the order. Defaults to `False`.

    Returns:
        List of dicts as of `get`.
    """
    query = sa.select(_F).where(*frame_filter.conditions()).limit(limit)
    if oldest_first:
        query = query.order_by(_F.c.id)
        if before_id is not None:
            query = query.where(_F.c.id > before_id)
    else:
        query = query.order_by(_F.c.id.desc())
        if before_id is not None:
            query = query.where(_F.c.id < before_id)
    return _with_defects(connection, connection.execute(query))


def walk(connection, frame_filter, page=500):
    """Yield every frame that matches, oldest first, page by page.

    No query stays open between pages, so that a slow download never keeps the
    database from tidying its log.
    """
    last = None
    while True:
        found = search(connection, frame_filter, page, last, oldest_first=True)
        yield from found
        if len(found) < page:
            return
        last = found[-1]["id"]


def tally(connection, frame_filter):
    """Count frames by decision and defects by class and severity.

    Returns:
        Dict `frames` (int), `with_defects` (int), `by_decision`
        {decision: frames}, `by_fault` {fault: invalid frames}, `by_class`
        {label: {severity: defects}}.
    """
    where = frame_filter.conditions()
    by_decision = dict(
        connection.execute(
            sa.select(_F.c.decision, sa.func.count())
            .where(*where)
            .group_by(_F.c.decision)
        ).all()
    )
    by_fault = dict(
        connection.execute(
            sa.select(_F.c.fault, sa.func.count())
            .where(*where, _F.c.decision == INVALID)
            .group_by(_F.c.fault)
            .order_by(_F.c.fault)
        ).all()
    )
    with_defects = connection.execute(
        sa.select(sa.func.count()).where(*where, _F.c.defect_count > 0)
    ).scalar_one()
    query = (
        sa.select(_D.c.label, _D.c.severity, sa.func.count())
        .join(_F, _F.c.id == _D.c.frame_id)
        .where(*where)
        .group_by(_D.c.label, _D.c.severity)
    )
    by_class = {}
    for label, severity, count in connection.execute(query):
        by_class.setdefault(label, {})[severity] = count
    return {
        "frames": sum(by_decision.values()),
        "with_defects": with_defects,
        "by_decision": by_decision,
        "by_fault": by_fault,
        "by_class": by_class,
    }


def trend(connection, frame_filter, bin_ms):
    """Count frames and rejected frames per span of time.

    Args:
        connection: any.
        frame_filter: a `FrameFilter`.
        bin_ms: length of a span, in milliseconds.

    Returns:
        List of dicts `start_ms`, `frames`, `with_defects`, `rejected`, in order;
        spans without frames are left out.
    """
    # Literal, or PostgreSQL would not see that both places mean the same.
    length = sa.literal_column(str(int(bin_ms)))
    span = (_F.c.received_ms - _F.c.received_ms % length).label("span")
    query = (
        sa.select(
            span,
            sa.func.count(),
            sa.func.sum(sa.case((_F.c.defect_count > 0, 1), else_=0)),
            sa.func.sum(sa.case((_F.c.decision == "reject", 1), else_=0)),
        )
        .where(*frame_filter.conditions())
        .group_by(span)
        .order_by(span)
    )
    names = ("start_ms", "frames", "with_defects", "rejected")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]


def worst(connection, frame_filter, limit=12):
    """Return the frames of highest severity that still have their image."""
    query = (
        sa.select(_F)
        .where(*frame_filter.conditions(), _F.c.severity > 0, _F.c.image.is_not(None))
        .order_by(_F.c.severity.desc(), _F.c.probability.desc(), _F.c.id)
        .limit(limit)
    )
    return _with_defects(connection, connection.execute(query))


def defects_of_coil(connection, coil_id, limit=20_000):
    """Return a coil's defects in order of position along the strip."""
    query = (
        sa.select(_D)
        .where(_D.c.coil_id == coil_id, _D.c.position_m.is_not(None))
        .order_by(_D.c.position_m, _D.c.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def _with_defects(connection, rows):
    found = [{**row._mapping, "defects": []} for row in rows]
    by_id = {frame["id"]: frame for frame in found if frame["defect_count"]}
    if by_id:
        query = sa.select(_D).where(_D.c.frame_id.in_(by_id)).order_by(_D.c.id)
        for row in connection.execute(query):
            by_id[row.frame_id]["defects"].append(dict(row._mapping))
    return found
