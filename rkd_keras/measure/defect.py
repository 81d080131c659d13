"""One defect: a connected component of a mask, measured."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Defect:
    """What is known of one defect.

    Lengths are in `unit`, areas in `unit` squared, K in 1 / `unit`. The origin is
    the image's upper left corner, x points right, y down; positions are of pixel
    centres.

    Attributes:
        index: 1 for the first defect from the top, and so on.
        area: of the pixels; the moment M00 (eq. 22).
        perimeter: length of the outer boundary and of the boundaries of holes,
            traced through the centres of the boundary pixels: 1 to a neighbour
            beside, sqrt(2) to a diagonal one. 0 for a single pixel.
        area_ratio: area in percent of the image.
        k: perimeter / area.
        m10: first moment of x (eq. 23).
        m01: first moment of y (eq. 23).
        centroid: `(x, y)`, first moments over M00 (eq. 24).
        bbox: `(left, top, width, height)`, whole pixels whatever the unit.
        width: of the bounding box.
        height: of the bounding box.
        major_axis: of the ellipse with the same second moments.
        minor_axis: of the same ellipse.
        orientation: direction of the major axis in degrees, in (-90, 90]: 0 lies
            along the rows, positive turns counter-clockwise. `None` for shapes
            without a longest direction.
        mean_grey: mean grey value, 0 to 255; `None` when no image was given.
        touches_border: whether the image cuts the defect: its true size is
            larger.
        unit: `"px"` or `"mm"`.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.measure import measure
        >>> mask = np.zeros((10, 10), bool)
        >>> mask[2:5, 3:8] = True
        >>> defect = measure(None, mask).defects[0]
        >>> defect.area, defect.perimeter, defect.centroid, defect.bbox
        (15.0, 12.0, (5.0, 3.0), (3, 2, 5, 3))
    """

    index: int
    area: float
    perimeter: float
    area_ratio: float
    k: float
    m10: float
    m01: float
    centroid: tuple[float, float]
    bbox: tuple[int, int, int, int]
    width: float
    height: float
    major_axis: float
    minor_axis: float
    orientation: float | None
    mean_grey: float | None
    touches_border: bool
    unit: str = "px"

    @property
    def m00(self) -> float:
        """Zeroth moment (eq. 22): the area."""
        return self.area

    def to_dict(self) -> dict[str, Any]:
        """Return a flat dict of plain Python values, ready for JSON or a table.

        Example:
            >>> import numpy as np
            >>> from rkd_keras.measure import measure
            >>> defect = measure(None, np.eye(2, dtype=bool)).defects[0]
            >>> defect.to_dict()["centroid_x"], defect.to_dict()["left"]
            (0.5, 0)
        """
        left, top, box_width, box_height = self.bbox
        return {
            "index": self.index,
            "area": self.area,
            "perimeter": self.perimeter,
            "area_ratio": self.area_ratio,
            "k": self.k,
            "m00": self.area,
            "m10": self.m10,
            "m01": self.m01,
            "centroid_x": self.centroid[0],
            "centroid_y": self.centroid[1],
            "left": left,
            "top": top,
            "box_width": box_width,
            "box_height": box_height,
            "width": self.width,
            "height": self.height,
            "major_axis": self.major_axis,
            "minor_axis": self.minor_axis,
            "orientation": self.orientation,
            "mean_grey": self.mean_grey,
            "touches_border": self.touches_border,
            "unit": self.unit,
        }
