"""Pictures of a rolled surface, sound and with a defect of texture."""

import cv2
import numpy as np


def rolled_surface(seed, shape=(128, 192), grain=0.8, depth=4.0):
    """A fine grain of one size, array uint8."""
    noise = np.random.default_rng(seed).normal(0, 1, shape)
    noise = cv2.GaussianBlur(noise, (0, 0), grain)
    return np.clip(150 + depth * noise / noise.std(), 0, 255).astype(np.uint8)


def crazed_surface(seed=99):
    """The same with a coarse net over its right half, of the same contrast."""
    image = rolled_surface(seed)
    image[:, 96:] = rolled_surface(seed + 1, grain=2.5)[:, 96:]
    return image
