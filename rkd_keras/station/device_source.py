"""Where a device's frames come from: what may be asked for."""

from rkd_keras.errors import InputError
from rkd_keras.station.cameras import KINDS

# What an engineer may set through the network; folders and files only the
# command line may name.
REMOTE_KINDS = ("posted", "simulated", "camera", "stream")
_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://")


def checked_source(source, remote=False):
    """Return a source with nothing in it but what its kind knows.

    Args:
        source: dict, see `open_source`.
        remote: whether it comes through the network.

    Raises:
        InputError: when it cannot be used.
    """
    kind = source.get("kind")
    allowed = REMOTE_KINDS if remote else KINDS
    if kind not in allowed:
        raise InputError(
            f"a source's kind must be one of {', '.join(allowed)}. "
            f"Received: kind={kind!r:.40}"
        )
    checked = {"kind": kind}
    if kind in ("simulated", "folder"):
        fps = source.get("fps", 5)
        if not 0 < fps <= 100:
            raise InputError(f"fps must be above 0 and at most 100. Received: {fps}")
        checked["fps"] = float(fps)
    if kind == "simulated":
        checked["seed"] = int(source.get("seed", 0))
    elif kind in ("folder", "video"):
        checked["path"] = str(source["path"])
    elif kind == "camera":
        index = source.get("index", 0)
        if not 0 <= index < 64:
            raise InputError(f"a camera's index must be 0 to 63. Received: {index}")
        checked["index"] = int(index)
    elif kind == "stream":
        url = str(source.get("url") or "")
        if not url.startswith(_SCHEMES) or len(url) > 500:
            raise InputError(
                f"a stream's url must begin with one of {', '.join(_SCHEMES)}"
            )
        checked["url"] = url
    return checked
