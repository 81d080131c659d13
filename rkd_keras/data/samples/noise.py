"""NEU-noise: the corruptions that SADDT is said to withstand."""

import math

import numpy as np

from rkd_keras.errors import InputError

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
    most = 100 if kind == "salt-pepper" else math.inf
    if not 0 <= amount < math.inf or amount > most:
        above = f" or above {most}" if most < math.inf else ""
        raise InputError(
            f"the amount of noise must not be negative{above}, not {amount}"
        )
    rng = np.random.default_rng(seed)
    shape = (*images.shape[:3], 1)
    if kind == "gaussian":
        noise = rng.standard_normal(shape, dtype=np.float32) * amount
        return np.clip(np.round(images + noise), 0, 255).astype(np.uint8)
    if kind == "salt-pepper":
        chance = rng.random(shape, dtype=np.float32)
        share = amount / 200
        noisy = np.where(chance < share, np.uint8(0), images)
        return np.where(chance > 1 - share, np.uint8(255), noisy)
    raise InputError(f"unknown noise {kind!r}; the known ones: gaussian, salt-pepper")
