"""Shifts, warnings and reports: what an operator does."""

import re
from typing import Literal

from fastapi import APIRouter, HTTPException, Response

from rkd_keras.station import reporting
from rkd_keras.station.api.access import (
    Id,
    Operator,
    TheStation,
    problems,
    to_ms,
)
from rkd_keras.station.api.models import (
    AcknowledgeBody,
    AlarmOut,
    ReportBody,
    ReportOut,
    ShiftBody,
)
from rkd_keras.station.device_view import alarm_view, shift_view
from rkd_keras.station.store import alarms, now_ms, shifts
from rkd_keras.station.store import reports as table

router = APIRouter(prefix="/api/v1", tags=["operations"])

_REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_MEDIA = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}


@router.get("/shifts", response_model=list[dict], responses=problems())
def list_shifts(station: TheStation, account: Operator):
    """List the newest shifts."""
    with station.store.read() as connection:
        found = shifts.list_newest(connection, station=station.id)
    return [shift_view(shift) for shift in found]


@router.post(
    "/shifts", response_model=dict, status_code=201, responses=problems(422, 507)
)
def start_shift(body: ShiftBody, station: TheStation, account: Operator):
    """Begin a shift; the one that runs ends."""
    return reporting.start_shift(station, body.name, account)


@router.post("/shifts/end", response_model=dict, responses=problems(409, 507))
def end_shift(station: TheStation, account: Operator):
    """End the shift that runs."""
    if not reporting.end_shift(station, account):
        raise HTTPException(409, "no shift runs")
    return {"ended_ms": now_ms()}


@router.get("/alarms", response_model=list[AlarmOut], responses=problems(422))
def list_alarms(station: TheStation, account: Operator, open_only: bool = False):
    """List the newest warnings."""
    if open_only:
        return [alarm_view(alarm) for alarm in station.desk.open]
    with station.store.read() as connection:
        return [alarm_view(alarm) for alarm in alarms.list_newest(connection)]


@router.post(
    "/alarms/{alarm_id}/acknowledge",
    response_model=AlarmOut,
    responses=problems(404, 422, 507),
)
def acknowledge(
    alarm_id: Id, body: AcknowledgeBody, station: TheStation, account: Operator
):
    """Acknowledge a warning; the first to do so is logged."""
    alarm = station.actions.acknowledge(account, alarm_id, body.note)
    if alarm is None:
        raise HTTPException(404, f"there is no warning {alarm_id}")
    return alarm_view(alarm)


@router.get("/reports", response_model=list[ReportOut], responses=problems())
def list_reports(station: TheStation, account: Operator):
    """List the newest reports."""
    with station.store.read() as connection:
        found = table.list_newest(connection, station=station.id)
    return [reporting.report_view(report) for report in found]


@router.post(
    "/reports",
    response_model=ReportOut,
    status_code=201,
    responses=problems(422, 507),
)
def make_report(body: ReportBody, station: TheStation, account: Operator):
    """Make a report of a coil, or of a span of time up to now."""
    return reporting.make_report(
        station, account, body.title, body.coil_id, to_ms(body.start), to_ms(body.end)
    )


@router.get(
    "/reports/{report_id}.{format}",
    response_class=Response,
    responses={
        **problems(404, 422),
        200: {"content": {"text/html": {}, "application/pdf": {}}},
    },
)
def get_report(
    report_id: Id,
    format: Literal["html", "pdf"],
    station: TheStation,
    account: Operator,
):
    """Return a report's file."""
    with station.store.read() as connection:
        report = table.get(connection, report_id)
    path = report and station.config.reports_dir / f"{report['name']}.{format}"
    if not report or not path.is_file():
        raise HTTPException(404, f"there is no report {report_id}")
    named = re.sub(r"[^A-Za-z0-9.-]+", "-", report["title"]).strip("-") or "report"
    headers = {"content-disposition": f'inline; filename="{named}.{format}"'}
    if format == "html":
        headers["content-security-policy"] = _REPORT_POLICY
    return Response(path.read_bytes(), media_type=_MEDIA[format], headers=headers)
