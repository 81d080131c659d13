"""The few elements that the pages are built of."""

from contextlib import contextmanager
from datetime import datetime, timezone

from nicegui import ui

from rkd_keras.station.reports.html import jinja_environment

_TEMPLATES = jinja_environment()


class LiveView(ui.element, component="live_view.js"):
    """The live picture of one device.

    Args:
        device: the `Device`.
    """

    def __init__(self, device):
        super().__init__()
        self.show(device)

    def show(self, device):
        """Switch to another device."""
        self.props["device"] = device.id
        self.props["name"] = device.name
        self.update()


class PictureDrop(ui.element, component="picture_drop.js"):
    """A place to drop a picture on."""


def markup(template, **content):
    """Show a template of ours; what goes into it is escaped by Jinja."""
    text = _TEMPLATES.get_template(template).render(**content)
    return ui.html(text, sanitize=False)


def button(text, on_click=None, kind="", key=None, hint=None):
    """Show a button.

    Args:
        text: what it says.
        on_click: what it does.
        kind: further classes, such as `"primary"`. Defaults to none.
        key: the key that presses it, named on the button. Defaults to none.
        hint: what the key does, for the list of keys. Defaults to the text.
    """
    shown = ui.button(on_click=on_click, color=None).props("unelevated no-caps")
    shown.classes(f"btn {kind}")
    with shown:
        ui.label(text)
        if key is not None:
            shown.props["data-key"] = key
            shown.props["data-hint"] = hint or text
            ui.html(f"<kbd>{key}</kbd>", sanitize=False)
    return shown


def pill(text, state):
    """Show a state as a word with a coloured sign."""
    return ui.label(text).classes(f"pill {state}")


@contextmanager
def card(title=None, classes="stack"):
    """Frame a part of a page."""
    with ui.element("section").classes(f"card {classes}") as shown:
        if title is not None:
            with ui.element("h2"):
                ui.html(title, sanitize=True)
        yield shown


def heading(text, level=1):
    """Show a heading."""
    with ui.element(f"h{level}") as shown:
        ui.html(text, sanitize=True)
    return shown


def field(kind, label, **arguments):
    """Show an outlined input of NiceGUI."""
    return kind(label=label, **arguments).props("outlined dense stack-label")


def moment_field(label, value=None):
    """Show an input for a point in time, in the station's own time zone."""
    shown = field(ui.input, label, value=value or "")
    shown.props("type=datetime-local")
    return shown


def moment_ms(text):
    """Return what a `moment_field` says in milliseconds, `None` when empty."""
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None


def moment_text(ms):
    """Return a time of the store as a `moment_field` takes it."""
    return datetime.fromtimestamp(ms / 1000).strftime("%Y-%m-%dT%H:%M")


def moment_iso(ms):
    """Return a time of the store for an address of the API."""
    moment = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return moment.isoformat().replace("+00:00", "Z")
