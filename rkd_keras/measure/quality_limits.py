"""From which picture on nothing can be judged."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QualityLimits:
    """Limits of `rkd_keras.rating.quality`, the key `quality` of a rule file.

    Grey levels are 0 to 255. The defaults lie between what real strip images have
    and what broken pictures have; `benchmarks/picture_quality.py` measures both.

    Attributes:
        min_side: shorter side in pixels below which the size is wrong, 16 or more.
        width: width in pixels that a picture must have, `None` for any.
        height: height, likewise.
        black: black where 99 % of the pixels are at most so bright.
        white: white where 99 % of the pixels are at least so bright.
        saturated: percent of pixels of grey level 254 or 255 from which on it is
            saturated.
        flat: standard deviation of the grey levels below which it is flat.
        noise: correlation of neighbouring pixels below which it is noise, -1 to 1.
        blur: standard deviation of the Laplacian, in grey levels, below which it is
            blurred.
        detail: share of the variation over 12 pixels that lies between 1 and 3
            pixels, below which it is blurred; noise of pixels cancels out in it.
        frozen: whether the station calls a picture frozen that is the one before.

    Example:
        >>> QualityLimits(white=250).white
        250
    """

    min_side: int = 16
    width: int | None = None
    height: int | None = None
    black: float = 20.0
    white: float = 235.0
    saturated: float = 60.0
    flat: float = 0.8
    noise: float = 0.2
    blur: float = 1.4
    detail: float = 0.1
    frozen: bool = True


# Lowest and highest value of each number.
RANGES = {
    "min_side": (16, 65_536),
    "width": (16, 65_536),
    "height": (16, 65_536),
    "black": (0, 255),
    "white": (0, 255),
    "saturated": (0, 100),
    "flat": (0, 255),
    "noise": (-1, 1),
    "blur": (0, 255),
    "detail": (-1, 1),
}
WHOLE = ("min_side", "width", "height")
