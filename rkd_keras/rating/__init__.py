"""Rate images: verdict, measurement and grade of each."""

from rkd_keras.rating.archive.rate_archive import RatedArchive, rate_archive
from rkd_keras.rating.mask_comparison import MaskComparison
from rkd_keras.rating.measured import Measured, MeasuredImage
from rkd_keras.rating.measuring import measure
from rkd_keras.rating.normal import NormalSurface, learn_normal
from rkd_keras.rating.rate import Rating, rate
from rkd_keras.rating.strip import RatedStrip, rate_strip
from rkd_keras.rating.strips import RatedStrips

__all__ = [
    "MaskComparison",
    "Measured",
    "MeasuredImage",
    "NormalSurface",
    "RatedArchive",
    "RatedStrip",
    "RatedStrips",
    "Rating",
    "learn_normal",
    "measure",
    "rate",
    "rate_archive",
    "rate_strip",
]
