"""Change a device's name and settings."""

from nicegui import ui

from rkd_keras.station.device import MOST_NORMAL_FRAMES, DeviceSettings
from rkd_keras.station.pages.elements import button, field
from rkd_keras.station.pages.layout import attempt

AXES = {"y": "down the rows", "x": "along the columns"}

NORMAL = {
    "": "leave it as it is",
    "frames": "learn it anew, from the next frames",
    "reviews": "learn it from what people called no defect",
}


class SettingsFields:
    """The fields of a `DeviceSettings`.

    Args:
        settings: what they show first.
    """

    def __init__(self, settings):
        self._mm = field(
            ui.number, "mm per pixel", value=settings.mm_per_pixel, min=0, step=0.01
        )
        self._speed = field(
            ui.number, "Line speed, m/s", value=settings.speed_m_s, min=0, step=0.1
        )
        self._contrast = field(
            ui.number,
            "Least contrast",
            value=settings.min_contrast,
            min=0,
            max=1,
            step=0.01,
        )
        self._normal = field(
            ui.number,
            "Frames to learn the normal surface from",
            value=settings.normal_frames,
            min=0,
            max=MOST_NORMAL_FRAMES,
            step=50,
        )
        self._axis = field(
            ui.select, "The strip travels", options=AXES, value=settings.travel_axis
        )

    def read(self):
        """Return what was filled in.

        Raises:
            InputError: when it cannot be used.
        """
        return DeviceSettings(
            self._mm.value or None,
            self._speed.value or None,
            self._axis.value,
            self._contrast.value or 0.0,
            int(self._normal.value or 0),
        )


async def change_device(station, account, device):
    """Ask for a device's new name and settings and apply them.

    Returns:
        Whether something was changed.
    """
    with ui.dialog(value=True) as dialog, ui.card():
        ui.label(f"Change {device.name}").classes("big")
        with ui.element("div").classes("form").style("width: min(640px, 80vw)"):
            name = field(ui.input, "Name", value=device.name).props("autofocus")
            fields = SettingsFields(device.settings)
        ui.label("They hold from the next frame on.").classes("soft small")
        state = station.normal.state(device)
        normal = field(ui.select, f"Normal surface: {state}", options=NORMAL, value="")
        normal.set_visibility(state != "off")
        with ui.element("div").classes("line"):
            button("Save", lambda: dialog.submit(True), "primary")
            button("Cancel", lambda: dialog.submit(False))
    saved = await dialog
    if not dialog.is_deleted:  # the page may have been left meanwhile
        dialog.delete()
    if not saved:
        return False

    def change():
        station.actions.change_device(account, device, name.value or "", fields.read())
        if normal.value == "frames":
            station.actions.forget_normal(account, device)
        elif normal.value == "reviews":
            station.actions.learn_normal(account, device)

    done, _ = await attempt(change)
    return done
