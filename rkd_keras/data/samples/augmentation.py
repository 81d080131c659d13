"""Classic augmentation in graph ops, each image by its own seed."""

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class Augmentation:
    """Random flips, quarter turns, zoom, brightness, contrast and noise.

    A pure function of the image and the seed: the same seed gives the same view
    on every run, which is what lets a teacher's answers be stored for it.

    Attributes:
        flips: whether to mirror left-right and up-down.
        quarter_turns: whether to turn by 0, 90, 180 or 270 degrees.
        zoom: largest share of the side that is cropped away before the image is
            resized to its size again, in [0, 1).
        brightness: largest shift, as a fraction of 255.
        contrast: largest change of contrast, as a fraction, in [0, 1).
        noise: largest standard deviation of Gaussian noise, in grey levels.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((8, 8, 3), "uint8")
        >>> Augmentation()(image, (0, 1)).shape
        TensorShape([8, 8, 3])
    """

    flips: bool = True
    quarter_turns: bool = True
    zoom: float = 0.0
    brightness: float = 0.15
    contrast: float = 0.2
    noise: float = 0.0

    def __call__(self, image, seed):
        """Augment one image.

        Args:
            image: tensor `(H, W, 3)`, pixels 0 to 255; `H` must equal `W` for
                quarter turns.
            seed: pair of integers.

        Returns:
            Tensor `(H, W, 3)`, float32, clipped to 0 to 255.
        """
        image = tf.cast(image, tf.float32)
        seeds = tf.random.split(seed, 7)
        if self.flips:
            image = tf.image.stateless_random_flip_left_right(image, seeds[0])
            image = tf.image.stateless_random_flip_up_down(image, seeds[1])
        if self.quarter_turns:
            turns = tf.random.stateless_uniform((), seeds[2], 0, 4, tf.int32)
            shape = image.shape
            image = tf.ensure_shape(tf.image.rot90(image, turns), shape)
        if self.zoom:
            image = self._zoomed(image, seeds[6])
        if self.brightness:
            image = tf.image.stateless_random_brightness(
                image, 255.0 * self.brightness, seeds[3]
            )
        if self.contrast:
            image = tf.image.stateless_random_contrast(
                image, 1 - self.contrast, 1 + self.contrast, seeds[4]
            )
        if self.noise:
            sigma_seed, noise_seed = tf.unstack(tf.random.split(seeds[5], 2))
            sigma = tf.random.stateless_uniform((), sigma_seed, 0.0, self.noise)
            # Sensors of these lines are grey: one noise for all channels.
            grey = (*image.shape[:2], 1)
            image += sigma * tf.random.stateless_normal(grey, noise_seed)
        return tf.clip_by_value(image, 0.0, 255.0)

    def _zoomed(self, image, seed):
        """Crop a random square and resize it to the image's size."""
        height, width, channels = image.shape
        side_seed, place_seed = tf.unstack(tf.random.split(seed, 2))
        side = tf.random.stateless_uniform((), side_seed, 1 - self.zoom, 1.0)
        place = tf.random.stateless_uniform((2,), place_seed) * (1 - side)
        box = tf.concat([place, place + side], 0)[tf.newaxis]
        zoomed = tf.image.crop_and_resize(image[tf.newaxis], box, [0], (height, width))
        return tf.reshape(zoomed, (height, width, channels))
