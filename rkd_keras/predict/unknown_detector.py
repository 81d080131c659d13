"""The score that tells surfaces which are none of the classes."""

import base64
import binascii
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.predict.surface_statistics import COUNT, surface_statistics

METHOD = "surface"


@dataclass(frozen=True)
class UnknownDetector:
    """How far an image's surface lies from the surfaces of all classes.

    score = min_c |W_c (x - m_c)|^2 + d_c

    x are the image's `surface_statistics`; each class is a Gaussian with mean
    m_c, inverse covariance W_c^T W_c and log-determinant d_c of the covariance,
    so the score is twice the negative log-density of the likeliest class, up to
    a constant.

    It looks at the image, not at the network's features: those are trained to
    tell the classes apart and to forget everything else, and a smooth foreign
    surface lands among them. So it decides the same in every runtime, and int8
    rounding does not touch it.

    Attributes:
        means: m, array `(C, 18)`.
        whitening: W, array `(C, 18, 18)`.
        log_determinants: d, array `(C,)`.
        threshold: scores above it are unknown.
        false_alarm_rate: share of known images that the threshold gives up.

    Example:
        >>> from rkd_keras.predict import fit_unknown
        >>> images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), "uint8")
        >>> detector = UnknownDetector.from_card(fit_unknown(images, np.arange(20) % 2))
        >>> black = np.zeros((1, 32, 32, 3), "uint8")
        >>> bool(detector.score(black)[0] > detector.threshold)
        True
    """

    means: np.ndarray
    whitening: np.ndarray
    log_determinants: np.ndarray
    threshold: float
    false_alarm_rate: float

    def score(self, images: np.ndarray) -> np.ndarray:
        """Score images; larger is stranger.

        Args:
            images: array `(N, H, W, 3)`, uint8, of the model's input size.

        Returns:
            Array `(N,)`, float64.
        """
        return self.score_statistics(surface_statistics(images))

    def score_statistics(self, statistics: np.ndarray) -> np.ndarray:
        """Score images by their statistics.

        Args:
            statistics: array `(N, 18)` of `surface_statistics`.

        Returns:
            Array `(N,)`, float64.
        """
        offsets = statistics[:, None, :] - self.means
        white = np.einsum("cfg,ncg->ncf", self.whitening, offsets)
        return np.min(np.sum(white**2, axis=-1) + self.log_determinants, axis=-1)

    def to_card(self) -> dict[str, Any]:
        """Return the parameters as a dict that JSON can hold."""
        return {
            "method": METHOD,
            "means": _encode(self.means),
            "whitening": _encode(self.whitening),
            "log_determinants": _encode(self.log_determinants),
            "threshold": float(self.threshold),
            "false_alarm_rate": float(self.false_alarm_rate),
        }

    @classmethod
    def from_card(cls, parameters: dict[str, Any]) -> "UnknownDetector":
        """Make a detector from `to_card`'s dict.

        Args:
            parameters: the card's entry `unknown`.

        Returns:
            An `UnknownDetector`.

        Raises:
            InputError: when an entry is missing or malformed.
        """
        if not isinstance(parameters, dict) or parameters.get("method") != METHOD:
            raise InputError(
                "the card's unknown verdict is of a kind that this version does not "
                "know; install another rkd-keras or export the model again"
            )
        try:
            detector = cls(
                means=_decode(parameters["means"]),
                whitening=_decode(parameters["whitening"]),
                log_determinants=_decode(parameters["log_determinants"]),
                threshold=float(parameters["threshold"]),
                false_alarm_rate=float(parameters["false_alarm_rate"]),
            )
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise InputError(
                "the card's unknown verdict is malformed; export the model again"
            ) from error
        classes = len(detector.means)
        if (
            classes == 0
            or detector.means.shape != (classes, COUNT)
            or detector.whitening.shape != (classes, COUNT, COUNT)
            or detector.log_determinants.shape != (classes,)
            or math.isnan(detector.threshold)
        ):
            raise InputError(
                "the card's unknown verdict is malformed; export the model again"
            )
        return detector


def _encode(array):
    array = np.asarray(array, "<f4")
    return {
        "shape": list(array.shape),
        "float32": base64.b64encode(array.tobytes()).decode("ascii"),
    }


def _decode(entry):
    data = base64.b64decode(entry["float32"], validate=True)
    array = np.frombuffer(data, "<f4").reshape([int(n) for n in entry["shape"]])
    if not np.isfinite(array).all():
        raise ValueError("not finite")
    return array.astype(np.float64)
