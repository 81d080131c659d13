"""Load a picture and rate it."""

from nicegui import run

from rkd_keras.station.pages.elements import PictureDrop, card, heading, markup
from rkd_keras.station.pages.layout import page_frame
from rkd_keras.station.store import FrameFilter, frames


async def inspect_page(station, account):
    """Show the page."""
    recent = await run.io_bound(_recent, station)
    with page_frame(station, account, "Load picture", "/inspect"):
        heading("Load a picture")
        with card():
            PictureDrop()
        with card("Pictures that were loaded"):
            device = station.devices.pictures
            markup(
                "history.html.j2",
                frames=recent,
                devices={device.id: device.name},
                nothing="None yet.",
            )


def _recent(station):
    with station.store.read() as connection:
        chosen = FrameFilter(device_id=station.devices.pictures.id)
        return frames.search(connection, chosen, limit=10)
