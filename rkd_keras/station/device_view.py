"""What the world sees of devices, coils, shifts and warnings."""

import re

from rkd_keras.station.frame_view import iso_time

_PLACE = re.compile(
    r"(?P<host>(\[[0-9a-fA-F:.]+\]|[^/?#;:]*)(:\d{1,5})?)"
    r"(?P<path>(/[^?#;]*)?)((?P<mark>[?#;]).*)?",
    re.DOTALL,
)
# What is certainly a host, where a slash stands before it.
_SURE_HOST = re.compile(
    r"(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]|([\w-]+\.)+[a-zA-Z]{2,}|localhost)(:\d+)?"
)


def device_view(device):
    """Return a device with its state; no credential of an address is shown."""
    source = dict(device.source)
    if "url" in source:
        source["url"] = public_address(source["url"])
    return {
        "id": device.id,
        "name": device.name,
        "source": source,
        "settings": device.settings.as_dict(),
        "coil": coil_view(device.coil) if device.coil else None,
        **device.health.snapshot(),
    }


def public_address(url):
    """Return an address without anything that may be a part of a credential.

    Users and passwords stand before an `@`, whatever characters they hold, or in what
    cameras take for parameters. Where it cannot be told where they end, nothing but
    the scheme is shown.

    Args:
        url: such as `rtsp://user:password@10.0.0.5/live`.

    Returns:
        The address with stars in place of what is hidden.

    Example:
        >>> public_address("rtsp://user:a/b@c@10.0.0.5:554/live")
        'rtsp://***@10.0.0.5:554/live'
        >>> public_address("rtsp://10.0.0.5/cam?user=a&password=b")
        'rtsp://10.0.0.5/cam?***'
    """
    scheme, _, rest = url.partition("://")
    before, at, place = rest.rpartition("@")
    found = _PLACE.fullmatch(place)
    # A question mark before the last @ may begin parameters with an @ in them.
    if found is None or re.search(r"[?#;]", before):
        return f"{scheme}://***"
    if "/" in before and not _SURE_HOST.fullmatch(found["host"]):
        return f"{scheme}://***"
    path = found["path"]
    # A percent sign may stand for any of these, an @ among them.
    if "%" in found["host"]:
        return f"{scheme}://***"
    if re.search(r"[=&:%]", path):
        path = "/***"
    mark = f"{found['mark']}***" if found["mark"] else ""
    return f"{scheme}://{'***@' if at else ''}{found['host']}{path}{mark}"


def coil_view(coil):
    """Return a coil."""
    return {
        "id": coil["id"],
        "name": coil["name"],
        "device_id": coil["device_id"],
        "started_at": iso_time(coil["started_ms"]),
        "ended_at": iso_time(coil["ended_ms"]),
        "speed_m_s": coil["speed_m_s"],
    }


def shift_view(shift):
    """Return a shift."""
    return {
        "id": shift["id"],
        "name": shift["name"],
        "started_at": iso_time(shift["started_ms"]),
        "ended_at": iso_time(shift["ended_ms"]),
        "started_by": shift["started_by"],
        "ended_by": shift["ended_by"],
    }


def alarm_view(alarm):
    """Return a warning."""
    kept = ("id", "rule", "device_id", "frame_id", "message", "severity")
    return {
        **{key: alarm[key] for key in kept},
        "raised_at": iso_time(alarm["raised_ms"]),
        "acknowledged_at": iso_time(alarm["acknowledged_ms"]),
        "acknowledged_by": alarm["acknowledged_by"],
        "note": alarm["note"],
    }
