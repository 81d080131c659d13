"""Look at one picture, evaluate a folder, review samples."""

import asyncio
import base64
import secrets
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, JSONResponse

from rkd_keras.station import inspection, review
from rkd_keras.station.api.access import (
    Id,
    Moment,
    Operator,
    TheStation,
    problems,
    to_ms,
)
from rkd_keras.station.api.frames import _IMAGE_BODY
from rkd_keras.station.api.models import (
    AnswerBody,
    DrawBody,
    EvaluationBody,
    FrameOut,
)
from rkd_keras.station.frame_view import frame_view
from rkd_keras.station.receipt import Receipt
from rkd_keras.station.store import reviews as table

router = APIRouter(prefix="/api/v1", tags=["quality"])


@router.post(
    "/inspect",
    response_model=FrameOut,
    status_code=201,
    responses=problems(413, 422, 503, 507),
    openapi_extra=_IMAGE_BODY,
)
async def inspect(request: Request, station: TheStation, account: Operator):
    """Rate one picture; it is stored under a device of its own."""
    device = station.devices.pictures
    data = await request.body()
    future = station.ingest.post(Receipt.of(device, "loaded"), data)
    return JSONResponse(frame_view(await asyncio.wrap_future(future)), 201)


@router.get(
    "/frames/{frame_id}/views/{view}",
    response_model=list[dict],
    responses=problems(404, 422),
)
def get_views(frame_id: Id, view: str, station: TheStation, account: Operator):
    """Return a frame's views as PNGs in base64: `steps`, `augment` or `explain`."""
    if view not in inspection.VIEWS:
        raise HTTPException(404, f"this station offers no view {view[:40]!r}")
    views = inspection.views_of_frame(station, frame_id, view)
    return [
        {"title": v["title"], "png": base64.b64encode(v["png"]).decode()} for v in views
    ]


@router.get("/evaluations/folders", response_model=list[str], responses=problems())
def list_folders(station: TheStation, account: Operator):
    """List the labelled folders that may be evaluated."""
    return sorted(inspection.labelled_folders(station))


@router.post("/evaluations", response_model=dict, responses=problems(404, 422))
def evaluate(body: EvaluationBody, station: TheStation, account: Operator):
    """Classify a labelled folder: accuracy and confusion matrix."""
    folder = inspection.labelled_folders(station).get(body.folder)
    if folder is None:
        raise HTTPException(404, "there is no such labelled folder")
    return inspection.evaluate(station, folder)


@router.post("/reviews", response_model=dict[str, int], responses=problems(422, 507))
def draw_sample(body: DrawBody, station: TheStation, account: Operator):
    """Draw random samples of each predicted class for review."""
    return review.draw(station, body.per_class, to_ms(body.start), to_ms(body.end))


@router.get("/reviews/waiting", response_model=list[dict], responses=problems(422))
def list_waiting(
    station: TheStation,
    account: Operator,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
):
    """List the samples that wait for an answer."""
    with station.store.read() as connection:
        found = table.waiting(connection, limit, station.id)
    return [review.review_view(sample) for sample in found]


@router.get("/reviews/precision", response_model=list[dict], responses=problems(422))
def get_precision(
    station: TheStation, account: Operator, start: Moment = None, end: Moment = None
):
    """Return the precision of each predicted class with its 95 % interval."""
    with station.store.read() as connection:
        counts = table.counts(connection, to_ms(start), to_ms(end), station.id)
    return review.precision_table(counts)


@router.get(
    "/reviews/export",
    response_class=FileResponse,
    responses={**problems(422, 507), 200: {"content": {"application/zip": {}}}},
)
def export_reviews(
    station: TheStation, account: Operator, corrections_only: bool = False
):
    """Export reviewed samples as a training folder, zipped."""
    name = f"review-{secrets.token_hex(8)}.zip"
    station.jobs.export_reviews(
        name=name,
        class_names=station.class_names,
        corrections_only=corrections_only,
        station=station.id,
    )
    inspection.keep_newest_exports(station)
    path = station.config.exports_dir / name
    return FileResponse(path, media_type="application/zip", filename="review.zip")


@router.post(
    "/reviews/{review_id}",
    status_code=204,
    response_model=None,
    responses=problems(404, 422, 507),
)
def answer_sample(
    review_id: Id, body: AnswerBody, station: TheStation, account: Operator
):
    """Say what a sample really shows: a class, `no_defect` or `other`."""
    review.answer(
        station.store, review_id, body.true_class, station.class_names, account
    )
