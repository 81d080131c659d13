"""The paper's preprocessing, step by step and together (section 3.1.1, Table 1)."""

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.measure.grey import as_grey


def enhance(
    image: np.ndarray,
    diameter: int = 9,
    sigma_color: float = 75.0,
    sigma_space: float = 75.0,
    low: float = 1.0,
    high: float = 99.0,
) -> np.ndarray:
    """Smooth an image without its edges, then stretch its contrast.

    The paper names the steps and no settings; these are the customary ones.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        diameter: of the bilateral filter's neighbourhood in pixels. Defaults to
            `9`.
        sigma_color: grey values further apart than about this do not mix.
            Defaults to `75.0`.
        sigma_space: spatial standard deviation in pixels. Defaults to `75.0`.
        low: percentile of the grey values that becomes black. Defaults to `1.0`.
        high: percentile that becomes white. Defaults to `99.0`.

    Returns:
        Array `(H, W)`, uint8.

    Raises:
        InputError: for an image that is none, or percentiles out of order.

    Example:
        >>> import numpy as np
        >>> image = np.full((40, 40), 100, "uint8")
        >>> image[:, 20:] = 130
        >>> enhance(image)[20, [2, 37]].tolist()
        [0, 255]
    """
    filtered = bilateral_filter(image, diameter, sigma_color, sigma_space)
    return cv2.LUT(filtered, stretch_curve(filtered, low, high))


def bilateral_filter(
    image: np.ndarray,
    diameter: int = 9,
    sigma_color: float = 75.0,
    sigma_space: float = 75.0,
) -> np.ndarray:
    """Average neighbours of similar grey value (Tomasi and Manduchi, ICCV 1998).

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        diameter: of the neighbourhood in pixels. Defaults to `9`.
        sigma_color: standard deviation in grey values. Defaults to `75.0`.
        sigma_space: standard deviation in pixels. Defaults to `75.0`.

    Returns:
        Array `(H, W)`, uint8.

    Example:
        >>> import numpy as np
        >>> bilateral_filter(np.full((4, 4), 9, "uint8"))[0, 0].item()
        9
    """
    return cv2.bilateralFilter(as_grey(image), diameter, sigma_color, sigma_space)


def stretch_curve(
    image: np.ndarray, low: float = 1.0, high: float = 99.0
) -> np.ndarray:
    """Derive the grey transformation from an image's histogram.

    The curve is 0 up to the `low` percentile, 255 from the `high` percentile on
    and a line between them; of an image with one grey value it is the identity.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        low: percentile in [0, 100). Defaults to `1.0`.
        high: percentile in (low, 100]. Defaults to `99.0`.

    Returns:
        Array `(256,)`, uint8: the new grey value of each old one.

    Raises:
        InputError: for percentiles out of order.

    Example:
        >>> import numpy as np
        >>> curve = stretch_curve(np.array([[50, 100]], "uint8"), 0, 100)
        >>> curve[[50, 70, 100]].tolist()
        [0, 102, 255]
    """
    if not 0 <= low < high <= 100:
        raise InputError(
            "`low` and `high` must be percentiles, 0 <= low < high <= 100. "
            f"Received: low={low}, high={high}"
        )
    grey = as_grey(image)
    counts = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    black = int(np.searchsorted(counts, low / 100 * counts[-1], side="right"))
    white = int(np.searchsorted(counts, high / 100 * counts[-1], side="left"))
    black = min(black, 255)
    levels = np.arange(256)
    if white <= black:
        present = np.flatnonzero(np.diff(counts, prepend=0))
        black, white = int(present[0]), int(present[-1])
    if white <= black:
        return levels.astype(np.uint8)
    line = (levels - black) * (255 / (white - black))
    return np.clip(np.round(line), 0, 255).astype(np.uint8)


def stretch_contrast(
    image: np.ndarray, low: float = 1.0, high: float = 99.0
) -> np.ndarray:
    """Apply an image's own `stretch_curve` to it.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        low: percentile that becomes black. Defaults to `1.0`.
        high: percentile that becomes white. Defaults to `99.0`.

    Returns:
        Array `(H, W)`, uint8.

    Example:
        >>> import numpy as np
        >>> stretch_contrast(np.array([[50, 100]], "uint8"), 0, 100).tolist()
        [[0, 255]]
    """
    grey = as_grey(image)
    return cv2.LUT(grey, stretch_curve(grey, low, high))


def otsu_threshold(image: np.ndarray) -> int | None:
    """Find the grey value that splits the histogram best (Otsu 1979).

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.

    Returns:
        The largest grey value of the darker part, an int; `None` for an image
        with one grey value.

    Example:
        >>> import numpy as np
        >>> otsu_threshold(np.array([[10, 10, 200, 210]], "uint8"))
        10
    """
    grey = as_grey(image)
    if grey.min() == grey.max():
        return None
    return int(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0])


def otsu_mask(image: np.ndarray) -> np.ndarray:
    """Split an image by Otsu's threshold; the smaller part is the defect.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.

    Returns:
        Array `(H, W)`, bool: empty for an image with one grey value.

    Example:
        >>> import numpy as np
        >>> otsu_mask(np.array([[10, 10, 10, 210]], "uint8")).tolist()
        [[False, False, False, True]]
    """
    grey = as_grey(image)
    threshold = otsu_threshold(grey)
    if threshold is None:
        return np.zeros(grey.shape, bool)
    bright = grey > threshold
    return bright if 2 * int(bright.sum()) <= bright.size else ~bright
