import cv2
import numpy as np
import pytest


@pytest.fixture
def strip():
    """A function that draws a lit, noisy surface with marks of known pixels."""

    def draw(masks, contrast, size=200, noise=3.0, light=0.3, seed=0):
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[:size, :size] / size
        grey = 130 * (1 + light * (x - 0.5)) * (1 + light / 2 * np.sin(3 * y))
        for mask in masks:
            grey = np.where(mask, grey * (1 + contrast), grey)
        grey = grey + rng.normal(0, noise, grey.shape)
        return np.clip(grey, 0, 255).astype(np.uint8)

    return draw


@pytest.fixture
def disc():
    """A function that draws a disc."""

    def draw(x, y, radius, size=200):
        rows, columns = np.mgrid[:size, :size]
        return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2

    return draw


@pytest.fixture
def blobs():
    """A function that draws a mask of smooth blobs."""

    def draw(shape=(90, 120), seed=0, level=0.6):
        noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), 3)
        return smooth > level * smooth.std()

    return draw
