"""Draw what was measured: boxes, outlines, centroids."""

import cv2
import numpy as np

from rkd_keras.files.images import to_rgb_uint8
from rkd_keras.files.names import printable
from rkd_keras.measure.components import trace_boundaries
from rkd_keras.measure.grey import as_mask
from rkd_keras.measure.measurement import Measurement
from rkd_keras.measure.shape import measure

RED = (225, 35, 35)
GREEN = (40, 200, 80)
YELLOW = (255, 210, 0)
BLACK = (0, 0, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX
# Lines thinner than this share of the picture's side are lost in a report.
LINE_SHARE = 250


def display_image(image, least_side=400, most_side=1600):
    """Bring an image to a size in which thin lines can be seen.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        least_side: the shorter side is enlarged, by a whole factor, to at least
            this. Defaults to `400`.
        most_side: the longer side is shrunk to at most this. Defaults to `1600`.

    Returns:
        Array `(h, w, 3)`, uint8, RGB.

    Example:
        >>> import numpy as np
        >>> display_image(np.zeros((200, 100), "uint8")).shape
        (800, 400, 3)
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or image.size == 0:
        to_rgb_uint8(image)
    height, width = image.shape[:2]
    factor = min(-(-least_side // min(height, width)), most_side / max(height, width))
    factor = max(1, int(factor)) if factor >= 1 else factor
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size == (width, height):
        return to_rgb_uint8(image).copy()
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    # First the size, then the channels: large grey images stay small.
    return to_rgb_uint8(cv2.resize(image, size, interpolation=method))


def overlay(
    image: np.ndarray,
    mask: np.ndarray | None = None,
    measurement: Measurement | None = None,
    label: str | None = None,
) -> np.ndarray:
    """Draw outlines, boxes and centroids of all defects on an image.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        mask: array `(H, W)`, bool; made by `segment` when `None`. Defaults to
            `None`.
        measurement: the `Measurement` of the mask; made when `None`. Defaults to
            `None`.
        label: text for the upper left corner, or `None`. Defaults to `None`.

    Returns:
        Array `(h, w, 3)`, uint8, RGB: enlarged when the image is small, shrunk
        when it is large.

    Example:
        >>> import numpy as np
        >>> image = np.full((50, 50), 200, "uint8")
        >>> image[20:30, 20:30] = 50
        >>> overlay(image, image < 100).shape
        (400, 400, 3)
    """
    mask, measurement = measured(image, mask, measurement)
    canvas = display_image(image)
    draw_outlines(canvas, mask)
    draw_boxes(canvas, measurement)
    draw_centroids(canvas, measurement)
    if label:
        write_label(canvas, label)
    return canvas


def measured(image, mask, measurement):
    """Fill in the mask and the measurement that were not given."""
    if mask is None:
        from rkd_keras.measure.segment import segment

        mask = segment(image)
    mask = as_mask(mask, np.asarray(image).shape[:2])
    return mask, measure(image, mask) if measurement is None else measurement


def draw_outlines(
    canvas: np.ndarray, mask: np.ndarray, color: tuple[int, int, int] = GREEN
) -> np.ndarray:
    """Draw the boundaries of a mask's components onto a picture, in place.

    Args:
        canvas: array `(h, w, 3)`, uint8; the image at any size.
        mask: array `(H, W)`, bool, of the image's own size.
        color: RGB. Defaults to green.

    Returns:
        The canvas.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((8, 8), bool)
        >>> mask[2:6, 2:6] = True
        >>> int(draw_outlines(np.zeros((8, 8, 3), "uint8"), mask, (9, 9, 9)).max())
        9
    """
    scale = np.array(canvas.shape[1::-1]) / mask.shape[::-1]
    outlines = [
        np.round((points + 0.5) * scale - 0.5).astype(np.int32)
        for points in trace_boundaries(mask)
    ]
    cv2.polylines(canvas, outlines, True, color, _thickness(canvas))
    return canvas


def draw_boxes(
    canvas: np.ndarray, measurement: Measurement, color: tuple[int, int, int] = RED
) -> np.ndarray:
    """Draw the defects' bounding boxes onto a picture, in place.

    Args:
        canvas: array `(h, w, 3)`, uint8; the image at any size.
        measurement: `Measurement`.
        color: RGB. Defaults to red.

    Returns:
        The canvas.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((8, 8), bool)
        >>> mask[2:6, 2:6] = True
        >>> canvas = draw_boxes(np.zeros((8, 8, 3), "uint8"), measure(None, mask))
        >>> canvas[1, 1].tolist()
        [225, 35, 35]
    """
    height, width = measurement.image_shape
    scale_y, scale_x = canvas.shape[0] / height, canvas.shape[1] / width
    for defect in measurement.defects:
        left, top, box_width, box_height = defect.bbox
        first = (
            max(0, round(left * scale_x) - 1),
            max(0, round(top * scale_y) - 1),
        )
        last = (
            min(canvas.shape[1] - 1, round((left + box_width) * scale_x)),
            min(canvas.shape[0] - 1, round((top + box_height) * scale_y)),
        )
        cv2.rectangle(canvas, first, last, color, _thickness(canvas))
    return canvas


def draw_centroids(
    canvas: np.ndarray, measurement: Measurement, color: tuple[int, int, int] = YELLOW
) -> np.ndarray:
    """Draw a cross at each defect's centroid onto a picture, in place.

    Args:
        canvas: array `(h, w, 3)`, uint8; the image at any size.
        measurement: `Measurement`.
        color: RGB. Defaults to yellow.

    Returns:
        The canvas.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((9, 9), bool)
        >>> mask[3:6, 3:6] = True
        >>> canvas = draw_centroids(np.zeros((9, 9, 3), "uint8"), measure(None, mask))
        >>> canvas[4, 4].tolist()
        [255, 210, 0]
    """
    height, width = measurement.image_shape
    scale = np.array([canvas.shape[1] / width, canvas.shape[0] / height])
    size = max(5, round(min(canvas.shape[:2]) / 30))
    thickness = _thickness(canvas)
    for defect in measurement.defects:
        position = np.array(defect.centroid) / measurement.pixel_size
        point = tuple(np.round((position + 0.5) * scale - 0.5).astype(int).tolist())
        if min(canvas.shape[:2]) > 100:
            outline = thickness + 2
            cv2.drawMarker(canvas, point, BLACK, cv2.MARKER_CROSS, size + 2, outline)
        cv2.drawMarker(canvas, point, color, cv2.MARKER_CROSS, size, thickness)
    return canvas


def write_label(canvas, text, height=None):
    """Write a line of text on a dark bar at the top of a picture, in place.

    Args:
        canvas: array `(h, w, 3)`, uint8.
        text: one line; what is too long is cut.
        height: of the bar in pixels; a twentieth of the picture when `None`.
            Defaults to `None`.

    Returns:
        The canvas.

    Example:
        >>> import numpy as np
        >>> int(write_label(np.zeros((100, 300, 3), "uint8"), "abc").max()) > 200
        True
    """
    height = max(18, canvas.shape[0] // 20) if height is None else height
    size = height / 34
    text = printable(text)  # OpenCV ends the process at a name that is no UTF-8
    while text and cv2.getTextSize(text, FONT, size, 1)[0][0] > canvas.shape[1] - 12:
        text = text[:-1]
    canvas[:height] = canvas[:height] // 4
    at = (6, round(height * 0.72))
    cv2.putText(canvas, text, at, FONT, size, (255, 255, 255), 1, cv2.LINE_AA)
    return canvas


def _thickness(canvas):
    return max(1, round(min(canvas.shape[:2]) / LINE_SHARE))
