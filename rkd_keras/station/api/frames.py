"""Post frames, and find what was stored."""

import asyncio
import base64
import json
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse

from rkd_keras.station import exports
from rkd_keras.station.api.access import (
    Id,
    Moment,
    Operator,
    OptionalId,
    TheStation,
    find_device,
    problems,
    to_ms,
)
from rkd_keras.station.api.models import FrameOut, FramePage
from rkd_keras.station.frame_view import frame_view
from rkd_keras.station.image_files import MEDIA_TYPES
from rkd_keras.station.receipt import Receipt
from rkd_keras.station.store import FrameFilter
from rkd_keras.station.store import frames as table

router = APIRouter(prefix="/api/v1", tags=["frames"])

_IMAGE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in ("image/jpeg", "image/png", "application/octet-stream")
        },
    }
}
_Metres = Annotated[float | None, Query(ge=-1e7, le=1e7, allow_inf_nan=False)]
_Key = Annotated[str | None, Query(min_length=1, max_length=64, pattern=r"^[!-~]+$")]
_Label = Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00]*$")]


def _filter(
    device: Annotated[str | None, Query(max_length=40)] = None,
    label: _Label = None,
    severity_min: Annotated[int | None, Query(ge=0, le=5)] = None,
    decision: Literal["accept", "review", "reject", "invalid"] | None = None,
    start: Moment = None,
    end: Moment = None,
    coil: OptionalId = None,
    text: _Label = None,
):
    return FrameFilter(
        device_id=device,
        label=label,
        severity_min=severity_min,
        decision=decision,
        from_ms=to_ms(start),
        to_ms=to_ms(end),
        coil_id=coil,
        text=text,
    )


_Chosen = Annotated[FrameFilter, Depends(_filter)]


@router.post(
    "/devices/{device_id}/frames",
    response_model=FrameOut,
    status_code=201,
    responses=problems(404, 409, 413, 422, 503, 507),
    openapi_extra=_IMAGE_BODY,
)
async def post_frame(
    device_id: str,
    request: Request,
    station: TheStation,
    account: Operator,
    position_m: _Metres = None,
    frame_key: _Key = None,
    coil: Annotated[str | None, Query(min_length=1, max_length=80)] = None,
):
    """Post a frame; the body is the encoded image (JPEG, PNG, BMP, TIFF, WebP).

    The answer comes after the verdict is stored. A frame that was not answered
    with 201 was not stored: post it again, with the same `frame_key` if it has
    one, which stores it at most once. Another image under a key that was used is
    refused with 409. The frame is filed under the coil that ran when the request
    came in, or under the newest one of the device that is named `coil`.
    """
    device = find_device(station, device_id)
    if device.is_live:
        raise HTTPException(409, "this device fetches its frames itself")
    if not device.enabled:
        raise HTTPException(409, "this device is stopped; start it first")
    named = None
    if coil is not None:
        named = await run_in_threadpool(station.devices.coil_named, device, coil)
    # Before the body, which may take a while.
    receipt = Receipt.of(device, "posted", position_m, frame_key, named)
    future = station.ingest.post(receipt, await request.body())
    record = await asyncio.wrap_future(future)
    return JSONResponse(frame_view(record), 201)


@router.get(
    "/devices/{device_id}/latest",
    response_model=dict,
    responses={**problems(404, 422), 204: {"description": "nothing newer came"}},
)
async def get_latest(
    device_id: str,
    station: TheStation,
    account: Operator,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    wait_s: Annotated[float, Query(ge=0, le=10, allow_inf_nan=False)] = 0,
    image: bool = True,
):
    """Return a device's newest verdict, waiting up to `wait_s` for a newer one.

    `number` counts up; pass it as `after` to wait for the next. With `image` the
    picture comes along as a data URL, so that it always fits the boxes.
    """
    find_device(station, device_id)
    latest = await station.board.newer(device_id, after, wait_s)
    if latest is None:
        return Response(status_code=204)
    number, record, data = latest
    content = {"number": number, "frame": frame_view(record)}
    if image:
        content["image"] = data_url(data)
    return Response(json.dumps(content), media_type="application/json")


@router.get("/frames", response_model=FramePage, responses=problems(422))
def search_frames(
    station: TheStation,
    account: Operator,
    chosen: _Chosen,
    before: OptionalId = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
):
    """Find stored frames, newest first, a page at a time."""
    with station.store.read() as connection:
        found = table.search(connection, chosen, limit, before)
    content = {
        "frames": [frame_view(record) for record in found],
        "next_before": found[-1]["id"] if len(found) == limit else None,
    }
    return JSONResponse(content)


@router.get("/frames/{frame_id}", response_model=FrameOut, responses=problems(404, 422))
def get_frame(frame_id: Id, station: TheStation, account: Operator):
    """Return a stored frame with its verdict."""
    return JSONResponse(frame_view(_find(station, frame_id)))


@router.get(
    "/frames/{frame_id}/image",
    response_class=Response,
    responses={
        **problems(404, 422),
        200: {
            "content": {media: {} for media in MEDIA_TYPES.values()},
            "description": "the encoded image as it was analysed",
        },
    },
)
def get_image(frame_id: Id, station: TheStation, account: Operator):
    """Return a stored frame's image; images are pruned, verdicts are not."""
    name = _find(station, frame_id)["image"]
    data = station.files.read(name) if name else None
    if data is None:
        raise HTTPException(404, "this frame's image was pruned")
    media_type = MEDIA_TYPES[name[name.rindex(".") :]]
    kept = {"cache-control": "private, max-age=3600"}
    return Response(data, media_type=media_type, headers=kept)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        **problems(422),
        200: {
            "content": {"text/csv": {}, "application/json": {}},
            "description": "one line (CSV) or object (JSON) per defect or frame",
        },
    },
)
def export_frames(
    station: TheStation,
    account: Operator,
    chosen: _Chosen,
    format: Literal["csv", "json"] = "csv",
):
    """Export what a search finds, oldest first: CSV per defect, JSON per frame."""
    lines = exports.LINES[format](station.store, chosen)
    media_type = {"csv": "text/csv; charset=utf-8", "json": "application/json"}[format]
    named = {"content-disposition": f'attachment; filename="frames.{format}"'}
    return StreamingResponse(lines, media_type=media_type, headers=named)


def data_url(data):
    """Return an encoded image as a data URL."""
    from rkd_keras.station.image_files import sniff_suffix

    media_type = MEDIA_TYPES.get(sniff_suffix(data), "application/octet-stream")
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _find(station, frame_id):
    with station.store.read() as connection:
        record = table.get(connection, frame_id)
    if record is None:
        raise HTTPException(404, f"there is no frame {frame_id}")
    return record
