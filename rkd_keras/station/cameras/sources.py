"""Where a camera process gets its frames: iterators of encoded images."""

import itertools
import os
import time

from rkd_keras.data.synthetic.camera import simulate_strip
from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image, encode_image, list_images

KINDS = ("posted", "pictures", "simulated", "folder", "video", "camera", "stream")
NOT_FETCHED = ("posted", "pictures")
JPEG_QUALITY = 95
_PASSED_THROUGH = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def open_source(spec, simulate=simulate_strip):
    """Open what a device's source describes.

    Args:
        spec: dict with `kind` and what that kind needs: `simulated` (`seed`,
            `fps`), `folder` (`path`, `fps`), `video` (`path`), `camera`
            (`index`), `stream` (`url`).
        simulate: function `(seed) -> iterator of uint8 images`, for `simulated`.
            Defaults to the package's own strip.

    Returns:
        Iterator of encoded images (`bytes`), paced like the real thing.

    Raises:
        InputError: when it cannot be opened.
    """
    kind = spec.get("kind")
    if kind == "simulated":
        images = simulate(spec.get("seed", 0))
        return _paced(map(_encoded, images), spec.get("fps", 5))
    if kind == "folder":
        files = list_images(spec["path"])
        encoded = (_file(path) for path in itertools.cycle(files))
        return _paced(filter(None, encoded), spec.get("fps", 5))
    if kind == "video":
        return _captured(spec["path"], loop=True, fps=spec.get("fps"))
    if kind == "camera":
        return _captured(int(spec["index"]))
    if kind == "stream":
        return _captured(spec["url"])
    raise InputError(f"kind must be one of {KINDS[2:]}. Received: kind={kind!r:.40}")


def _paced(frames, fps):
    due = time.monotonic()
    for frame in frames:
        time.sleep(max(due - time.monotonic(), 0))
        yield frame
        # Late frames are not made up for.
        due = max(due + 1 / fps, time.monotonic() - 1 / fps)


def _file(path):
    """Return a file's bytes as they are where a browser can show them."""
    try:
        data = path.read_bytes()
        if path.suffix.lower() in _PASSED_THROUGH:
            return data
        return _encoded(decode_image(data, str(path)))
    except (OSError, InputError):
        return None


def _encoded(image):
    return encode_image(image, ".jpg", JPEG_QUALITY)


def _captured(address, loop=False, fps=None):
    # OpenCV and FFmpeg report every lost packet on stderr otherwise.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "16")
    import cv2

    def frames():
        capture = _open_capture(cv2, address)
        try:
            rate = fps or (capture.get(cv2.CAP_PROP_FPS) if loop else None)
            grabbed = _grabbed(cv2, capture, loop)
            yield from _paced(grabbed, rate) if rate else grabbed
        finally:
            capture.release()

    return frames()


def _open_capture(cv2, address):
    capture = cv2.VideoCapture()
    options = []
    if isinstance(address, str) and "://" in address:
        options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000]
        options += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, 5000]
    api = cv2.CAP_FFMPEG if options else cv2.CAP_ANY
    try:
        opened = capture.open(address, api, options)
    except cv2.error:
        opened = False
    if not opened:
        raise InputError("the source cannot be opened")
    return capture


def _grabbed(cv2, capture, loop):
    none_yet = True
    while True:
        grabbed, image = capture.read()
        if grabbed:
            none_yet = False
            # OpenCV's own order of channels.
            yield _encoded(image[..., ::-1])
        elif loop and not none_yet:
            capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            none_yet = True
        else:
            return
