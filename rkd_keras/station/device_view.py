"""What the world sees of devices, coils, shifts and warnings."""

import re

from rkd_keras.station.frame_view import iso_time


def device_view(device):
    """Return a device with its state; passwords in addresses are hidden."""
    source = dict(device.source)
    if "url" in source:
        source["url"] = re.sub(r"//[^/@]*@", "//***@", source["url"])
    return {
        "id": device.id,
        "name": device.name,
        "source": source,
        "settings": device.settings.as_dict(),
        "coil": coil_view(device.coil) if device.coil else None,
        **device.health.snapshot(),
    }


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
