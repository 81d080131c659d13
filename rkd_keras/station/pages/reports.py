"""Shifts, reports and the log of warnings."""

import datetime

from nicegui import run, ui

from rkd_keras.station import reporting
from rkd_keras.station.pages.elements import (
    button,
    card,
    field,
    heading,
    markup,
    moment_field,
    moment_ms,
    moment_text,
)
from rkd_keras.station.pages.layout import attempt, page_frame
from rkd_keras.station.reports.html import local_time
from rkd_keras.station.store import alarms, devices, now_ms, shifts
from rkd_keras.station.store import reports as table

_HOUR = 3_600_000


async def reports_page(station, account):
    """Show the page."""
    with page_frame(station, account, "Shift & reports", "/reports"):
        page = _ReportsPage(station, account)
        await page.show()


class _ReportsPage:
    def __init__(self, station, account):
        self._station = station
        self._account = account
        heading("Shift & reports")
        with card("Make a report"):
            self._form = ui.element("div").classes("stack")
        with card("Reports"):
            self._list = ui.element("div")
        with card("Warnings"):
            self._alarms = ui.element("div")

    async def show(self):
        content = await run.io_bound(self._load)
        self._form.clear()
        with self._form:
            self._show_form(content)
        self._list.clear()
        with self._list:
            markup("reports.html.j2", reports=content["reports"])
        self._alarms.clear()
        with self._alarms:
            markup("alarms.html.j2", alarms=content["alarms"])

    def _load(self):
        with self._station.store.read() as connection:
            return {
                "reports": table.list_newest(connection, station=self._station.id),
                "alarms": alarms.list_newest(connection, limit=50),
                "coils": devices.list_coils(connection, 50),
                "shifts": shifts.list_newest(connection, 20, self._station.id),
            }

    def _show_form(self, content):
        now = now_ms()
        with ui.element("div").classes("form"):
            start = moment_field("Start time", moment_text(now - 8 * _HOUR))
            end = moment_field("End time")
            coil = field(
                ui.select,
                "or a coil",
                options={0: "-"} | {c["id"]: c["name"] for c in content["coils"]},
                value=0,
            )
            title = field(ui.input, "Title (optional)")

        def take(from_ms, to_ms=None):
            start.value = moment_text(from_ms)
            end.value = moment_text(to_ms) if to_ms else ""
            coil.value = 0

        with ui.element("div").classes("line"):
            ui.label("Fill in:").classes("soft")
            button("Last hour", lambda: take(now_ms() - _HOUR))
            button("Today", lambda: take(_midnight_ms()))
            for shift in content["shifts"][:3]:
                text = f"Shift {shift['name']}, {local_time(shift['started_ms'])[:16]}"
                button(
                    text,
                    lambda s=shift: take(
                        s["started_ms"], s["ended_ms"] and s["ended_ms"] + 60_000
                    ),
                )

        async def make():
            waiting = ui.notification(
                "The report is being made …", spinner=True, timeout=None
            )
            done, report = await attempt(
                reporting.make_report,
                self._station,
                self._account,
                (title.value or "").strip()[:80] or None,
                coil.value or None,
                moment_ms(start.value),
                moment_ms(end.value),
            )
            waiting.dismiss()
            if done:
                ui.notify(f"{report['title']} is ready", type="positive")
                await self.show()

        with ui.element("div").classes("line"):
            button("Make report", make, "primary", "R", "Make the report")


def _midnight_ms():
    today = datetime.datetime.combine(datetime.date.today(), datetime.time())
    return int(today.timestamp() * 1000)
