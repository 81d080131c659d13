"""Padding by mirrored pixels."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class ReflectionPadding2D(keras.layers.Layer):
    """Pads height and width with the mirrored inside, the edge not repeated.

    A row `a b c d` padded by 2 becomes `c b a b c d c b`. Generators use it in
    place of zeros, which would leave a frame around the generated image.

    Args:
        padding: pixels on each side, an integer or a pair
            `(vertical, horizontal)`. Defaults to `1`.
        **kwargs: `keras.layers.Layer` arguments such as `name` and `dtype`.

    Call arguments:
        inputs: tensor `(batch, height, width, channels)`; height and width must
            be larger than the padding.

    Output shape:
        `(batch, height + 2 * vertical, width + 2 * horizontal, channels)`.

    Raises:
        ValueError: for a negative padding, or an input that is too small.

    Reference:
        - Johnson et al. 2016, Perceptual Losses for Real-Time Style Transfer and
          Super-Resolution, supplementary material.

    Example:
        >>> import numpy as np
        >>> row = np.arange(4.0).reshape(1, 1, 4, 1)
        >>> y = ReflectionPadding2D((0, 2))(row)
        >>> [int(v) for v in np.ravel(y)]
        [2, 1, 0, 1, 2, 3, 2, 1]
    """

    def __init__(self, padding=1, **kwargs):
        super().__init__(**kwargs)
        pair = (padding, padding) if isinstance(padding, int) else tuple(padding)
        if len(pair) != 2 or any(not isinstance(p, int) or p < 0 for p in pair):
            raise ValueError(
                "`padding` must be an integer of 0 or more, or two of them. "
                f"Received: padding={padding}"
            )
        self.padding = pair
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def call(self, inputs):
        """Pad `inputs`; see the class."""
        self._check(inputs.shape)
        vertical, horizontal = self.padding
        pads = ((0, 0), (vertical, vertical), (horizontal, horizontal), (0, 0))
        return ops.pad(inputs, pads, mode="reflect")

    def compute_output_shape(self, input_shape):
        """Return the padded shape; an unknown size stays unknown."""
        self._check(input_shape)
        batch, *size, channels = input_shape
        size = [
            None if length is None else length + 2 * pad
            for length, pad in zip(size, self.padding, strict=True)
        ]
        return (batch, *size, channels)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "padding": self.padding}

    def _check(self, shape):
        for length, pad in zip(shape[1:3], self.padding, strict=True):
            if length is not None and length <= pad:
                raise ValueError(
                    "Height and width must be larger than `padding`, which mirrors "
                    f"them. Received: shape={tuple(shape)}, padding={self.padding}"
                )
