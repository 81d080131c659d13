from .demonstration import demo
from .doubting import Doubts, doubt
from .evaluation import evaluate
from .explaining import Explained, explain
from .exporting import Exported, export
from .extending import Extended, extend
from .pipelining import Pipeline, pipeline
from .predicting import Predictions, predict
from .reporting import report
from .run import Run, open_run
from .settings import Settings
from .summary import summarize
from .training import distill, train

__all__ = [
    "Doubts",
    "Explained",
    "Exported",
    "Extended",
    "Pipeline",
    "Predictions",
    "Run",
    "Settings",
    "demo",
    "distill",
    "doubt",
    "evaluate",
    "explain",
    "export",
    "extend",
    "open_run",
    "pipeline",
    "predict",
    "report",
    "summarize",
    "train",
]
