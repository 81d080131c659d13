"""How far two sets of images are apart in a classifier's embedding space."""

import numpy as np

from rkd_keras.errors import InputError


def frechet_distance(first, second):
    """Frechet distance of two sets of embeddings (FID, with your own network).

    With means m and covariances S of the two sets it is

    |m1 - m2|^2 + trace(S1 + S2 - 2 (S1 S2)^(1/2)),

    0 for equal sets. Two limits: it is biased upwards for few images, so compare
    only values of equally many images; and it is of the embedding's scale, so
    compare only values of one network.

    Args:
        first: array `(n, features)`, `n` at least 2.
        second: array `(m, features)`, `m` at least 2.

    Returns:
        A float, at least 0.

    Raises:
        InputError: when the arrays have other shapes or hold what is no number.

    Reference:
        - Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule
          Converge to a Local Nash Equilibrium.

    Example:
        >>> import numpy as np
        >>> a = np.random.default_rng(0).normal(size=(50, 4))
        >>> round(frechet_distance(a, a + 3.0), 6)
        36.0
    """
    first, second = _checked(first, second)
    gap = first.mean(axis=0) - second.mean(axis=0)
    cov_1, cov_2 = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (first, second))
    root = _square_root(cov_1)
    # (S1 S2)^(1/2) has the trace of (S1^(1/2) S2 S1^(1/2))^(1/2), and that one is
    # symmetric: its eigenvalues are real also when covariances are singular.
    eigenvalues = np.linalg.eigvalsh(root @ cov_2 @ root)
    overlap = np.sqrt(np.maximum(eigenvalues, 0.0)).sum()
    value = gap @ gap + np.trace(cov_1) + np.trace(cov_2) - 2.0 * overlap
    return float(max(value, 0.0))


def kernel_distance(first, second):
    """Kernel distance of two sets of embeddings (KID, with your own network).

    The unbiased estimate of the squared maximum mean discrepancy under the kernel
    k(a, b) = (a.b / features + 1)^3. Unlike `frechet_distance` it does not depend
    on the number of images on average, and it may be slightly negative.

    Args:
        first: array `(n, features)`, `n` at least 2.
        second: array `(m, features)`, `m` at least 2.

    Returns:
        A float.

    Raises:
        InputError: when the arrays have other shapes or hold what is no number.

    Reference:
        - Binkowski et al. 2018, Demystifying MMD GANs.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> a, b = rng.normal(size=(2, 200, 4))
        >>> abs(kernel_distance(a, b)) < 0.1 < kernel_distance(a, b + 1.0)
        True
    """
    first, second = _checked(first, second)
    n, m = len(first), len(second)
    within_1, within_2 = _kernel(first, first), _kernel(second, second)
    across = _kernel(first, second)
    return float(
        (within_1.sum() - np.trace(within_1)) / (n * (n - 1))
        + (within_2.sum() - np.trace(within_2)) / (m * (m - 1))
        - 2.0 * across.mean()
    )


def _kernel(a, b):
    return (a @ b.T / a.shape[1] + 1.0) ** 3


def _square_root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def _checked(first, second):
    first, second = (np.asarray(x, "float64") for x in (first, second))
    shapes = f"Received: shapes {first.shape} and {second.shape}"
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise InputError(f"embeddings must be (n, features) alike. {shapes}")
    if min(len(first), len(second)) < 2:
        raise InputError(f"a distance needs two embeddings of each set. {shapes}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("embeddings must be finite; some are not")
    return first, second
