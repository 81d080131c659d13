"""Images of one exposure brought to that of another."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class MatchLevels(keras.layers.Layer):
    """Gives each image a median, and no more than a spread, by a line over its pixels.

    Two lines differ in exposure and gain before they differ in steel. Generators
    normalise each image's channels and cannot see its brightness; what they cannot
    see they cannot correct, so it is done before them. Median and median absolute
    deviation are those of the steel, whatever a defect adds in its corner. Images of
    less spread keep theirs: their noise is not to become a texture.

    Args:
        level: median that each image gets, in grey levels from 0 to 255.
        spread: largest median absolute deviation that an image may have, in grey
            levels, more than 0.
        **kwargs: `keras.layers.Layer` arguments such as `name`.

    Call arguments:
        inputs: images `(batch, height, width, channels)`, 0 to 255.

    Output shape:
        The input's; float32, clipped to 0 to 255.

    Raises:
        ValueError: for a level outside 0 to 255 or a spread that is not positive.

    Reference:
        - Reinhard et al. 2001, Color Transfer between Images, with medians in place
          of means.

    Example:
        >>> import numpy as np
        >>> image = np.array([90.0, 100.0, 110.0, 200.0, 95.0]).reshape(1, 1, 5, 1)
        >>> [int(v) for v in np.ravel(MatchLevels(50, 5)(image))]
        [45, 50, 55, 100, 47]
    """

    def __init__(self, level, spread, **kwargs):
        # Steps of a grey level are lost in half precision.
        super().__init__(**{"dtype": "float32", **kwargs})
        if not 0 <= level <= 255:
            raise ValueError(f"`level` must be from 0 to 255. Received: level={level}")
        if not spread > 0:
            raise ValueError(f"`spread` must be positive. Received: spread={spread}")
        self.level = float(level)
        self.spread = float(spread)

    def call(self, inputs):
        """Match the levels of `inputs`; see the class."""
        inputs = ops.cast(inputs, "float32")
        axes = (1, 2, 3)
        level = ops.median(inputs, axes, keepdims=True)
        spread = ops.median(ops.abs(inputs - level), axes, keepdims=True)
        gain = self.spread / ops.maximum(spread, self.spread)
        return ops.clip((inputs - level) * gain + self.level, 0.0, 255.0)

    def compute_output_shape(self, input_shape):
        """Return the input's shape."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "level": self.level, "spread": self.spread}
