from .side_by_side import benchmark

__all__ = ["benchmark"]
