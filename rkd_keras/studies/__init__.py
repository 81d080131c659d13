"""The experiments of the paper: comparisons and migration between lines."""

__all__ = []
