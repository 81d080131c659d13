"""Devices, rules and accounts: for engineers."""

from nicegui import run, ui

from rkd_keras.station.device import DeviceSettings
from rkd_keras.station.pages.device_dialog import SettingsFields, change_device
from rkd_keras.station.pages.elements import button, card, field, heading
from rkd_keras.station.pages.layout import attempt, confirmed, page_frame
from rkd_keras.station.reports.html import local_time
from rkd_keras.station.security import ROLES

_KINDS = {
    "posted": "a program posts its frames",
    "stream": "network camera (RTSP)",
    "camera": "camera of this computer",
    "simulated": "simulated strip",
}


async def settings_page(station, account):
    """Show the page."""
    texts = await run.io_bound(_rule_texts, station)
    with page_frame(station, account, "Settings", "/settings"):
        heading("Settings")
        _Devices(station, account)
        with ui.element("div").classes("columns"):
            _rules(station, account, "Grading rules", "grading", texts[0])
            _rules(station, account, "Warning rules", "warnings", texts[1])
        _Accounts(station, account)
        _about(station)


def _rule_texts(station):
    files = (station.config.grading_file, station.config.alarms_file)
    return [file.read_text(encoding="utf-8") for file in files]


class _Devices:
    def __init__(self, station, account):
        self._station = station
        self._account = account
        with card("Devices"):
            self._list = ui.element("div").classes("stack")
            heading("Add a device", 3)
            with ui.element("div").classes("form"):
                self._name = field(ui.input, "Name")
                self._kind = field(
                    ui.select, "Frames come from", options=_KINDS, value="posted"
                )
                self._url = field(ui.input, "Address (rtsp://…)")
                self._url.bind_visibility_from(self._kind, "value", value="stream")
                self._index = field(ui.number, "Camera index", value=0, min=0)
                self._index.bind_visibility_from(self._kind, "value", value="camera")
                self._fields = SettingsFields(DeviceSettings())
                button("Add device", self._add, "primary")
        self._show()

    def _show(self):
        self._list.clear()
        with self._list:
            for device in self._station.devices.all():
                if device.is_pictures:
                    continue
                with ui.element("div").classes("spread"):
                    mm = device.settings.mm_per_pixel
                    scale = f"{mm:g} mm per pixel" if mm else "no scale"
                    text = f"{device.name} - {device.id}, {device.source['kind']}"
                    ui.label(f"{text}, {scale}")
                    with ui.element("div").classes("line"):
                        button(
                            "Change", lambda device=device: self._change(device)
                        ).props(f'aria-label="Change {device.id}"')
                        button(
                            "Remove",
                            lambda device=device: self._remove(device),
                            "danger",
                        ).props(f'aria-label="Remove {device.id}"')

    async def _add(self):
        source = {"kind": self._kind.value, "url": self._url.value or ""}
        source["index"] = int(self._index.value or 0)

        def create():
            self._station.actions.add_device(
                self._account, self._name.value or "", source, self._fields.read()
            )

        done, _ = await attempt(create)
        if done:
            self._name.value = ""
            self._show()

    async def _change(self, device):
        if await change_device(self._station, self._account, device):
            self._show()

    async def _remove(self, device):
        if not await confirmed(f"Remove the device {device.name}?", "Remove", "Keep"):
            return
        done, gone = await attempt(
            self._station.actions.remove_device, self._account, device
        )
        if done:
            if not gone:
                ui.notify(
                    f"{device.name} has a history: it was stopped and stays listed",
                    type="warning",
                )
            self._show()


def _rules(station, account, title, kind, text):
    with card(title):
        area = ui.element("textarea").classes("rules")
        area.props["value"] = text
        area.props["spellcheck"] = "false"
        area.props["aria-label"] = title
        current = {"text": text}
        area.on(
            "input",
            lambda event: current.update(text=event.args),
            js_handler="(event) => emit(event.target.value)",
        )

        async def save():
            done, _ = await attempt(
                station.actions.change_rules, account, kind, current["text"]
            )
            if done:
                ui.notify("The rules hold from the next frame on", type="positive")

        with ui.element("div").classes("line"):
            button("Check and use", save, "primary").props(
                f'aria-label="Check and use the {kind} rules"'
            )


class _Accounts:
    def __init__(self, station, account):
        self._station = station
        self._account = account
        with ui.element("div").classes("columns"):
            with card("Users"):
                self._users = ui.element("div").classes("stack")
                with ui.element("div").classes("form"):
                    self._name = field(ui.input, "Name")
                    self._password = field(ui.input, "Password", password=True)
                    self._role = field(
                        ui.select, "Role", options=list(ROLES), value=ROLES[0]
                    )
                    button("Add or change", self._put_user, "primary")
                ui.label(
                    "Once there is a user, everyone must log in, after the next start "
                    "of a station that asked for no password so far."
                ).classes("soft small")
            with card("API tokens"):
                self._tokens = ui.element("div").classes("stack")
                with ui.element("div").classes("form"):
                    self._token_name = field(ui.input, "Name of the program")
                    self._token_role = field(
                        ui.select, "Role", options=list(ROLES), value=ROLES[0]
                    )
                    button("Make token", self._make_token, "primary")
        ui.timer(0.01, self._show, once=True)

    async def _show(self):
        accounts, actions = self._station.accounts, self._station.actions
        users = await run.io_bound(accounts.users)
        tokens = await run.io_bound(accounts.tokens)
        self._users.clear()
        with self._users:
            for user in users:
                self._row(user, user["name"], actions.remove_user)
        self._tokens.clear()
        with self._tokens:
            for token in tokens:
                self._row(token, token["id"], actions.remove_token)

    def _row(self, item, key, remove):
        async def take_away():
            if key == self._account.name:
                ui.notify("Nobody can remove themselves", type="warning")
                return
            if not await confirmed(f"Remove {item['name']}?", "Remove", "Keep"):
                return
            done, _ = await attempt(remove, self._account, key)
            if done:
                await self._show()

        with ui.element("div").classes("spread"):
            since = local_time(item["created_ms"])
            ui.label(f"{item['name']} - {item['role']}, since {since}")
            button("Remove", take_away, "danger").props(
                f'aria-label="Remove {item["name"]}"'
            )

    async def _put_user(self):
        name, role = (self._name.value or "").strip(), self._role.value
        done, _ = await attempt(
            self._station.actions.put_user,
            self._account,
            name,
            self._password.value or "",
            role,
        )
        if done:
            self._name.value = self._password.value = ""
            await self._show()

    async def _make_token(self):
        name = (self._token_name.value or "").strip()
        done, made = await attempt(
            self._station.actions.create_token,
            self._account,
            name,
            self._token_role.value,
        )
        if done:
            with ui.dialog(value=True), ui.card():
                ui.label("Copy the token now; it is not shown again.")
                ui.label(made[1]).style(
                    "font-family: monospace; overflow-wrap: anywhere; user-select: all"
                )
            await self._show()


def _about(station):
    model = station.model
    facts = {
        "file": model["name"],
        "classes": ", ".join(model["class_names"]).replace("_", " "),
        "size of a square": " x ".join(map(str, model.get("input_shape", ())[:2])),
        "arithmetic": model.get("quantization") or "float32",
        "an unknown surface": "is told"
        if model.get("knows_unknown")
        else "is not told",
        "made by": model.get("created_by") or "-",
    }
    with card("Model"), ui.element("dl").classes("facts"):
        for key, value in facts.items():
            with ui.element("dt"):
                ui.label(key)
            with ui.element("dd"):
                ui.label(value)
