"""Median filter in graph operations."""

from functools import lru_cache

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class MedianBlur2D(keras.layers.Layer):
    """Replaces each value by the median of the window around it.

    With `padding="same"` the border is repeated outwards, as `cv2.medianBlur`
    does, and the result is equal to OpenCV's bit for bit. The medians come out of
    a sorting network of elementwise minima and maxima, so integer images stay
    integers and nothing but those two operations is needed, on any backend and
    in any export.

    Args:
        kernel_size: side of the window in pixels, odd. Defaults to `3`.
        padding: `"same"`, or `"valid"` for only those places where the window
            lies within the image. Defaults to `"same"`.
        **kwargs: `keras.layers.Layer` arguments such as `name` and `dtype`, which
            is `"float32"` unless another is given.

    Call arguments:
        inputs: tensor `(batch, height, width, channels)`, float or integer.

    Output shape:
        With `"same"` the shape of `inputs`; with `"valid"` height and width are
        less by `kernel_size - 1`. Integers stay integers.

    Raises:
        ValueError: when `kernel_size` is not odd and positive, or `padding` is
            unknown.

    Reference:
        - Batcher 1968, Sorting Networks and Their Applications; the filter along
          the seams of a mosaic in Huang et al. 2023, section 3.1.2.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((1, 5, 5, 1), "uint8")
        >>> image[0, 2, 2, 0] = 255
        >>> int(np.max(MedianBlur2D(3)(image)))
        0
    """

    def __init__(self, kernel_size=3, padding="same", **kwargs):
        # Pixels, whatever the precision of the networks beside it.
        super().__init__(**{"dtype": "float32", **kwargs})
        if not isinstance(kernel_size, int) or kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                "`kernel_size` must be an odd positive integer. "
                f"Received: kernel_size={kernel_size}"
            )
        if padding not in ("same", "valid"):
            raise ValueError(
                f'`padding` must be "same" or "valid". Received: padding={padding}'
            )
        self.kernel_size = kernel_size
        self.padding = padding
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def call(self, inputs):
        """Filter `inputs`; see the class."""
        inputs = ops.convert_to_tensor(inputs)
        size = self.kernel_size
        if self.padding == "same":
            inputs = _repeat_edge(_repeat_edge(inputs, size // 2, 1), size // 2, 2)
        height, width = (length - size + 1 for length in ops.shape(inputs)[1:3])
        values = [
            inputs[:, row : row + height, column : column + width]
            for row in range(size)
            for column in range(size)
        ]
        for low, high, needs_low, needs_high in _median_network(len(values)):
            a, b = values[low], values[high]
            if needs_low:
                values[low] = ops.minimum(a, b)
            if needs_high:
                values[high] = ops.maximum(a, b)
        return values[len(values) // 2]

    def compute_output_shape(self, input_shape):
        """Return the shape of the filtered images; an unknown size stays unknown."""
        if self.padding == "same":
            return tuple(input_shape)
        batch, *size, channels = input_shape
        less = self.kernel_size - 1
        size = [None if length is None else length - less for length in size]
        return (batch, *size, channels)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "padding": self.padding,
        }


def _repeat_edge(x, count, axis):
    if count == 0:
        return x
    first = x[:, :1] if axis == 1 else x[:, :, :1]
    last = x[:, -1:] if axis == 1 else x[:, :, -1:]
    return ops.concatenate([first] * count + [x] + [last] * count, axis=axis)


@lru_cache
def _median_network(count):
    """Comparisons that bring the median of `count` values to the middle.

    Batcher's merge exchange (Knuth, The Art of Computer Programming, vol. 3,
    algorithm 5.2.2M), of which only what the middle depends on is kept.

    Returns:
        Tuple of `(low, high, needs_low, needs_high)`: put the smaller value at
        `low` and the larger at `high`, where needed.
    """
    comparisons = []
    top = 1 << max(count - 1, 1).bit_length() - 1
    step = top
    while step > 0:
        q, r, distance = top, 0, step
        while True:
            comparisons += [
                (i, i + distance) for i in range(count - distance) if i & step == r
            ]
            if q == step:
                break
            distance, q, r = q - step, q // 2, step
        step //= 2
    needed, kept = {count // 2}, []
    for low, high in reversed(comparisons):
        if low in needed or high in needed:
            kept.append((low, high, low in needed, high in needed))
            needed |= {low, high}
    return tuple(reversed(kept))
