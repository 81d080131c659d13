"""The web application: the API, its documentation, login, and the pages."""

import asyncio
import contextlib
from pathlib import Path

import sqlalchemy as sa
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

import rkd_keras
from rkd_keras.errors import InputError
from rkd_keras.station.api import (
    administration,
    devices,
    frames,
    live,
    operations,
    quality,
)
from rkd_keras.station.ingest import FrameKeyUsedError
from rkd_keras.station.login import router as login_router
from rkd_keras.station.security import Gatekeeper, TooManyLoginsError
from rkd_keras.station.store import StorageFullError, StoreLostError
from rkd_keras.station.workers import QueueFullError, WorkerError

STATIC = Path(__file__).parent / "static"

_DESCRIPTION = """
The rating station's interface for programs. On a network every call needs an API
token (`Authorization: Bearer rkd_...`), which an engineer makes on the page
*Settings*. Errors answer with `{"detail": "what was wrong"}`.
"""


def create_app(station, pages=True):
    """Make the ASGI application of a station.

    Args:
        station: a `Station`; the application starts it and closes it.
        pages: whether to serve the pages for people. Defaults to `True`. NiceGUI
            is global, so only one application of a process can have them.

    Returns:
        A FastAPI application.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.station import Station, StationConfig
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     station = Station(StationConfig(pathlib.Path(folder)))
        ...     create_app(station, pages=False).title
        ...     station.close()
        'rkd_keras rating station'
    """
    from fastapi_offline import FastAPIOffline

    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        title="rkd_keras rating station",
        version=rkd_keras.__version__,
        description=_DESCRIPTION,
        lifespan=_lifespan,
    )
    app.state.station = station
    for module in (frames, live, devices, operations, quality, administration):
        app.include_router(module.router)
    app.include_router(login_router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _handle_errors(app)
    if pages:
        from rkd_keras.station.pages import add_pages

        add_pages(app, station)
    app.add_middleware(
        Gatekeeper,
        accounts=station.accounts,
        open_to_local=not station.asks_for_password,
        max_upload_bytes=station.config.max_upload_bytes,
        tls=station.config.tls,
    )
    return app


@contextlib.asynccontextmanager
async def _lifespan(app):
    station = app.state.station
    await asyncio.to_thread(station.start)
    try:
        yield
    finally:
        await asyncio.to_thread(station.close)


def _handle_errors(app):
    def problem(status, detail, headers=None):
        return JSONResponse({"detail": detail}, status, headers)

    @app.exception_handler(InputError)
    async def on_input(request: Request, error):
        return problem(422, str(error))

    @app.exception_handler(FrameKeyUsedError)
    async def on_used_key(request: Request, error):
        return problem(409, str(error))

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error):
        # Pydantic's own list echoes the input, which JSON may not be able to hold.
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = f"{where}: {first['msg']}"
        return problem(422, text.encode("utf-8", "replace").decode("utf-8"))

    @app.exception_handler(QueueFullError)
    async def on_queue_full(request: Request, error):
        return problem(503, str(error), {"retry-after": "1"})

    @app.exception_handler(StorageFullError)
    async def on_storage_full(request: Request, error):
        return problem(507, str(error), {"retry-after": "10"})

    @app.exception_handler(StoreLostError)
    async def on_store_lost(request: Request, error):
        return problem(503, str(error), {"retry-after": "5"})

    @app.exception_handler(sa.exc.DataError)
    async def on_data(request: Request, error):
        # PostgreSQL is stricter than SQLite: no NUL in a text, no number too large.
        return problem(422, "the database cannot hold a value of this request")

    @app.exception_handler(TooManyLoginsError)
    async def on_too_many(request: Request, error):
        return problem(429, str(error), {"retry-after": f"{error.wait_s:.0f}"})

    @app.exception_handler(WorkerError)
    async def on_worker(request: Request, error):
        return problem(500, str(error))
