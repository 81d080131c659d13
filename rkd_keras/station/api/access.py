"""What every endpoint needs: the station, the account, common parameters."""

from typing import Annotated

from fastapi import Depends, HTTPException, Path, Query, Request
from pydantic import AwareDatetime

from rkd_keras.station.api.models import Problem
from rkd_keras.station.security import ENGINEER, OPERATOR, Account
from rkd_keras.station.station import Station

Id = Annotated[int, Path(ge=1, le=2**53)]
OptionalId = Annotated[int | None, Query(ge=1, le=2**53)]
Moment = Annotated[AwareDatetime | None, Query()]

PROBLEMS = {
    status: {"model": Problem, "description": text}
    for status, text in (
        (401, "not logged in"),
        (403, "not allowed to this role"),
        (404, "there is no such thing"),
        (409, "not in this state"),
        (413, "the body is too large"),
        (421, "not under this name"),
        (422, "something in the request cannot be used"),
        (429, "too many logins"),
        (503, "too many frames wait, or the database does not answer; try again"),
        (507, "the disk is full"),
    )
}


def problems(*statuses):
    """Return the documentation of an endpoint's refusals."""
    return {status: PROBLEMS[status] for status in (401, 403, 421, *statuses)}


# Coroutines, since FastAPI would send plain functions through its thread pool.
async def _station(request: Request) -> Station:
    return request.app.state.station


async def _account(request: Request) -> Account:
    account = request.state.account
    if account is None:
        raise HTTPException(401, "log in, or send an API token")
    return account


def _allowed(role):
    async def check(account: Annotated[Account, Depends(_account)]) -> Account:
        if not account.may(role):
            raise HTTPException(403, f"this needs the role {role}")
        return account

    return check


TheStation = Annotated[Station, Depends(_station)]
Operator = Annotated[Account, Depends(_allowed(OPERATOR))]
Engineer = Annotated[Account, Depends(_allowed(ENGINEER))]


def find_device(station, device_id):
    """Return a device.

    Raises:
        HTTPException: 404 when there is none of that id.
    """
    device = station.devices.get(device_id)
    if device is None:
        raise HTTPException(404, f"there is no device {device_id[:40]!r}")
    return device


def to_ms(moment):
    """Return a point in time in milliseconds since 1970, `None` for `None`."""
    return None if moment is None else int(moment.timestamp() * 1000)
