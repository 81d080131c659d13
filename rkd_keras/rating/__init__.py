"""Rate images: verdict, measurement and grade of each."""

from rkd_keras.rating.archive.rate_archive import RatedArchive, rate_archive
from rkd_keras.rating.mask_comparison import MaskComparison
from rkd_keras.rating.measured import Measured, MeasuredImage
from rkd_keras.rating.measuring import measure
from rkd_keras.rating.rate import Rating, rate

__all__ = [
    "MaskComparison",
    "Measured",
    "MeasuredImage",
    "RatedArchive",
    "Rating",
    "measure",
    "rate",
    "rate_archive",
]
