from . import migrate
from .comparison.compare_models import compare
from .comparison.comparison import Compared

__all__ = ["Compared", "compare", "migrate"]
