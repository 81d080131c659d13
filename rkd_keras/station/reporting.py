"""Shifts and reports: the rules behind the endpoints and pages."""

from rkd_keras.station.device_view import shift_view
from rkd_keras.station.frame_view import iso_time
from rkd_keras.station.reports import span_of
from rkd_keras.station.reports.html import local_time
from rkd_keras.station.store import accounts, devices, now_ms, shifts
from rkd_keras.station.store import reports as table


def start_shift(station, name, account):
    """Begin a shift, end the one that runs; returns it."""

    def job(connection):
        at_ms = now_ms()
        shift_id = shifts.start(connection, name, at_ms, account.name, station.id)
        accounts.record(connection, at_ms, account.name, "start shift", name)
        return shifts.get(connection, shift_id)

    return shift_view(station.store.write(job))


def end_shift(station, account):
    """End the shift that runs; returns whether there was one."""

    def job(connection):
        at_ms = now_ms()
        ended = shifts.end(connection, at_ms, account.name, station.id)
        if ended:
            accounts.record(connection, at_ms, account.name, "end shift")
        return ended

    return station.store.write(job)


def running_shift(station):
    """Return the shift that runs as the store has it, or `None`."""
    with station.store.read() as connection:
        return shifts.running(connection, station.id)


def last_shift(station):
    """Return the newest shift that ended as the store has it, or `None`."""
    with station.store.read() as connection:
        newest = shifts.list_newest(connection, 2, station.id)
    return next((s for s in newest if s["ended_ms"] is not None), None)


def make_report(station, account, title=None, coil_id=None, from_ms=None, to_ms=None):
    """Make a report of a coil or a span of time.

    Returns:
        The report as the world sees it.

    Raises:
        InputError: when neither is given, or the span is empty.
    """
    from_ms, to_ms = span_of(station.store, coil_id, from_ms, to_ms)
    if title is None:
        title = f"Surface report {local_time(from_ms)}"
        if coil_id is not None:
            with station.store.read() as connection:
                title = f"Coil {devices.get_coil(connection, coil_id)['name']}"
    name = station.jobs.report(
        title=title,
        author=account.name,
        model=station.model.get("name", ""),
        from_ms=from_ms,
        to_ms=to_ms,
        coil_id=coil_id,
    )
    row = {
        "title": title,
        "from_ms": from_ms,
        "to_ms": to_ms,
        "coil_id": coil_id,
        "name": name,
        "created_by": account.name,
        "created_ms": now_ms(),
        "station": station.id,
    }

    def job(connection):
        report_id = table.insert(connection, row)
        accounts.record(connection, now_ms(), account.name, "make report", title)
        return report_id

    return report_view({**row, "id": station.store.write(job)})


def report_view(report):
    """Return a report as the world sees it."""
    address = f"/api/v1/reports/{report['id']}"
    return {
        "id": report["id"],
        "title": report["title"],
        "start": iso_time(report["from_ms"]),
        "end": iso_time(report["to_ms"]),
        "coil_id": report["coil_id"],
        "created_at": iso_time(report["created_ms"]),
        "created_by": report["created_by"],
        "html_url": f"{address}.html",
        "pdf_url": f"{address}.pdf",
    }
