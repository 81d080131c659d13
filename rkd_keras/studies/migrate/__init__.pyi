from .application import apply
from .blends import blend
from .evaluation import evaluate
from .training import train

__all__ = ["apply", "blend", "evaluate", "train"]
