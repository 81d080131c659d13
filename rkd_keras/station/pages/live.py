"""The first page: devices, their live pictures, shift and coil."""

from nicegui import ui

from rkd_keras.station import reporting
from rkd_keras.station.pages.elements import LiveView, button, card, field
from rkd_keras.station.pages.layout import attempt, confirmed, page_frame
from rkd_keras.station.reports.html import local_time

# More devices than this do not fit beside the picture.
MANY = 4
_WORDS = {
    "running": "Running",
    "waiting": "Waiting",
    "stalled": "Stalled",
    "lost": "Lost",
    "stopped": "Stopped",
}


def live_page(station, account, device_id=None):
    """Show the page.

    Args:
        station: the `Station`.
        account: the `Account` that looks.
        device_id: the device to show first. Defaults to the first one.
    """
    with page_frame(station, account, "Live", "/"):
        _LivePage(station, account, device_id)


class _LivePage:
    def __init__(self, station, account, device_id):
        self._station = station
        self.board = station.board
        self._account = account
        devices = self._devices()
        chosen = [d for d in devices if d.id == device_id]
        self._chosen = (chosen or devices or [None])[0]
        with ui.element("div").classes("live") as self._grid:
            self._list = ui.element("div").classes("devices")
            with ui.element("div").classes("stack"):
                if self._chosen is None:
                    ui.label("This station has no devices yet.").classes("card")
                    return
                self._view = LiveView(self._chosen)
                self._panel = ui.element("div").classes("columns")
        self._cards = {}
        self._shown_panel = None
        self._look()
        ui.timer(1.0, self._look)

    def _devices(self):
        # Pictures that people load have a page of their own.
        return [d for d in self._station.devices.all() if not d.is_pictures]

    def _look(self):
        devices = self._devices()
        if list(self._cards) != [d.id for d in devices]:
            self._grid.classes(**{"add" if len(devices) > MANY else "remove": "many"})
            self._list.clear()
            with self._list:
                self._cards = {
                    d.id: _DeviceCard(self, d, number)
                    for number, d in enumerate(devices, 1)
                }
        for device in devices:
            self._cards[device.id].look(device is self._chosen)
        coil = self._chosen.coil
        shift = reporting.running_shift(self._station)
        state = (self._chosen.id, coil and coil["id"], shift and shift["id"])
        if state != self._shown_panel:
            self._shown_panel = state
            self._panel.clear()
            with self._panel:
                self._show_coil(coil)
                self._show_shift(shift)

    def choose(self, device):
        self._chosen = device
        self._view.show(device)
        self._look()

    async def toggle(self, device):
        question = f"Stop {device.name}? No frame of it is rated then."
        if device.enabled and not await confirmed(question, "Stop", "Let it run"):
            return
        actions = self._station.actions
        action = actions.stop_device if device.enabled else actions.start_device
        await attempt(action, self._account, device)
        self._look()

    def _show_coil(self, coil):
        device = self._chosen
        with card(f"Coil on {device.name}"):
            if coil is not None:
                with ui.element("div").classes("spread"):
                    with ui.element("div"):
                        ui.label(coil["name"]).style(
                            "font-size: 20px; font-weight: 600"
                        )
                        speed = coil["speed_m_s"]
                        since = f"since {local_time(coil['started_ms'])}"
                        text = f"{since}, {speed:g} m/s" if speed else since
                        ui.label(text).classes("soft")
                    button("End coil", self._end_coil)
                return
            with ui.element("div").classes("line"):
                name = field(ui.input, "Coil number").classes("grow scan-coil")
                speed = field(
                    ui.number, "Speed, m/s", value=device.settings.speed_m_s, min=0
                ).style("width: 130px")

                async def start():
                    done, _ = await attempt(
                        self._station.actions.start_coil,
                        self._account,
                        device,
                        name.value or "",
                        speed.value or None,
                    )
                    if done:
                        self._look()

                name.on("keydown.enter", start)
                button("Start coil", start, "primary")

    async def _end_coil(self):
        await attempt(self._station.actions.end_coil, self._account, self._chosen)
        self._look()

    def _show_shift(self, shift):
        with card("Shift"):
            if shift is not None:
                with ui.element("div").classes("spread"):
                    with ui.element("div"):
                        ui.label(shift["name"]).style(
                            "font-size: 20px; font-weight: 600"
                        )
                        ui.label(
                            f"start time {local_time(shift['started_ms'])}, "
                            f"by {shift['started_by']}"
                        ).classes("soft")
                    button("End shift", self._end_shift)
                return
            last = reporting.last_shift(self._station)
            if last is not None:
                ui.label(
                    f"The last one, {last['name']}: start time "
                    f"{local_time(last['started_ms'])}, end time "
                    f"{local_time(last['ended_ms'])}"
                ).classes("soft small")
            with ui.element("div").classes("line"):
                name = field(ui.input, "Name of the shift").classes("grow")

                async def start():
                    if not (name.value or "").strip():
                        ui.notify("Give the shift a name.", type="warning")
                        return
                    await attempt(
                        reporting.start_shift,
                        self._station,
                        name.value.strip()[:80],
                        self._account,
                    )
                    self._look()

                name.on("keydown.enter", start)
                button("Start shift", start, "primary")

    async def _end_shift(self):
        await attempt(reporting.end_shift, self._station, self._account)
        self._look()


class _DeviceCard:
    """One device in the list; its parts are changed in place, so focus stays."""

    def __init__(self, page, device, number):
        self._device = device
        self._board = page.board
        self._shown = None
        with ui.element("div").classes("device") as self._box:
            pick = ui.element("button").classes("pick").props("type=button")
            pick.on("click", lambda: page.choose(device))
            if number < 10:
                pick.props["data-key"] = str(number)
                pick.props["data-hint"] = f"Show {device.name}"
            with pick:
                ui.label(device.name).props["title"] = device.name
            with ui.element("div").classes("spread"):
                self._state = ui.label().classes("pill")
                self._verdict = ui.label().classes("pill verdict-word")
                self._rate = ui.label().classes("rate")
            self._reason = ui.label().classes("soft small")
            with ui.element("div").classes("line"):
                self._toggle = ui.button(
                    color=None, on_click=lambda: page.toggle(device)
                )
                self._toggle.props("unelevated no-caps").classes("btn")

    def look(self, chosen):
        health = self._device.health.snapshot()
        state = health["state"]
        reason = health["reason"]
        if state == "lost" and health["retry_in_s"] is not None:
            reason = f"{reason}; next try in {health['retry_in_s']:.0f} s"
        worst = self._board.worst(self._device.id) if state == "running" else None
        verdict = worst["decision"] if worst else ""
        shown = (state, health["frame_rate"], reason, chosen, self._device.enabled)
        shown = (*shown, verdict)
        if shown == self._shown:
            return
        self._shown = shown
        self._box.props["aria-current"] = "true" if chosen else "false"
        self._state.set_text(_WORDS[state])
        self._state.classes(replace=f"pill {state}")
        # Of a device that does not run, no verdict holds.
        self._verdict.set_text(verdict or "no picture")
        self._verdict.classes(replace=f"pill verdict-word {verdict}")
        self._rate.set_text(f"{health['frame_rate']:.1f} frames/s")
        self._reason.set_text(reason)
        self._reason.set_visibility(bool(reason))
        self._toggle.set_text("Stop" if self._device.enabled else "Start")
        self._toggle.update()
        self._box.update()
