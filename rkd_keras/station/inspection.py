"""One picture step by step, and labelled folders as a whole."""

from rkd_keras.errors import InputError
from rkd_keras.station.device import DeviceSettings
from rkd_keras.station.store import NO_DEFECT, FrameFilter, frames

KEPT_EXPORTS = 5
VIEWS = ("steps", "augment", "explain")


def views_of_frame(station, frame_id, view):
    """Return a stored frame's views, see `Jobs`.

    Raises:
        InputError: when there is no such frame or view, or its image was pruned.
    """
    if view not in VIEWS:
        raise InputError(
            f"a view is one of {', '.join(VIEWS)}. Received: view={view!r:.40}"
        )
    frame, data = _image_of(station, frame_id)
    if view == "steps":
        device = station.devices.get(frame["device_id"])
        settings = device.settings if device else DeviceSettings()
        return station.jobs.steps(data, settings.min_contrast)
    if view == "augment":
        return station.jobs.augment(_samples(station, frame, data), frame_id)
    return station.jobs.explain((data, _worst_window(frame)))


def classify_frame(station, frame_id):
    """Return the probabilities of each square of a stored frame.

    Returns:
        List of dicts `box`, `probabilities` {class: p} and `is_unknown`.

    Raises:
        InputError: when there is no such frame, or its image was pruned.
    """
    return station.jobs.classify(_image_of(station, frame_id)[1])


def labelled_folders(station):
    """Return the folders that may be evaluated, by name.

    These are the ones given when the station was started, and those below
    `labelled` in its data folder.
    """
    folders = {path.name: path for path in station.config.labelled}
    own = station.config.data_dir / "labelled"
    if own.is_dir():
        folders |= {path.name: path for path in own.iterdir() if path.is_dir()}
    return folders


def evaluate(station, folder):
    """Return the metrics of a labelled folder.

    Raises:
        InputError: when the folder is of no use.
    """
    return station.jobs.evaluate(folder)


def keep_newest_exports(station):
    """Remove all but the newest exported zip files."""
    folder = station.config.exports_dir
    archives = sorted(folder.glob("*.zip"), key=lambda path: path.stat().st_mtime)
    for path in archives[:-KEPT_EXPORTS]:
        path.unlink(missing_ok=True)


def without_foreign_images(station, found):
    """Take the images off frames of other stations on the same database.

    Verdicts are shared, image files lie in each station's data folder.

    Args:
        station: the `Station`.
        found: list of frames of the store, changed in place.
    """
    for frame in found:
        if station.devices.get(frame["device_id"]) is None:
            frame["image"] = None
    return found


def _image_of(station, frame_id):
    with station.store.read() as connection:
        frame = frames.get(connection, frame_id)
    data = station.files.read(frame["image"]) if frame and frame["image"] else None
    if data is None:
        raise InputError(f"there is no image of frame {frame_id}")
    return frame, data


def _samples(station, frame, data):
    """Return the frame's worst square, and up to three more of its class."""
    found = [(data, _worst_window(frame))]
    if frame["label"] == NO_DEFECT:
        return found
    with station.store.read() as connection:
        others = frames.search(connection, FrameFilter(label=frame["label"]), 20)
    for other in others:
        same = other["label"] == frame["label"] and other["id"] != frame["id"]
        image = station.files.read(other["image"]) if same and other["image"] else None
        if image is not None:
            found.append((image, _worst_window(other)))
        if len(found) == 4:
            break
    return found


def _worst_window(frame):
    if not frame["defects"]:
        return None
    worst = max(frame["defects"], key=lambda defect: defect["severity"])
    return [worst[f"window_{key}"] for key in ("x", "y", "width", "height")]
