"""What a page that looks on needs of a device: every verdict, and whether it lives."""

import json
import math
import time
from typing import Annotated

from fastapi import APIRouter, Query, Response

from rkd_keras.station.api.access import Operator, TheStation, find_device, problems
from rkd_keras.station.api.frames import data_url
from rkd_keras.station.frame_view import frame_view, iso_time

router = APIRouter(prefix="/api/v1", tags=["frames"])


@router.get(
    "/devices/{device_id}/live", response_model=dict, responses=problems(404, 422)
)
async def get_live(
    device_id: str,
    station: TheStation,
    account: Operator,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    wait_s: Annotated[float, Query(ge=0, le=10, allow_inf_nan=False)] = 0,
    state: Annotated[str | None, Query(max_length=20)] = None,
    image: bool = True,
):
    """Return every verdict since `after`, the worst of two seconds, and the state.

    It is answered as soon as there is a verdict newer than `after`, the device's
    state is no longer `state`, or `wait_s` is over; `frame` is `null` where nothing
    newer came. Verdicts are kept for ten seconds. A device is to be trusted only
    while its `state` is `running`; without a frame for `stall_after_s` it is not.
    `utc_offset_s` and `zone` are those of the station's own time.
    """
    device = find_device(station, device_id)
    latest = await station.board.newer(
        device_id,
        after,
        wait_s,
        lambda: state is not None and device.health.state != state,
    )
    worst = station.board.worst(device_id)
    last = station.board.latest(device_id)
    local = time.localtime()
    stall_after_s = device.health.stall_after_s
    content = {
        "number": last[0] if last else 0,
        "state": device.health.state,
        "reason": device.health.reason,
        # Pictures that people load never stall, and JSON has no infinity.
        "stall_after_s": stall_after_s if math.isfinite(stall_after_s) else None,
        "last_at": iso_time(last[1]["received_ms"]) if last else None,
        "utc_offset_s": local.tm_gmtoff,
        "zone": local.tm_zone,
        "frame": None,
        "frames": [],
        "worst": frame_view(worst) if worst else None,
    }
    if latest is not None:
        number, record, data = latest
        frames = station.board.since(device_id, after)
        content |= {
            "number": number,
            "frame": frame_view(record),
            "frames": [frame_view(shown) for shown in frames],
        }
        if image:
            content["image"] = data_url(data)
    return Response(json.dumps(content), media_type="application/json")
