from .checked_export import FORMATS, export_model
from .decisions import fit_decisions
from .parity import ParityReport, check_parity

__all__ = [
    "FORMATS",
    "ParityReport",
    "check_parity",
    "export_model",
    "fit_decisions",
]
