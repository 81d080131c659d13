"""State, metrics, rules and accounts."""

from fastapi import APIRouter, HTTPException, Response

import rkd_keras
from rkd_keras.station.api.access import (
    Engineer,
    Id,
    Operator,
    TheStation,
    problems,
)
from rkd_keras.station.api.models import Name, RulesBody, TokenBody, UserBody
from rkd_keras.station.device_view import shift_view
from rkd_keras.station.frame_view import iso_time
from rkd_keras.station.reporting import running_shift

router = APIRouter(tags=["administration"])


@router.get("/api/v1/health", response_model=dict)
def get_health(station: TheStation):
    """Tell whether the station works; needs no login."""
    works = station.pool.alive > 0 and not station.state.full
    return {"status": "ok" if works else "degraded"}


@router.get("/api/v1/status", response_model=dict, responses=problems())
def get_status(station: TheStation, account: Operator):
    """Return the station's state."""
    shift = running_shift(station)
    return {
        "version": rkd_keras.__version__,
        "account": {"name": account.name, "role": account.role},
        "model": station.model,
        "workers_alive": station.pool.alive,
        "worker_restarts": station.pool.restarts,
        "frames_waiting": len(station.pool.queue),
        "storage": {"full": station.state.full, "reason": station.state.reason},
        "open_warnings": len(station.desk.open),
        "shift": shift_view(shift) if shift else None,
    }


@router.get("/metrics", response_class=Response, responses=problems())
def get_metrics(station: TheStation, account: Operator):
    """Return the metrics in Prometheus's text format."""
    station.update_gauges()
    return Response(station.metrics.text(), media_type="text/plain; version=0.0.4")


@router.get("/api/v1/rules/{kind}", response_model=dict, responses=problems(404))
def get_rules(kind: str, station: TheStation, account: Operator):
    """Return the rules of `grading` or `warnings` as YAML."""
    return {"text": _rules_file(station, kind).read_text(encoding="utf-8")}


@router.put(
    "/api/v1/rules/{kind}",
    status_code=204,
    response_model=None,
    responses=problems(404, 422),
)
def put_rules(kind: str, body: RulesBody, station: TheStation, account: Engineer):
    """Check and replace the rules; they hold from the next frame on."""
    _rules_file(station, kind)
    station.actions.change_rules(account, kind, body.text)


@router.get("/api/v1/users", response_model=list[dict], responses=problems())
def list_users(station: TheStation, account: Engineer):
    """List the users."""
    return [
        {"name": u["name"], "role": u["role"], "created_at": iso_time(u["created_ms"])}
        for u in station.accounts.users()
    ]


@router.post(
    "/api/v1/users", status_code=204, response_model=None, responses=problems(422)
)
def put_user(body: UserBody, station: TheStation, account: Engineer):
    """Add a user, or give one a new password and role."""
    station.actions.put_user(account, body.name, body.password, body.role)


@router.delete(
    "/api/v1/users/{name}",
    status_code=204,
    response_model=None,
    responses=problems(404, 409, 422),
)
def remove_user(name: Name, station: TheStation, account: Engineer):
    """Remove a user; nobody can remove themselves."""
    if name == account.name:
        raise HTTPException(409, "nobody can remove themselves")
    if not station.actions.remove_user(account, name):
        raise HTTPException(404, "there is no such user")


@router.get("/api/v1/tokens", response_model=list[dict], responses=problems())
def list_tokens(station: TheStation, account: Engineer):
    """List the tokens; the tokens themselves are not kept."""
    return [
        {
            "id": t["id"],
            "name": t["name"],
            "role": t["role"],
            "created_at": iso_time(t["created_ms"]),
        }
        for t in station.accounts.tokens()
    ]


@router.post(
    "/api/v1/tokens", response_model=dict, status_code=201, responses=problems(422)
)
def create_token(body: TokenBody, station: TheStation, account: Engineer):
    """Make a token for a program; it is shown this once."""
    token_id, token = station.actions.create_token(account, body.name, body.role)
    return {"id": token_id, "token": token}


@router.delete(
    "/api/v1/tokens/{token_id}",
    status_code=204,
    response_model=None,
    responses=problems(404, 422),
)
def remove_token(token_id: Id, station: TheStation, account: Engineer):
    """Remove a token."""
    if not station.actions.remove_token(account, token_id):
        raise HTTPException(404, f"there is no token {token_id}")


def _rules_file(station, kind):
    files = {
        "grading": station.config.grading_file,
        "warnings": station.config.alarms_file,
    }
    if kind not in files:
        raise HTTPException(404, "the rules are called grading and warnings")
    return files[kind]
