from .adaptation import Adapted, adapt
from .application import apply
from .blends import blend
from .evaluation import Evaluated, evaluate
from .migration_run import MigrationRun
from .training import train

__all__ = [
    "Adapted",
    "Evaluated",
    "MigrationRun",
    "adapt",
    "apply",
    "blend",
    "evaluate",
    "train",
]
