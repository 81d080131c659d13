"""The devices that are named when the station is started."""

from pathlib import Path

from rkd_keras.errors import InputError

SIMULATED = "simulated"
SIMULATED_SCALE = 0.5  # mm per pixel
SIMULATED_SPEED = 0.3  # m/s: five frames of 128 rows a second
# The drawn strip's grain would be marks at the usual contrast.
SIMULATED_CONTRAST = 0.1


def make_devices(manager, sources, names, fps, mm_per_pixel=None, speed=None):
    """Make the devices that were asked for, each only once.

    Args:
        manager: the `DeviceManager`.
        sources: list of texts, see `source_of`; a simulated strip where neither
            these, nor `names`, nor devices of an earlier start are there.
        names: list of names of devices whose frames are posted.
        fps: frames per second of folders and simulations.
        mm_per_pixel: side of a pixel for the devices made here, millimetres.
            Defaults to `None`.
        speed: line speed for the devices made here, m/s. Defaults to `None`.

    Raises:
        InputError: when one of them cannot be.
    """
    from rkd_keras.station.device import DeviceSettings

    manager.load()
    known = [device for device in manager.all() if not device.is_pictures]
    if not sources and not names and not known:
        sources = [SIMULATED]
    settings = DeviceSettings(mm_per_pixel, speed)
    simulated = DeviceSettings(
        mm_per_pixel or SIMULATED_SCALE,
        speed or SIMULATED_SPEED,
        min_contrast=SIMULATED_CONTRAST,
    )
    wanted = [(None, source_of(text, fps)) for text in sources]
    wanted += [(name, {"kind": "posted"}) for name in names]
    for number, (name, spec) in enumerate(wanted, len(known) + 1):
        if name is None:
            found = [d for d in known if _same(d.source, spec)]
        else:
            found = [d for d in known if d.name == name]
        if found:
            continue
        chosen = simulated if spec["kind"] == SIMULATED else settings
        made = manager.create(name or f"Line {number}", spec, chosen)
        manager.start_later(made)


def source_of(text, fps):
    """Turn the text of a source into a device's source.

    Args:
        text: `"simulated"`, a folder, a video file, an index or an address.
        fps: frames per second, where the source has none of its own.

    Returns:
        Dict, see `rkd_keras.station.cameras.open_source`.

    Raises:
        InputError: when it is none of these.

    Example:
        >>> source_of("0", 5)
        {'kind': 'camera', 'index': 0}
    """
    if text == SIMULATED:
        return {"kind": "simulated", "fps": fps, "seed": 0}
    if text.isdecimal():
        return {"kind": "camera", "index": int(text)}
    if "://" in text:
        return {"kind": "stream", "url": text}
    path = Path(text)
    if path.is_dir():
        from rkd_keras.files.images import list_images

        list_images(path)
        return {"kind": "folder", "path": str(path.absolute()), "fps": fps}
    if path.is_file():
        return {"kind": "video", "path": str(path.absolute())}
    raise InputError(
        f"--source {text} is no folder, file, camera index, address or 'simulated'"
    )


def _same(source, spec):
    keys = ("kind", "path", "url", "index")
    return all(source.get(key) == spec.get(key) for key in keys)
