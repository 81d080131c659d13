"""A drawn strip that plays for ever, as a line camera would deliver it."""

FRAME_ROWS = 128
FRAME_COLUMNS = 400
_CHUNK = 5
_KEPT = 200
# Standard deviations of the surface's grain and clouds, as shares of its grey level.
_GRAIN, _CLOUDS = 0.037, 0.04


def simulate_strip(seed):
    """Play a drawn strip for ever.

    New frames are drawn in a thread, until there are enough of them; while the
    next one is not ready, earlier ones come again, some of them mirrored. Strips
    with a coarse grain are left out: a line delivers one finish, this is a smooth
    one.

    Args:
        seed: integer seed.

    Yields:
        Arrays `(128, 400)`, uint8.

    Example:
        >>> frame = next(simulate_strip(0))
        >>> frame.shape, frame.dtype.name
        ((128, 400), 'uint8')
    """
    import threading
    import time

    import numpy as np

    rng = np.random.default_rng(seed)
    kept, shown, unwatched = [], 0, threading.Event()
    arguments = (kept, seed, unwatched)
    drawing = threading.Thread(target=_draw, args=arguments, daemon=True)
    drawing.start()
    try:
        while not kept:
            time.sleep(0.02)
        while True:
            if shown < len(kept):
                yield kept[shown]
                shown += 1
            else:
                frame = kept[rng.integers(len(kept))]
                mirrored = rng.random() < 0.5
                yield np.ascontiguousarray(frame[:, ::-1]) if mirrored else frame
    finally:
        unwatched.set()


def _draw(kept, seed, unwatched):
    import numpy as np

    from rkd_keras.data.synthetic import draw_strip

    rng = np.random.default_rng(seed)
    # The first frame comes at once.
    rows, defects = FRAME_ROWS, 0
    while len(kept) < _KEPT and not unwatched.is_set():
        strip = draw_strip(rows, FRAME_COLUMNS, defects, rng)
        if _is_smooth(strip):
            kept += np.split(strip.image, rows // FRAME_ROWS)
            rows = _CHUNK * FRAME_ROWS
        defects = int(min(rng.poisson(1.0), 3)) if kept else 0


def _is_smooth(strip):
    import cv2
    import numpy as np

    image = strip.image.astype(np.float32)
    level, clean = max(image.mean(), 1), ~strip.mask
    fine, coarse = (cv2.GaussianBlur(image, (0, 0), sigma) for sigma in (3, 40))
    grain, clouds = (image - fine) / level, (fine - coarse) / level
    return grain[clean].std() <= _GRAIN and clouds[clean].std() <= _CLOUDS
