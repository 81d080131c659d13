"""Which address shows which page."""

from typing import Annotated

from fastapi import HTTPException, Query, Request
from nicegui import ui

from rkd_keras.station.pages.accuracy import accuracy_page
from rkd_keras.station.pages.coils import coils_page
from rkd_keras.station.pages.frame import frame_page
from rkd_keras.station.pages.history import history_page
from rkd_keras.station.pages.inspect import inspect_page
from rkd_keras.station.pages.live import live_page
from rkd_keras.station.pages.reports import reports_page
from rkd_keras.station.pages.review import review_page
from rkd_keras.station.pages.settings import settings_page
from rkd_keras.station.security import ENGINEER

_ICON = (
    '<svg viewBox="0 0 32 32" xmlns="http://www.w3.org/2000/svg">'
    '<rect width="32" height="32" rx="7" fill="#14539c"/>'
    '<rect x="5" y="10" width="22" height="12" fill="#dfe7ee"/>'
    '<rect x="14" y="12" width="8" height="8" fill="none" stroke="#ff4d2e" '
    'stroke-width="2.5"/></svg>'
)


def add_pages(app, station):
    """Serve the pages from an application.

    Args:
        app: the FastAPI application.
        station: the `Station`.
    """

    @ui.page("/")
    def live(request: Request, device: Annotated[str | None, Query()] = None):
        live_page(station, request.state.account, device)

    @ui.page("/inspect")
    async def inspect(request: Request):
        await inspect_page(station, request.state.account)

    @ui.page("/frame/{frame_id}")
    async def frame(request: Request, frame_id: int):
        await frame_page(station, request.state.account, frame_id)

    @ui.page("/history")
    async def history(request: Request):
        await history_page(station, request.state.account, request.query_params)

    @ui.page("/coils")
    async def coils(request: Request, coil: Annotated[int | None, Query()] = None):
        await coils_page(station, request.state.account, coil)

    @ui.page("/review")
    async def review(request: Request):
        await review_page(station, request.state.account)

    @ui.page("/reports")
    async def reports(request: Request):
        await reports_page(station, request.state.account)

    @ui.page("/accuracy")
    async def accuracy(request: Request):
        await accuracy_page(station, request.state.account)

    @ui.page("/settings")
    async def settings(request: Request):
        if not request.state.account.may(ENGINEER):
            raise HTTPException(403, "this page needs the role engineer")
        await settings_page(station, request.state.account)

    ui.run_with(
        app,
        title="Rating station",
        favicon=_ICON,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
    )
