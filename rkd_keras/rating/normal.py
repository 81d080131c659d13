"""What a surface looks like without a defect, learnt from squares that are good."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rkd_keras.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from rkd_keras.rating.nearness import Nearness

# Pixels. Chosen by benchmarks/station/windows.py on the learning half.
SIDE = 64
FALSE_ALARMS = 0.005
# Of fewer the covariance of 18 statistics cannot be told.
LEAST_SQUARES = 100
_ARRAYS = ("mean", "whitening", "references")
_NUMBERS = ("threshold", "side", "images", "squares", "false_alarm_rate")


@dataclass(frozen=True)
class NormalSurface:
    """What is normal for one camera and one product.

    Attributes:
        nearness: tells how far a square's statistics lie from those of good squares,
            a `Nearness`.
        side: of the squares, pixels.
        images: number of images that it was learnt from.
        squares: number of good squares.
        false_alarm_rate: share of good squares that it gives up.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> grain = rng.normal(150, 8, (30, 48, 48)).astype("uint8")
        >>> surface = grain.repeat(2, axis=1).repeat(2, axis=2)
        >>> normal = learn_normal(surface)
        >>> stained = surface[0].copy()
        >>> stained[:, :48] //= 2
        >>> squares, scores = normal.judge(stained)
        >>> bool(scores[0] > 1), normal.images
        (True, 30)
    """

    nearness: Nearness
    side: int
    images: int
    squares: int
    false_alarm_rate: float

    def judge(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score the squares of an image.

        Args:
            image: array `(H, W)` or `(H, W, 3)`, uint8, RGB; both sides at least 16
                pixels, or nothing is scored.

        Returns:
            Squares `(N, 4)`, int, x, y, width and height in pixels, overlapping by
            half; and their scores `(N,)`, float: above 1 they are unlike the normal.
        """
        squares, statistics = described_squares(image, self.side)
        return squares, self.nearness.score(statistics) / self.nearness.threshold

    def save(self, path: str | Path) -> None:
        """Write it to a file.

        Args:
            path: the file, `.npz`; replaced whole.

        Raises:
            InputError: when it cannot be written.
        """
        import numpy as np

        from rkd_keras.files.replacing import replacing

        arrays = {name: getattr(self.nearness, name) for name in _ARRAYS}
        numbers = {"threshold": self.nearness.threshold}
        numbers |= {name: getattr(self, name) for name in _NUMBERS[1:]}
        with replacing(path) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, **arrays, **numbers)

    @classmethod
    def load(cls, path: str | Path) -> NormalSurface:
        """Read it from a file.

        Args:
            path: as `save` wrote it.

        Returns:
            A `NormalSurface`.

        Raises:
            InputError: when there is no such file, or it is not one of these.
        """
        import numpy as np

        from rkd_keras.rating.nearness import Nearness

        try:
            with np.load(path, allow_pickle=False) as content:
                arrays = [np.asarray(content[name], np.float32) for name in _ARRAYS]
                numbers = {name: content[name].item() for name in _NUMBERS}
        except FileNotFoundError as error:
            raise InputError(f"{path} cannot be read: there is no such file") from error
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path} holds no normal surface; learn it again"
            ) from error
        threshold = float(numbers.pop("threshold"))
        width = arrays[0].size
        fits = (
            arrays[1].shape == (width, width)
            and arrays[2].ndim == 2
            and arrays[2].shape[1] == width
            and all(np.isfinite(array).all() for array in arrays)
            and threshold > 0
        )
        if not fits:
            raise InputError(f"{path} holds no normal surface; learn it again")
        return cls(Nearness(*arrays, threshold), **numbers)


def described_squares(image: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the squares of an image and their statistics.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8, RGB.
        side: of the squares, pixels.

    Returns:
        Arrays `(N, 4)`, int, and `(N, 18)`, see
        `rkd_keras.measure.square_statistics`; empty for an image below 16 pixels.

    Example:
        >>> import numpy as np
        >>> described_squares(np.zeros((64, 96), "uint8"), 64)[1].shape
        (2, 18)
    """
    import numpy as np

    from rkd_keras.measure.square_statistics import square_statistics
    from rkd_keras.predict.surface_statistics import COUNT, MINIMUM_SIDE
    from rkd_keras.rating.odd_squares import square_grid

    height, width = image.shape[:2]
    if min(height, width) < MINIMUM_SIDE:
        return np.zeros((0, 4), int), np.zeros((0, COUNT))
    squares = square_grid(height, width, side)
    return squares, square_statistics(image, squares)


def good_statistics(
    image: np.ndarray, side: int = SIDE, mask: np.ndarray | None = None
) -> np.ndarray:
    """Return the statistics of those squares of an image that may be learnt from.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8, RGB.
        side: of the squares, pixels. Defaults to `64`.
        mask: array `(H, W)`, bool: pixels of defects, whose squares are left out;
            found by `segment` at the contrast of frames when `None`. Defaults to
            `None`.

    Returns:
        Array `(N, 18)`.

    Example:
        >>> import numpy as np
        >>> good_statistics(np.zeros((64, 96), "uint8")).shape
        (2, 18)
    """
    from rkd_keras.measure import segment
    from rkd_keras.rating.frame import MIN_CONTRAST
    from rkd_keras.rating.odd_squares import holds_mark

    squares, statistics = described_squares(image, side)
    if mask is None:
        mask = segment(image, min_contrast=MIN_CONTRAST)
    return statistics[~holds_mark(mask, squares)]


def learn_normal(
    images: Iterable[np.ndarray | str | Path | bytes],
    masks: Iterable[np.ndarray] | None = None,
    side: int = SIDE,
    false_alarm_rate: float = FALSE_ALARMS,
    seed: int = 0,
) -> NormalSurface:
    """Learn what a surface looks like without a defect.

    The images are those that people call good, or the first metres of a coil: a few
    that are not do little harm. Squares with a mark, and pictures that cannot be
    judged (see `rkd_keras.rating.quality`), are left out.

    Args:
        images: arrays `(H, W)` or `(H, W, 3)`, uint8, RGB, files or encoded bytes, of
            one camera.
        masks: an array `(H, W)`, bool, for each image: pixels that are no normal
            surface; found by `segment` when `None`. Defaults to `None`.
        side: of the squares, pixels, at least 16. Defaults to `64`.
        false_alarm_rate: share of good squares to be given up, in (0, 1). Defaults to
            `0.005`.
        seed: of what is drawn where there are many squares. Defaults to `0`.

    Returns:
        A `NormalSurface`.

    Raises:
        InputError: when an image cannot be read, a setting cannot be used, or there
            are too few good squares.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> grain = rng.normal(150, 8, (30, 48, 48)).astype("uint8")
        >>> surface = grain.repeat(2, axis=1).repeat(2, axis=2)
        >>> learn_normal(surface).squares
        120
    """
    from rkd_keras.files.images import decode_image, read_image, to_rgb_uint8
    from rkd_keras.measure import QualityLimits
    from rkd_keras.rating.quality import picture_fault

    if side < 16:
        raise InputError(f"`side` must be at least 16 pixels. Received: side={side}")
    limits = QualityLimits()
    rows = []
    masks = iter(masks) if masks is not None else None
    for image in images:
        if isinstance(image, str | Path):
            image = read_image(image)
        elif isinstance(image, bytes):
            image = decode_image(image)
        image = to_rgb_uint8(image)
        mask = next(masks) if masks is not None else None
        if picture_fault(image, limits) is None:
            rows.append(good_statistics(image, side, mask))
    return learn_from_statistics(rows, side, false_alarm_rate, seed)


def learn_from_statistics(
    rows: list[np.ndarray],
    side: int = SIDE,
    false_alarm_rate: float = FALSE_ALARMS,
    seed: int = 0,
) -> NormalSurface:
    """Learn from statistics that were collected image by image.

    Args:
        rows: an array `(N, 18)` of `good_statistics` for each image.
        side: of the squares, pixels. Defaults to `64`.
        false_alarm_rate: see `learn_normal`. Defaults to `0.005`.
        seed: see `learn_normal`. Defaults to `0`.

    Returns:
        A `NormalSurface`.

    Raises:
        InputError: when a setting cannot be used, or there are too few squares.

    Example:
        >>> import numpy as np
        >>> rows = np.random.default_rng(0).normal(size=(50, 4, 18))
        >>> learn_from_statistics(list(rows)).images
        50
    """
    import numpy as np

    from rkd_keras.rating.nearness import Nearness

    if not 0 < false_alarm_rate < 1:
        raise InputError(
            "`false_alarm_rate` must lie between 0 and 1. "
            f"Received: false_alarm_rate={false_alarm_rate}"
        )
    count = sum(map(len, rows))
    used = sum(len(each) > 0 for each in rows)
    if count < LEAST_SQUARES or used < 2:
        raise InputError(
            f"normal surface is learnt from at least {LEAST_SQUARES} squares of two or "
            f"more images; {used} images have {count} squares without a mark: give more"
        )
    groups = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
    nearness = Nearness.learn(np.concatenate(rows), groups, false_alarm_rate, seed)
    if not np.isfinite(nearness.threshold):
        raise InputError(
            "nearly all good squares are of one image, so that they cannot be compared "
            "with others; give more images"
        )
    return NormalSurface(nearness, side, used, count, false_alarm_rate)


def open_normal(normal: NormalSurface | str | Path | None) -> NormalSurface | None:
    """Open what is normal, however it was given.

    Args:
        normal: a `NormalSurface`, its file (`.npz`), a folder of good images, or
            `None`.

    Returns:
        A `NormalSurface`, or `None` for `None`.

    Raises:
        InputError: when it cannot be read, or is learnt from too little.

    Example:
        >>> open_normal(None) is None
        True
    """
    from rkd_keras.files.images import list_images

    if normal is None or isinstance(normal, NormalSurface):
        return normal
    path = Path(normal)
    if path.is_file():
        return NormalSurface.load(path)
    return learn_normal(list_images(path))
