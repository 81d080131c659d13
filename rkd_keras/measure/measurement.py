"""One image, measured: its defects one by one and together."""

from dataclasses import dataclass
from typing import Any

from rkd_keras.measure.defect import Defect


@dataclass(frozen=True)
class Measurement:
    """What is known of the defects of one image.

    Units and axes are those of `Defect`. What is not defined without defects is
    `None` there: `k`, `centroid`, `bbox`, `orientation`.

    Attributes:
        image_shape: `(height, width)` in pixels.
        count: number of defects.
        area: of all defects together.
        perimeter: of all defects together.
        area_ratio: area in percent of the image.
        k: perimeter / area.
        m10: first moment of x (eq. 23).
        m01: first moment of y (eq. 23).
        centroid: `(x, y)` of all defects together (eq. 24).
        bbox: `(left, top, width, height)` around all defects, whole pixels.
        orientation: direction of all defects together, degrees, see `Defect`.
        longest: longest side of any defect's bounding box; 0 without defects.
        touching_border: number of defects that the image cuts.
        defects: tuple of `Defect`, from the top.
        mm_per_pixel: scale, or `None` when lengths are pixels.
        unit: `"px"` or `"mm"`.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.measure import measure
        >>> mask = np.zeros((64, 64), bool)
        >>> mask[10:20, 10:30] = True
        >>> result = measure(None, mask, mm_per_pixel=0.5)
        >>> result.area, result.unit, round(result.area_ratio, 3)
        (50.0, 'mm', 4.883)
    """

    image_shape: tuple[int, int]
    count: int
    area: float
    perimeter: float
    area_ratio: float
    k: float | None
    m10: float
    m01: float
    centroid: tuple[float, float] | None
    bbox: tuple[int, int, int, int] | None
    orientation: float | None
    longest: float
    touching_border: int
    defects: tuple[Defect, ...]
    mm_per_pixel: float | None = None
    unit: str = "px"

    @property
    def m00(self) -> float:
        """Zeroth moment (eq. 22): the area."""
        return self.area

    @property
    def pixel_size(self) -> float:
        """Length of a pixel's side in `unit`."""
        return 1.0 if self.mm_per_pixel is None else self.mm_per_pixel

    def k_at(self, side: float) -> float | None:
        """Return K as it would be were the image shrunk to `side` pixels.

        K is one over a length, so it depends on the image's resolution: an image
        of 200 pixels has 64 / 200 of the K that it has at 64 pixels, the size of
        the paper's Table 7. This makes K comparable across image sizes.

        Args:
            side: side in pixels of a square of the image's shape; 64 in the
                paper.

        Returns:
            K in 1/px of that size, or `None` without defects.

        Example:
            >>> import numpy as np
            >>> from rkd_keras.measure import measure
            >>> mask = np.zeros((128, 128), bool)
            >>> mask[8:16, 8:16] = True
            >>> measure(None, mask).k, measure(None, mask).k_at(64)
            (0.4375, 0.875)
        """
        if self.k is None:
            return None
        height, width = self.image_shape
        return self.k * self.pixel_size * (height * width) ** 0.5 / side

    def to_dict(self) -> dict[str, Any]:
        """Return a flat dict of plain Python values, without the single defects.

        Example:
            >>> import numpy as np
            >>> from rkd_keras.measure import measure
            >>> measure(None, np.zeros((4, 4), bool)).to_dict()["k"] is None
            True
        """
        x, y = self.centroid or (None, None)
        left, top, width, height = self.bbox or (None,) * 4
        return {
            "image_height": self.image_shape[0],
            "image_width": self.image_shape[1],
            "count": self.count,
            "area": self.area,
            "perimeter": self.perimeter,
            "area_ratio": self.area_ratio,
            "k": self.k,
            "m00": self.area,
            "m10": self.m10,
            "m01": self.m01,
            "centroid_x": x,
            "centroid_y": y,
            "left": left,
            "top": top,
            "box_width": width,
            "box_height": height,
            "orientation": self.orientation,
            "longest": self.longest,
            "touching_border": self.touching_border,
            "mm_per_pixel": self.mm_per_pixel,
            "unit": self.unit,
        }
