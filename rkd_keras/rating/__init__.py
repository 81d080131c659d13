"""Rate images: verdict, measurement and grade of each."""

__all__ = []
