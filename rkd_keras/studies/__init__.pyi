from . import migrate
from .comparison.compare_models import compare

__all__ = ["compare", "migrate"]
