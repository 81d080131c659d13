"""One predictor for every kind of model file."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.images import (
    decode_image,
    list_images,
    read_image,
    resize_image,
    to_rgb_uint8,
)
from rkd_keras.predict.unknown_detector import UnknownDetector
from rkd_keras.predict.verdict import UNKNOWN, Verdict

CHANNELS = (1, 3, 4)
# Below, the last axis of three counts channels and not pixels.
LEAST_SIDE = 8


# What is one image, and what is one or more.
Image = np.ndarray | str | Path | bytes
Images = Image | Iterable[Image]


class Backend(Protocol):
    """What runs a network; anything that answers `predict_batch` is one."""

    def predict_batch(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities `(N, C)` and embeddings `(N, E)` of N images."""


class Predictor:
    """Classify images with an opened model; `rkd_keras.predict.load` makes one.

    It may be shared between threads: calls into the runtime take turns.

    Args:
        backend: an object with `predict_batch(images)`, which takes uint8
            `(N, H, W, 3)` and returns probabilities `(N, C)` and embeddings
            `(N, E)`.
        card: the model's card, see `new_card`.

    Attributes:
        card: the card.
        class_names: tuple of the classes' names.
        input_shape: `(height, width, 3)` in pixels.

    Raises:
        InputError: when the backend's answers do not fit the card.

    Example:
        >>> from rkd_keras.predict import new_card
        >>> class Undecided:
        ...     def predict_batch(self, images):
        ...         return np.full((len(images), 2), 0.5), np.zeros((len(images), 4))
        >>> card = new_card(["inclusion", "scratches"], (32, 32, 3))
        >>> predictor = Predictor(Undecided(), card)
        >>> predictor.predict(np.zeros((1, 200, 200, 3), "uint8"))[0].probability
        0.5
    """

    def __init__(self, backend: Backend, card: dict[str, Any]) -> None:
        """See the class."""
        self.card = card
        self.class_names = tuple(card["class_names"])
        self.input_shape = tuple(card["input_shape"])
        self._backend = backend
        self._lock = threading.Lock()
        unknown = card.get("unknown")
        self._detector = UnknownDetector.from_card(unknown) if unknown else None
        self._widths = self._checked_widths()

    def predict_batch(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run the model on images that have its input size already.

        Args:
            images: array `(N, H, W, 3)`, uint8.

        Returns:
            Probabilities `(N, C)` and embeddings `(N, E)`, float32.

        Raises:
            InputError: for another shape or dtype, or when the model's answers are
                no finite numbers.
        """
        images = np.asarray(images)
        if images.ndim != 4 or images.shape[1:] != self.input_shape:
            raise InputError(
                f"images must be (N, {', '.join(map(str, self.input_shape))}), the "
                "size that the model was trained on, in batches of any N; predict() "
                f"and prepare() resize others. Received: shape={images.shape}"
            )
        if images.dtype != np.uint8:
            raise InputError(f"images must be uint8. Received: dtype={images.dtype}")
        if len(images) == 0:  # some runtimes cannot run on nothing
            return tuple(np.zeros((0, width), np.float32) for width in self._widths)
        with self._lock:
            answers = self._backend.predict_batch(images)
        probabilities, embedding = (np.asarray(a, np.float32) for a in answers)
        named = {"probabilities": probabilities, "embedding": embedding}
        for name, answer in named.items():
            if not np.isfinite(answer).all():
                raise InputError(
                    f"the model's {name} are no finite numbers, as after a training "
                    "that diverged; train it again with a smaller learning rate"
                )
        return probabilities, embedding

    def decide(self, images: np.ndarray, probabilities: np.ndarray) -> list[Verdict]:
        """Turn the model's answers into verdicts.

        Args:
            images: array `(N, H, W, 3)`, uint8, as given to `predict_batch`.
            probabilities: array `(N, C)`, as it answered.

        Returns:
            List of N `Verdict`.
        """
        scores = [None] * len(probabilities)
        if self._detector is not None:
            scores = self._detector.score(images).tolist()
        verdicts = []
        for row, score in zip(probabilities, scores, strict=True):
            index = int(np.argmax(row))
            name = self.class_names[index]
            is_unknown = score is not None and score > self._detector.threshold
            verdicts.append(
                Verdict(
                    label=UNKNOWN if is_unknown else name,
                    class_name=name,
                    class_index=index,
                    probability=float(row[index]),
                    probabilities=tuple(row.tolist()),
                    unknown_score=score,
                    is_unknown=is_unknown,
                )
            )
        return verdicts

    def stream(self, images: Images, batch_size: int = 32) -> Iterator[Verdict]:
        """Classify images as they come; the images may be endless.

        Args:
            images: see `predict`.
            batch_size: images that are collected before the model runs; 1 gives
                each verdict at once. Defaults to `32`.

        Yields:
            A `Verdict` for each image, in order.

        Raises:
            InputError: when an image cannot be read or has a wrong shape.
        """
        if not isinstance(batch_size, int) or batch_size < 1:
            raise InputError(
                "batch_size must be a whole number of at least 1. "
                f"Received: batch_size={batch_size}"
            )
        batch = []
        for image in _each(images):
            batch.append(self.prepare(image))
            if len(batch) == batch_size:
                yield from self._verdicts(batch)
                batch = []
        if batch:
            yield from self._verdicts(batch)

    def predict(self, images: Images, batch_size: int = 32) -> list[Verdict]:
        """Classify images: arrays, files or any iterator of them.

        Args:
            images: one image, a stack or an iterable. An image is an array of
                any size (`(H, W)` grey, `(H, W, 1)`, `(H, W, 3)` RGB, uint8 or
                uint16), a file's path or its encoded bytes. A path may also be a
                folder or a glob. An array `(N, H, W)` is a stack of grey images,
                at least 8 pixels wide. Sizes other than the model's are resized by
                `rkd_keras.files.images.resize_image`.
            batch_size: images run at a time. Defaults to `32`.

        Returns:
            List of `Verdict`, one for each image in order.

        Raises:
            InputError: when an image cannot be read or has a wrong shape.
        """
        return list(self.stream(images, batch_size))

    def prepare(self, image: Image) -> np.ndarray:
        """Bring one image to the model's input: decoded, RGB uint8, resized.

        Args:
            image: array, path or encoded bytes, see `predict`.

        Returns:
            Array `(H, W, 3)`, uint8.

        Raises:
            InputError: when it cannot be read or has a wrong shape or dtype.
        """
        if isinstance(image, str | Path):
            image = read_image(image)
        elif isinstance(image, bytes | bytearray | memoryview):
            image = decode_image(image)
        else:
            image = to_rgb_uint8(image)
        return resize_image(image, self.input_shape[:2])

    def _verdicts(self, batch):
        images = np.stack(batch)
        return self.decide(images, self.predict_batch(images)[0])

    def _checked_widths(self):
        """Run the model once and return its outputs' widths."""
        blank = np.zeros((1, *self.input_shape), np.uint8)
        probabilities, embedding = self.predict_batch(blank)
        if probabilities.shape != (1, len(self.class_names)) or embedding.ndim != 2:
            raise InputError(
                f"the model gives outputs of shapes {probabilities.shape} and "
                f"{embedding.shape}, but its card names {len(self.class_names)} "
                "classes; export it again"
            )
        if self._detector is not None:
            self._detector.score(blank)  # raises where the input is too small for it
        return probabilities.shape[1], embedding.shape[1]


def _each(images):
    """Yield the single images of whatever `predict` was given."""
    if isinstance(images, str | Path):
        yield from list_images(images)
    elif isinstance(images, bytes | bytearray | memoryview):
        yield images
    elif isinstance(images, np.ndarray):
        if images.ndim in (0, 2) or (images.ndim == 3 and images.shape[2] in CHANNELS):
            images = images[None]
        elif images.ndim == 3 and images.shape[2] < LEAST_SIDE:
            raise InputError(
                f"an array of shape {images.shape} is neither one image (H, W), "
                "(H, W, 1), (H, W, 3) or (H, W, 4) nor a stack (N, H, W) of grey ones, "
                f"at least {LEAST_SIDE} pixels wide"
            )
        yield from images
    elif not isinstance(images, Iterable):
        yield images
    else:
        for image in images:
            if isinstance(image, str | Path):
                yield from list_images(image)
            else:
                yield image
