"""What every page has: the bar, the warnings, the keys."""

import asyncio
from contextlib import contextmanager

from nicegui import run, ui

from rkd_keras.errors import InputError
from rkd_keras.station.pages.elements import button, field
from rkd_keras.station.reports.html import local_time
from rkd_keras.station.security import ENGINEER
from rkd_keras.station.store import StorageFullError
from rkd_keras.station.workers import QueueFullError, WorkerError

PAGES = (
    ("Live", "/", None),
    ("Load picture", "/inspect", None),
    ("History", "/history", None),
    ("Coil map", "/coils", None),
    ("Review", "/review", None),
    ("Shift & reports", "/reports", None),
    ("Accuracy", "/accuracy", None),
    ("Settings", "/settings", ENGINEER),
)

EXPECTED = (InputError, StorageFullError, QueueFullError, WorkerError)
_HEAD = """
<link rel="stylesheet" href="/static/station.css">
<script src="/static/station.js"></script>
"""


@contextmanager
def page_frame(station, account, title, path):
    """Lay out a page; its own content goes inside.

    Args:
        station: the `Station`.
        account: the `Account` that looks.
        title: the page's name.
        path: its address, to mark it in the bar.
    """
    ui.page_title(f"{title} - rating station")
    ui.add_head_html(_HEAD)
    with ui.element("header").classes("topbar"):
        ui.link("Strip steel rating station", "/").classes("brand")
        _navigation(account, path)
        with ui.element("div").classes("line"):
            _plain_button("sound", "", "Warning sound")
            _plain_button("theme", "◐", "Light or dark")
            button("?", _show_keys, "quiet square", hint="Show the keys").props(
                'aria-label="Keys"'
            ).props["data-key"] = "?"
            if station.asks_for_password:
                _log_out(account)
    _Banners(station, account)
    with ui.element("main").classes("main stack"):
        yield


async def attempt(function, *arguments):
    """Run a blocking function off the event loop; show what went wrong.

    Returns:
        `(True, result)`, or `(False, None)` after a message.
    """
    try:
        result = await run.io_bound(function, *arguments)
        _end_if_left()
        return True, result
    except EXPECTED as error:
        _end_if_left()
        ui.notify(str(error), type="negative", multi_line=True, timeout=8000)
        return False, None


async def confirmed(question, yes, no):
    """Ask before something is done that nobody should do by accident.

    Args:
        question: what is asked.
        yes: what the button says that does it.
        no: what the button says that leaves it.
    """
    with ui.dialog(value=True) as dialog, ui.card():
        ui.label(question).classes("big")
        with ui.element("div").classes("line"):
            button(yes, lambda: dialog.submit(True), "danger")
            button(no, lambda: dialog.submit(False)).props("autofocus")
    answer = await dialog
    if not dialog.is_deleted:  # the page may have been left meanwhile
        dialog.delete()
    return bool(answer)


def _end_if_left():
    """End the handler of a page that was left while it waited."""
    try:
        _ = ui.context.client
    except RuntimeError:
        raise asyncio.CancelledError from None


def _navigation(account, path):
    with ui.element("nav").classes("nav").props('aria-label="Pages"'):
        number = 0
        for name, address, role in PAGES:
            if role is not None and not account.may(role):
                continue
            number += 1
            link = ui.link(name, address)
            link.props["data-key"] = f"Alt+{number}"
            if address == path:
                link.props["aria-current"] = "page"


def _plain_button(identifier, text, label):
    ui.html(
        f'<button type="button" id="{identifier}" class="btn quiet" '
        f'aria-label="{label}">{text}</button>',
        sanitize=False,
    )


def _log_out(account):
    ui.html(
        '<form method="post" action="/logout" style="margin:0">'
        '<button type="submit" class="btn quiet">Log out</button></form>',
        sanitize=False,
    ).tooltip(f"{account.name}, {account.role}")


async def _show_keys():
    keys = await ui.run_javascript("stationKeys()")
    with ui.dialog(value=True), ui.card():
        ui.label("Keys of this page").style("font-size: 18px; font-weight: 600")
        with ui.element("dl").classes("facts"):
            for key, text in keys:
                with ui.element("dt"):
                    ui.label({" ": "space"}.get(key, key)).style("font-weight: 600")
                with ui.element("dd"):
                    ui.label(text)


class _Banners:
    """Open warnings and the station's own troubles, on every page."""

    def __init__(self, station, account):
        self._station = station
        self._account = account
        self._shown = None
        self._box = ui.element("div").props('role="alert" aria-live="assertive"')
        # The box is laid out anew with each warning, which must close no dialog.
        self._dialogs = ui.element("div")
        self._look()
        ui.timer(0.7, self._look)

    def _look(self):
        station = self._station
        trouble = station.state.reason if station.state.full else ""
        if not station.pool.alive:
            trouble = "The inference process is starting again."
        state = (station.desk.version, trouble)
        if state == self._shown:
            return
        self._shown = state
        alarms = station.desk.open
        self._box.clear()
        with self._box:
            if trouble:
                with ui.element("div").classes("banner state"):
                    ui.label(trouble).classes("grow")
            if alarms:
                self._show_alarm(alarms)
        ui.run_javascript(f"window.stationAlarm && stationAlarm({len(alarms)})")

    def _show_alarm(self, alarms):
        newest = alarms[0]
        with ui.element("div").classes("banner alarm"):
            ui.html('<span class="bell" aria-hidden="true">▲</span>', sanitize=False)
            with ui.element("div").classes("grow"):
                ui.label(f"WARNING  {newest['message']}")
                more = f", and {len(alarms) - 1} more open" if len(alarms) > 1 else ""
                ui.label(local_time(newest["raised_ms"]) + more).classes("when")
            if newest["frame_id"] is not None:
                ui.link("Show frame", f"/frame/{newest['frame_id']}").classes(
                    "btn on-dark"
                )
            button(
                "Acknowledge",
                lambda: self._acknowledge([newest]),
                "on-dark",
            )
            if len(alarms) > 1:
                button(
                    f"Acknowledge all {len(alarms)}",
                    lambda: self._acknowledge(alarms),
                    "on-dark",
                )

    async def _acknowledge(self, alarms):
        with self._dialogs, ui.dialog(value=True) as dialog, ui.card():
            count = len(alarms)
            text = alarms[0]["message"] if count == 1 else f"{count} warnings"
            ui.label(f"Acknowledge: {text}").classes("big")
            note = field(ui.input, "Note: what was found or done").classes("grow")
            note.props("maxlength=500")
            with ui.element("div").classes("line"):
                button("I have seen to it", lambda: dialog.submit(True), "primary")
                button("Not yet", lambda: dialog.submit(False))
        seen = await dialog
        text = (note.value or "").strip()[:500] or None
        if not dialog.is_deleted:  # the page may have been left meanwhile
            dialog.delete()
        if not seen:
            return
        for alarm in alarms:
            done, _ = await attempt(
                self._station.actions.acknowledge, self._account, alarm["id"], text
            )
            if not done:
                return
        self._look()
