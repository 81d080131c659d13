"""Classify images with any exported model; needs neither TensorFlow nor Keras.

`.tflite` files need `ai-edge-litert`, `.onnx` files `onnxruntime`; only `.keras`
files and SavedModels load TensorFlow.
"""

from rkd_keras.predict.answer import Answer
from rkd_keras.predict.answer_file import AnswerFile
from rkd_keras.predict.card import new_card, read_card, write_card
from rkd_keras.predict.decision import fit_temperature, fit_unknown, softmax
from rkd_keras.predict.load import load
from rkd_keras.predict.predictor import Predictor
from rkd_keras.predict.requests import answer_requests
from rkd_keras.predict.unknown_detector import UnknownDetector
from rkd_keras.predict.verdict import Verdict
from rkd_keras.predict.watching import watch

__all__ = [
    "Answer",
    "AnswerFile",
    "Predictor",
    "UnknownDetector",
    "Verdict",
    "answer_requests",
    "fit_temperature",
    "fit_unknown",
    "load",
    "new_card",
    "read_card",
    "softmax",
    "watch",
    "write_card",
]
