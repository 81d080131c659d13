"""Rate images: verdict, measurement and grade of each."""

from rkd_keras.rating.rate import Rating, rate

__all__ = ["Rating", "rate"]
