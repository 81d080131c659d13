from .demonstration import demo
from .evaluation import evaluate
from .explaining import Explained, explain
from .exporting import Exported, export
from .pipelining import Pipeline, pipeline
from .predicting import Predictions, predict
from .reporting import report
from .run import Run, open_run
from .settings import Settings
from .summary import summarize
from .training import distill, train

__all__ = [
    "Explained",
    "Exported",
    "Pipeline",
    "Predictions",
    "Run",
    "Settings",
    "demo",
    "distill",
    "evaluate",
    "explain",
    "export",
    "open_run",
    "pipeline",
    "predict",
    "report",
    "summarize",
    "train",
]
