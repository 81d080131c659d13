from .report import write_report
from .summary import plain_verdict

__all__ = ["plain_verdict", "write_report"]
