"""Find what was stored."""

from urllib.parse import urlencode

from nicegui import run, ui

from rkd_keras.measure.grade import ALL_DECISIONS
from rkd_keras.station import inspection
from rkd_keras.station.pages.elements import (
    button,
    card,
    field,
    heading,
    markup,
    moment_field,
    moment_iso,
    moment_ms,
)
from rkd_keras.station.pages.layout import page_frame
from rkd_keras.station.reports.html import plain
from rkd_keras.station.store import NO_DEFECT, UNKNOWN, FrameFilter, devices, frames

PAGE = 40


async def history_page(station, account, query):
    """Show the page; `query` holds what was searched for."""
    with page_frame(station, account, "History", "/history"):
        names = await run.io_bound(_device_names, station)
        page = _HistoryPage(station, names, query)
        await page.show_results()


class _HistoryPage:
    def __init__(self, station, names, query):
        self._station = station
        self._names = names
        self._before = []
        heading("History")
        with card():
            with ui.element("form").classes("form") as form:
                form.on("submit.prevent", self._search)
                self._show_fields(query)
                button("Search", self._search, "primary", "/", "Search").props(
                    "type=button"
                )
        with ui.element("div").classes("spread"):
            self._count = ui.label().classes("soft")
            with ui.element("div").classes("line"):
                self._csv = ui.link("Export CSV", "#").classes("btn")
                self._json = ui.link("Export JSON", "#").classes("btn")
        with card():
            self._results = ui.element("div")
            with ui.element("div").classes("line"):
                self._newer = button("Newer", self._go_newer)
                self._older = button("Older", self._go_older)

    def _show_fields(self, query):
        labels = [*self._station.class_names, UNKNOWN, NO_DEFECT]
        any_of = {"": "any"}
        shown = {
            "device": field(ui.select, "Device", options=any_of | self._names),
            "label": field(
                ui.select,
                "Class",
                options=any_of | {n: plain(n) for n in labels},
            ),
            "severity_min": field(
                ui.select,
                "Severity from",
                options=any_of | {str(n): str(n) for n in range(1, 6)},
            ),
            "decision": field(
                ui.select,
                "Decision",
                options=any_of | {d: d for d in ALL_DECISIONS},
            ),
            "start": moment_field("From"),
            "end": moment_field("To"),
            "text": field(ui.input, "Coil or device"),
        }
        for name, shown_field in shown.items():
            value = query.get(name, "")
            options = getattr(shown_field, "options", None)
            shown_field.value = value if options is None or value in options else ""
        self._fields = shown

    def _chosen(self):
        value = {name: f.value or None for name, f in self._fields.items()}
        severity = value["severity_min"]
        return FrameFilter(
            device_id=value["device"],
            label=value["label"],
            severity_min=int(severity) if severity else None,
            decision=value["decision"],
            from_ms=moment_ms(value["start"]),
            to_ms=moment_ms(value["end"]),
            text=value["text"],
        )

    async def _search(self):
        self._before = []
        await self.show_results()

    async def _go_older(self):
        self._before.append(self._last)
        await self.show_results()

    async def _go_newer(self):
        self._before = self._before[:-1]
        await self.show_results()

    async def show_results(self):
        chosen = self._chosen()
        before = self._before[-1] if self._before else None
        found = await run.io_bound(_search, self._station, chosen, before)
        self._last = found[PAGE - 1]["id"] if len(found) > PAGE else None
        found = found[:PAGE]
        self._results.clear()
        with self._results:
            markup("history.html.j2", frames=found, devices=self._names)
        first = 1 + PAGE * len(self._before)
        text = f"frames {first} to {first + len(found) - 1}, newest first"
        self._count.set_text(text if found else "")
        self._older.set_enabled(self._last is not None)
        self._newer.set_enabled(bool(self._before))
        for link, kind in ((self._csv, "csv"), (self._json, "json")):
            link.props["href"] = f"/api/v1/export?{_address(chosen, kind)}"
            link.update()


def _search(station, chosen, before):
    with station.store.read() as connection:
        found = frames.search(connection, chosen, PAGE + 1, before)
    return inspection.without_foreign_images(station, found)


def _device_names(station):
    """Return the names of all stations' devices by their ids."""
    with station.store.read() as connection:
        return {d["id"]: d["name"] for d in devices.list_all(connection)}


def _address(chosen, kind):
    query = {
        "format": kind,
        "device": chosen.device_id,
        "label": chosen.label,
        "severity_min": chosen.severity_min,
        "decision": chosen.decision,
        "start": chosen.from_ms and moment_iso(chosen.from_ms),
        "end": chosen.to_ms and moment_iso(chosen.to_ms),
        "text": chosen.text,
    }
    return urlencode({k: v for k, v in query.items() if v is not None})
