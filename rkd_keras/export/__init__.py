"""Export a trained student to SavedModel, TFLite and ONNX, checked on the way."""

from rkd_keras.export.decisions import fit_decisions
from rkd_keras.export.export_model import FORMATS, export_model
from rkd_keras.export.parity import ParityReport, check_parity

__all__ = [
    "FORMATS",
    "ParityReport",
    "check_parity",
    "export_model",
    "fit_decisions",
]
