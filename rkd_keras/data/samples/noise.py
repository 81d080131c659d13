"""NEU-noise: the corruptions that SADDT is said to withstand."""

import math

import numpy as np

from rkd_keras.errors import InputError

KINDS = ("gaussian", "salt-pepper")
# NEU-noise: kinds, each with its amounts.
NOISES = tuple(
    (kind, amount)
    for kind, amounts in (("gaussian", (10, 25, 50)), ("salt-pepper", (2, 5, 10)))
    for amount in amounts
)


def add_noise(images, kind, amount, seed=0):
    """Corrupt images, each pixel alike in its three channels.

    Args:
        images: array `(N, H, W, 3)`, uint8.
        kind: `"gaussian"` or `"salt-pepper"`.
        amount: standard deviation in grey levels (of 255), or per cent of the
            pixels that turn black or white.
        seed: integer. Defaults to `0`.

    Returns:
        Array `(N, H, W, 3)`, uint8.

    Raises:
        InputError: for another `kind`, or an `amount` that is negative, no number, or
            more than 100 percent.

    Example:
        >>> import numpy as np
        >>> grey = np.full((1, 100, 100, 3), 128, "uint8")
        >>> noisy = add_noise(grey, "salt-pepper", 10)
        >>> round(float((noisy != 128).mean()), 1)
        0.1
    """
    return noise_source(kind, amount, seed)(images)


def noise_source(kind, amount, seed=0):
    """Make a function that corrupts batches of images, one after the other.

    Args:
        kind: see `add_noise`.
        amount: see `add_noise`.
        seed: integer. Defaults to `0`.

    Returns:
        Function of an array `(n, H, W, 3)`, uint8, that gives another. The noise goes
        on from batch to batch: put together they are what `add_noise` makes of all.

    Raises:
        InputError: see `add_noise`.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((3, 4, 4, 3), "uint8")
        >>> source = noise_source("gaussian", 9)
        >>> parts = [source(images[:2]), source(images[2:])]
        >>> np.array_equal(np.concatenate(parts), add_noise(images, "gaussian", 9))
        True
    """
    if kind not in KINDS:
        raise InputError(f"unknown noise {kind!r}; the known ones: {', '.join(KINDS)}")
    most = 100 if kind == "salt-pepper" else math.inf
    if not 0 <= amount < math.inf or amount > most:
        above = f" or above {most}" if most < math.inf else ""
        raise InputError(
            f"the amount of noise must not be negative{above}, not {amount}"
        )
    rng = np.random.default_rng(seed)

    def gaussian(images):
        noise = rng.standard_normal((*images.shape[:3], 1), dtype=np.float32) * amount
        return np.clip(np.round(images + noise), 0, 255).astype(np.uint8)

    def salt_pepper(images):
        chance = rng.random((*images.shape[:3], 1), dtype=np.float32)
        share = amount / 200
        noisy = np.where(chance < share, np.uint8(0), images)
        return np.where(chance > 1 - share, np.uint8(255), noisy)

    return gaussian if kind == "gaussian" else salt_pepper
