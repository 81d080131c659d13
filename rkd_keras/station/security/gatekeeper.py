"""Who may come in: the middleware around everything the station serves."""

import json
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from rkd_keras.station.security.account import LOCAL

SESSION_COOKIE = "station_session"
MAX_JSON_BYTES = 2**20

_SAFE = ("GET", "HEAD", "OPTIONS")
_PUBLIC = ("/login", "/api/v1/health", "/favicon.ico")
_PUBLIC_FOLDERS = ("/static/",)
_PROGRAMS = ("/api/", "/metrics", "/openapi.json")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
)


class _TooLargeError(Exception):
    pass


@dataclass
class _Progress:
    started: bool = False
    gone: bool = False


class Gatekeeper:
    """Pure ASGI middleware: origin, size, account, headers, in this order.

    - A page of another origin cannot post here, nor open a web socket.
    - While no password is asked for, only this machine's own names are served, so
      that no foreign name can be pointed at it (DNS rebinding).
    - Bodies beyond the limit are refused before they are read.
    - Who is not logged in gets the login page, programs a 401.

    The account is left in `scope["state"]["account"]`.

    Args:
        app: the ASGI application.
        accounts: the `Accounts`.
        open_to_local: whether no password is asked for.
        max_upload_bytes: largest body of an image.
        tls: whether it is served by HTTPS.
    """

    def __init__(self, app, accounts, open_to_local, max_upload_bytes, tls=False):
        self.app = app
        self._accounts = accounts
        self._open = open_to_local
        self._max_upload_bytes = max_upload_bytes
        self._tls = tls

    async def __call__(self, scope, receive, send):
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {
            k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]
        }
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, self._with_headers(scope, send), *refusal)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        seen = _Progress()
        guarded = self._with_headers(scope, send, seen)
        try:
            await self.app(scope, self._limited(scope, receive, seen), guarded)
        except _TooLargeError:
            if seen.started:
                raise
            await _refuse(scope, receive, guarded, 413, "the body is too large")
        except RuntimeError:
            # Starlette's answer to a browser that left before its page was made.
            if seen.started or not seen.gone:
                raise

    def _refusal(self, scope, headers):
        """Return `(status, message)` when the request goes no further."""
        host = headers.get("host", "")
        if self._open and _name_of(host) not in _LOCAL_NAMES:
            return 421, "this station serves its own machine only"
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and origin is not None and _netloc(origin) != host:
            return 403, "the request comes from another site"
        if scope["type"] == "http":
            length = headers.get("content-length", "0")
            if not length.isdecimal():
                return 400, "the content-length is no number"
            if int(length) > self._limit(scope):
                return 413, f"the body is larger than {self._limit(scope)} bytes"
        account = LOCAL if self._open else self._account(headers)
        scope.setdefault("state", {})["account"] = account
        path = scope["path"]
        public = path in _PUBLIC or path.startswith(_PUBLIC_FOLDERS)
        if account is None and not public:
            return 401, "log in, or send an API token"
        return None

    def _account(self, headers):
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._accounts.from_token(token.strip())
        cookie = session_cookie(headers.get("cookie", ""))
        return self._accounts.from_session(cookie) if cookie else None

    def _limit(self, scope):
        path = scope["path"]
        is_image = path.endswith(("/frames", "/inspect"))
        return self._max_upload_bytes if is_image else MAX_JSON_BYTES

    def _limited(self, scope, receive, seen):
        limit, total = self._limit(scope), 0

        async def counted():
            nonlocal total
            message = await receive()
            seen.gone = seen.gone or message["type"] == "http.disconnect"
            total += len(message.get("body", b""))
            if total > limit:
                raise _TooLargeError
            return message

        return counted

    def _with_headers(self, scope, send, seen=None):
        async def sending(message):
            if message["type"] == "http.response.start":
                if seen is not None:
                    seen.started = True
                names = {name for name, _ in message["headers"]}
                extra = [*_HEADERS, ("content-security-policy", _CONTENT_POLICY)]
                if self._tls:
                    extra.append(("strict-transport-security", "max-age=31536000"))
                if scope["path"].startswith("/api/"):
                    extra.append(("cache-control", "no-store"))
                message["headers"] = list(message["headers"]) + [
                    (name.encode(), value.encode())
                    for name, value in extra
                    if name.encode() not in names
                ]
            await send(message)

        return sending


def session_cookie(header):
    """Return the session in a `Cookie` header, or `None`."""
    try:
        morsel = SimpleCookie(header).get(SESSION_COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _name_of(host):
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _netloc(origin):
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


async def _refuse(scope, receive, send, status, message):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4000 + status})
        return
    path = scope["path"]
    headers = [(b"content-type", b"application/json")]
    body = json.dumps({"detail": message}).encode()
    wants_page = scope["method"] in ("GET", "HEAD")
    if status == 401 and wants_page and not path.startswith(_PROGRAMS):
        status, body = 303, b""
        headers = [(b"location", f"/login?next={quote(path)}".encode())]
    elif status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    headers.append((b"content-length", str(len(body)).encode()))
    # What is refused may still be on its way; the connection ends with it.
    if status in (413, 400):
        headers.append((b"connection", b"close"))
    start = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
