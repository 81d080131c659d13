from .evaluation import evaluate
from .exporting import Exported, export
from .predicting import Predictions, predict
from .reporting import report
from .run import Run, open_run
from .settings import Settings
from .summary import summarize
from .training import distill, train

__all__ = [
    "Exported",
    "Predictions",
    "Run",
    "Settings",
    "distill",
    "evaluate",
    "export",
    "open_run",
    "predict",
    "report",
    "summarize",
    "train",
]
