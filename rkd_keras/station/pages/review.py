"""Sampled review: draw, look, confirm or correct."""

from nicegui import run, ui

from rkd_keras.station import review
from rkd_keras.station.pages.elements import (
    button,
    card,
    field,
    heading,
    markup,
)
from rkd_keras.station.pages.layout import attempt, page_frame
from rkd_keras.station.reports.html import in_words, plain
from rkd_keras.station.store import NO_DEFECT, now_ms
from rkd_keras.station.store import reviews as table

_HOURS = {1: "the last hour", 8: "the last 8 hours", 24: "the last day", 168: "a week"}


async def review_page(station, account):
    """Show the page."""
    with page_frame(station, account, "Review", "/review"):
        page = _ReviewPage(station, account)
        await page.show()


class _ReviewPage:
    def __init__(self, station, account):
        self._station = station
        self._account = account
        heading("Review")
        with card():
            with ui.element("div").classes("spread"):
                with ui.element("div").classes("line"):
                    count = field(
                        ui.number, "Per class", value=20, min=1, max=200, precision=0
                    ).style("width: 110px")
                    span = field(ui.select, "Out of", options=_HOURS, value=24)
                    span.style("min-width: 170px")

                    async def draw():
                        await self._draw(int(count.value or 20), span.value)

                    button("Draw samples", draw, "primary")
                self._waiting = ui.label().classes("soft")
        self._sample_box = ui.element("div")
        with card("Precision by predicted class"):
            self._table = ui.element("div")
            with ui.element("div").classes("line"):
                ui.link(
                    "Export all as training folder", "/api/v1/reviews/export"
                ).classes("btn")
                ui.link(
                    "Export corrections only",
                    "/api/v1/reviews/export?corrections_only=true",
                ).classes("btn")
        self._skipped = set()

    async def show(self):
        samples, waiting, counts = await run.io_bound(self._load)
        self._waiting.set_text(f"{waiting} samples wait")
        self._table.clear()
        with self._table:
            markup("precision.html.j2", rows=review.precision_table(counts))
        samples = [s for s in samples if s["id"] not in self._skipped]
        self._sample_box.clear()
        with self._sample_box:
            if samples:
                self._show_sample(samples[0])
            else:
                with card():
                    ui.label("No sample waits. Draw some to review them.")

    def _load(self):
        with self._station.store.read() as connection:
            return (
                table.waiting(connection, 1 + len(self._skipped), self._station.id),
                table.count_waiting(connection, self._station.id),
                table.counts(connection, station=self._station.id),
            )

    def _show_sample(self, sample):
        frame, defect = sample["frame"], sample["defect"]
        answers = review.answers_allowed(self._station.class_names)
        with ui.element("div").classes("view"):
            with ui.element("div").classes("stack"):
                markup(
                    "review_picture.html.j2",
                    frame=frame,
                    defects=[defect] if defect else [],
                )
            with card("What is this?"):
                with ui.element("p").style("margin: 0"):
                    ui.label("The station says").classes("soft")
                    ui.label(plain(sample["predicted"])).style(
                        "font-size: 26px; font-weight: 700"
                    )
                    if defect:
                        ui.label(
                            f"{in_words(defect)}, severity {defect['severity']}"
                        ).classes("soft")
                if sample["predicted"] in answers:
                    button(
                        f"Confirm: {plain(sample['predicted'])}",
                        lambda: self._answer(sample, sample["predicted"]),
                        "primary",
                        "Enter",
                        "Confirm what the station says",
                    )
                ui.label("or it is").classes("soft")
                with ui.element("div").classes("choices"):
                    for number, answer in enumerate(answers, 1):
                        if answer == sample["predicted"]:
                            continue
                        text = "no defect" if answer == NO_DEFECT else plain(answer)
                        button(
                            text,
                            lambda answer=answer: self._answer(sample, answer),
                            key=str(number) if number < 10 else None,
                        )
                button("Skip", lambda: self._skip(sample), "quiet", "S", "Skip")

    async def _draw(self, count, hours):
        from_ms = now_ms() - int(hours) * 3_600_000
        done, drawn = await attempt(
            review.draw, self._station, min(max(count, 1), 200), from_ms
        )
        if done:
            total = sum(drawn.values())
            ui.notify(
                f"{total} samples drawn" if total else "There is nothing new to draw",
                type="positive" if total else "warning",
            )
            await self.show()

    async def _answer(self, sample, true_class):
        done, _ = await attempt(
            review.answer,
            self._station.store,
            sample["id"],
            true_class,
            self._station.class_names,
            self._account,
        )
        if done:
            await self.show()

    async def _skip(self, sample):
        self._skipped.add(sample["id"])
        await self.show()
