"""Log in and out: a plain page that needs nothing but itself."""

import asyncio
from html import escape
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from rkd_keras.station.security import SESSION_COOKIE, TooManyLoginsError
from rkd_keras.station.security.accounts import SESSION_S

router = APIRouter(include_in_schema=False)

_Field = Annotated[str, Form(max_length=1000)]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in - rating station</title>
<link rel="stylesheet" href="/static/station.css"></head>
<body class="login-page"><main class="login">
<h1>Strip steel rating station</h1>
{problem}
<form method="post" action="/login">
<input type="hidden" name="next" value="{next}">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password"
 autocomplete="current-password" required>
<button type="submit">Log in</button>
</form></main></body></html>"""


@router.get("/login")
def login_page(next: Annotated[str, Query(max_length=500)] = "/"):
    """Show the login page."""
    return HTMLResponse(_page(next))


@router.post("/login")
async def log_in(request: Request, name: _Field, password: _Field, next: _Field = "/"):
    """Check a password and begin a session."""
    station = request.app.state.station
    address = request.client.host if request.client else "?"
    try:
        cookie = await asyncio.to_thread(
            station.accounts.log_in, name, password, address
        )
    except TooManyLoginsError as error:
        headers = {"retry-after": f"{error.wait_s:.0f}"}
        return HTMLResponse(_page(next, str(error)), 429, headers)
    if cookie is None:
        return HTMLResponse(_page(next, "Name or password is wrong."), 401)
    response = RedirectResponse(_own_path(next), 303)
    response.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=station.config.tls,
    )
    return response


@router.post("/logout")
def log_out():
    """End the session."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _own_path(path):
    """Return a path of this site; anything else becomes the first page."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain and path.isprintable() else "/"


def _page(next_path, problem=""):
    shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return _PAGE.format(problem=shown, next=escape(_own_path(next_path), quote=True))
