"""A store of generated images, so that a discriminator sees older ones too."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="rkd_keras")
class ImagePool(keras.layers.Layer):
    """Gives back, for each image, that image or one it was given before.

    While the pool fills, images come back as they are. Once it is full, each
    image is, with even chances, returned, or kept in exchange for a random image
    of the pool. So a discriminator does not forget what the generator did some
    steps ago. The store is rounded to whole grey levels and is part of the
    model's weights, so a resumed training goes on with it.

    Args:
        size: number of images kept; 0 switches the pool off. Defaults to `50`.
        seed: integer or `None`. Defaults to `None`.
        **kwargs: `keras.layers.Layer` arguments such as `name`.

    Call arguments:
        images: tensor `(batch, height, width, channels)`, pixels 0 to 255, with
            static height, width and channels.

    Output shape:
        The shape of `images`.

    Raises:
        ValueError: for a negative size.

    Reference:
        - Shrivastava et al. 2017, Learning from Simulated and Unsupervised
          Images through Adversarial Training, section 2.3.

    Example:
        >>> import numpy as np
        >>> pool = ImagePool(size=2, seed=0)
        >>> images = np.ones((1, 4, 4, 1), "float32")
        >>> bool(np.all(pool(images) == images))
        True
    """

    def __init__(self, size=50, seed=None, **kwargs):
        # Under a half-precision policy the pool would round the images.
        super().__init__(**{"dtype": "float32", "trainable": False, **kwargs})
        if size < 0:
            raise ValueError(f"`size` must not be negative. Received: size={size}")
        self.size = size
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        """Create the store."""
        shape = (max(self.size, 1), *input_shape[1:])
        self.store = self.add_weight(
            shape=shape,
            dtype="uint8",
            initializer="zeros",
            trainable=False,
            name="store",
        )
        self.filled = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="filled"
        )

    def call(self, images):
        """Exchange images with the store; see the class."""
        if self.size == 0:
            return images
        images = tf.convert_to_tensor(images)
        # One at a time, so that a batch may be larger than the pool.
        order = tf.range(tf.shape(images)[0])
        return tf.map_fn(
            lambda i: self._exchange(images[i]),
            order,
            fn_output_signature=tf.TensorSpec(images.shape[1:], images.dtype),
            parallel_iterations=1,
        )

    def compute_output_shape(self, input_shape):
        """Return the shape of the images."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "size": self.size, "seed": self.seed}

    def _exchange(self, image):
        store, filled = self.store.value, self.filled.value
        full = filled >= self.size
        swap, slot = tf.unstack(
            keras.random.uniform((2,), seed=self.seed_generator), num=2
        )
        swap = full & (swap < 0.5)
        slot = tf.where(
            full, tf.minimum(tf.cast(slot * self.size, tf.int32), self.size - 1), filled
        )
        old = tf.cast(store[slot], image.dtype)
        kept = tf.cast(tf.round(tf.clip_by_value(image, 0.0, 255.0)), tf.uint8)
        write = swap | ~full
        value = tf.where(write, kept, store[slot])
        store.scatter_nd_update([[slot]], value[tf.newaxis])
        filled.assign(tf.minimum(filled + 1, self.size))
        return tf.where(swap, old, image)
