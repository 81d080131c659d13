"""One frame with every step of its rating."""

import base64

from nicegui import run, ui

from rkd_keras.station import inspection
from rkd_keras.station.pages.elements import button, card, heading, markup
from rkd_keras.station.pages.layout import attempt, page_frame
from rkd_keras.station.store import frames

_VIEWS = {
    "steps": ("Preprocessing and measurement", "Show the steps"),
    "explain": ("Heat map and feature maps", "Show heat map and feature maps"),
    "augment": ("Augmentation", "Show augmented images"),
}
_AT_ONCE = ("steps",)


async def frame_page(station, account, frame_id):
    """Show the page of a stored frame."""
    frame = await run.io_bound(_frame, station, frame_id)
    with page_frame(station, account, f"Frame {frame_id}", "/inspect"):
        if frame is None:
            ui.label(f"There is no frame {frame_id}.").classes("card")
            return
        device = station.devices.get(frame["device_id"])
        with ui.element("div").classes("spread"):
            heading(f"Frame {frame_id}")
            with ui.element("div").classes("line"):
                ui.link("Load another picture", "/inspect").classes("btn")
        name = device.name if device else frame["device_id"]
        markup("frame.html.j2", frame=frame, device=name)
        if not frame["fault"]:
            with card("Detection and measurement"):
                markup("defects.html.j2", defects=frame["defects"])
        if not frame["image"]:
            return
        _Views(station, frame_id, frame["fault"] is None)


def _frame(station, frame_id):
    if not 0 < frame_id < 2**53:
        return None
    with station.store.read() as connection:
        frame = frames.get(connection, frame_id)
    if frame is not None:
        inspection.without_foreign_images(station, [frame])
    return frame


class _Views:
    """The views of each step, fetched after the page is there."""

    def __init__(self, station, frame_id, has_classes):
        self._station = station
        self._frame_id = frame_id
        self._classes = None
        if has_classes:
            with card("Classification with confidence"):
                self._classes = ui.element("div")
                with self._classes:
                    ui.spinner(size="2em")
        self._boxes = {}
        for view in inspection.VIEWS if has_classes else _AT_ONCE:
            title, action = _VIEWS[view]
            with card(title):
                self._boxes[view] = ui.element("div").classes("panels")
                with self._boxes[view]:
                    if view in _AT_ONCE:
                        ui.spinner(size="2em")
                    else:
                        button(action, lambda view=view: self._show(view))
        ui.timer(0.05, self._fill, once=True)

    async def _fill(self):
        if self._classes is not None:
            await self._classify()
        for view in _AT_ONCE:
            await self._show(view)

    async def _classify(self):
        done, windows = await attempt(
            inspection.classify_frame, self._station, self._frame_id
        )
        self._classes.clear()
        with self._classes:
            if done:
                markup("classification.html.j2", windows=windows)

    async def _show(self, view):
        box = self._boxes[view]
        box.clear()
        with box:
            ui.spinner(size="2em")
        done, views = await attempt(
            inspection.views_of_frame, self._station, self._frame_id, view
        )
        box.clear()
        with box:
            if not done:
                ui.label("This view could not be made.").classes("soft")
                return
            for shown in views:
                data = base64.b64encode(shown["png"]).decode()
                with ui.element("figure"):
                    ui.element("img").props["src"] = f"data:image/png;base64,{data}"
                    with ui.element("figcaption"):
                        ui.label(shown["title"])
