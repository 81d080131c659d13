"""How far a vector lies from those that are known to be good."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# A good vector has so many others near it; one stray reference excuses nothing.
NEIGHBOURS = 5
MAX_REFERENCES = 3000
MAX_FITTED = 6000
# Share of the vectors that the covariance is taken from: the rest may be anything.
SUPPORT = 0.75
# Variance along a direction in which the good hardly differ, of the mean variance.
LEAST_VARIANCE = 1e-3
# A tail of the good vectors' scores beyond so many medians is that of vectors which
# are not good; so many times the false-alarm rate may be given up for that, no more.
LONG = 3.0
MOST_GIVEN_UP = 4
_ROWS = 1024


@dataclass(frozen=True)
class Nearness:
    """Distance to the nearest good vectors, in standard deviations of the good.

    score = |z - z_5|, z = W (x - m)

    z_5 is the fifth nearest of the references; m and W are the good vectors' mean and
    whitening, both robust.

    Attributes:
        mean: m, array `(F,)`.
        whitening: W, array `(F, F)`.
        references: array `(R, F)`, whitened.
        threshold: scores above it are far.

    Example:
        >>> good = np.random.default_rng(0).normal(size=(400, 2))
        >>> near = Nearness.learn(good, np.arange(400), 0.01)
        >>> (near.score(np.array([[0.0, 0.0], [9.0, 9.0]])) > near.threshold).tolist()
        [False, True]
    """

    mean: np.ndarray
    whitening: np.ndarray
    references: np.ndarray
    threshold: float

    def score(self, vectors: np.ndarray) -> np.ndarray:
        """Score vectors; larger is stranger.

        Args:
            vectors: array `(N, F)`.

        Returns:
            Array `(N,)`, float64.
        """
        white = self._whitened(vectors).astype(np.float32)
        return _distances(white, self.references)

    @classmethod
    def learn(
        cls,
        vectors: np.ndarray,
        groups: np.ndarray,
        false_alarm_rate: float,
        seed: int = 0,
    ) -> Nearness:
        """Learn from good vectors, some of which may not be.

        Mean and covariance are those of the three quarters of the vectors that lie
        closest together (Rousseeuw 1984), drawn towards a sphere (Ledoit and Wolf
        2004). The threshold is the quantile of the vectors' own scores, each scored
        against the references of other groups only. Where their tail is longer than
        three medians, some were not good: then up to four times as many are given up.

        Args:
            vectors: array `(N, F)`, float.
            groups: array `(N,)`, int: of the image that a vector is from.
            false_alarm_rate: share of good vectors that may be far, in (0, 1).
            seed: of what is drawn where there are many. Defaults to `0`.

        Returns:
            A `Nearness`.

        Reference:
            - Rousseeuw, "Least Median of Squares Regression", JASA 79, 1984.
            - Ledoit and Wolf, "A well-conditioned estimator for large-dimensional
              covariance matrices", Journal of Multivariate Analysis 88, 2004.
            - Ramaswamy, Rastogi and Shim, "Efficient Algorithms for Mining Outliers
              from Large Data Sets", SIGMOD 2000 (distance to the k-th neighbour).
        """
        rng = np.random.default_rng(seed)
        mean, covariance = _robust(_drawn(rng, vectors, MAX_FITTED), seed)
        values, directions = np.linalg.eigh(covariance)
        values = np.maximum(values, LEAST_VARIANCE * max(values.mean(), 1e-12))
        whitening = directions.T / np.sqrt(values)[:, None]
        chosen = _drawn(rng, np.arange(len(vectors)), MAX_REFERENCES)
        white = (vectors - mean) @ whitening.T
        own = groups[:, None] == groups[chosen][None]
        scores = _distances(white, white[chosen], own)
        median = float(np.median(scores))
        tail = max(_exceeded(scores, MOST_GIVEN_UP * false_alarm_rate), LONG * median)
        found = cls(
            mean.astype(np.float32),
            whitening.astype(np.float32),
            white[chosen].astype(np.float32),
            min(_exceeded(scores, false_alarm_rate), tail),
        )
        return found

    def _whitened(self, vectors):
        return (np.asarray(vectors, np.float64) - self.mean) @ self.whitening.T


def _robust(vectors, seed):
    """Mean and covariance of the vectors that lie closest together."""
    from sklearn.covariance import LedoitWolf

    mean = np.median(vectors, axis=0)
    scale = 1.4826 * np.median(np.abs(vectors - mean), axis=0) + 1e-9
    far = np.square((vectors - mean) / scale).sum(axis=1)
    for _ in range(4):
        kept = vectors[far <= np.quantile(far, SUPPORT)]
        fitted = LedoitWolf().fit(kept)
        far = fitted.mahalanobis(vectors)
    return fitted.location_, fitted.covariance_


def _exceeded(scores, share):
    """Return the smallest score that no more than a share of new ones exceeds."""
    rank = min(math.ceil((len(scores) + 1) * (1 - min(share, 1))), len(scores))
    return float(np.partition(scores, max(rank - 1, 0))[max(rank - 1, 0)])


def _drawn(rng, rows, count):
    return rows if len(rows) <= count else rows[rng.permutation(len(rows))[:count]]


def _distances(white, references, excluded=None):
    """Distance of each row to its fifth nearest reference."""
    squares = np.square(references).sum(axis=1)
    found = np.empty(len(white))
    for start in range(0, len(white), _ROWS):
        rows = white[start : start + _ROWS]
        apart = squares - 2 * rows @ references.T
        if excluded is not None:
            apart[excluded[start : start + _ROWS]] = np.inf
        nearest = np.partition(apart, NEIGHBOURS - 1, axis=1)[:, NEIGHBOURS - 1]
        nearest += np.square(rows).sum(axis=1)
        found[start : start + _ROWS] = np.sqrt(np.maximum(nearest, 0))
    return found
