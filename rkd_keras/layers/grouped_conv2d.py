"""Grouped convolution that is fast on a CPU and exports to every format."""

import functools

import keras


@keras.saving.register_keras_serializable(package="rkd_keras")
class GroupedConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` with `groups`, without the detour through XLA.

    Under TensorFlow, Keras 3 wraps every grouped convolution in an XLA-compiled
    function. On a CPU that is about a hundred times slower than the plain
    operation, and tf2onnx cannot convert it. TensorFlow's own operation takes
    grouped kernels on GPUs, and on CPUs where oneDNN is on (the default with
    AVX512 or on aarch64, `TF_ENABLE_ONEDNN_OPTS=1` elsewhere): it is used where a
    small trial shows that it works, gradient included. Elsewhere the groups are
    convolved one by one. On other backends the layer is Keras's.

    Args:
        *args: those of `keras.layers.Conv2D`, in its order.
        **kwargs: those of `keras.layers.Conv2D`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, new_height, new_width, filters)`.

    Reference:
        - Xie et al., "Aggregated Residual Transformations for Deep Neural
          Networks", CVPR 2017.

    Example:
        >>> import numpy as np
        >>> layer = GroupedConv2D(8, 3, padding="same", groups=4)
        >>> tuple(layer(np.ones((2, 5, 5, 16), "float32")).shape)
        (2, 5, 5, 8)
        >>> tuple(layer.kernel.shape)
        (3, 3, 4, 8)
    """

    def convolution_op(self, inputs, kernel):
        """Convolve; see the class."""
        plain = self.data_format == "channels_last" and self.dilation_rate == (1, 1)
        if not plain or keras.backend.backend() != "tensorflow":
            return super().convolution_op(inputs, kernel)
        import tensorflow as tf

        convolve = functools.partial(
            tf.nn.conv2d, strides=list(self.strides), padding=self.padding.upper()
        )
        if _tensorflow_convolves_groups():
            return convolve(inputs, kernel)
        groups = zip(
            tf.split(inputs, self.groups, axis=-1),
            tf.split(kernel, self.groups, axis=-1),
            strict=True,
        )
        return tf.concat([convolve(*group) for group in groups], axis=-1)


@functools.cache
def _tensorflow_convolves_groups():
    """Try a grouped convolution and its two gradients once, outside any graph."""
    import tensorflow as tf

    options = {"strides": [1, 1, 1, 1], "padding": "VALID"}
    with tf.init_scope():
        inputs = tf.ones((1, 1, 1, 4))
        kernel = tf.ones((1, 1, 2, 4))
        try:
            outputs = tf.raw_ops.Conv2D(input=inputs, filter=kernel, **options)
            # A tape records nothing in here, so the gradients are called by name.
            to_inputs = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=inputs.shape, filter=kernel, out_backprop=outputs, **options
            )
            to_kernel = tf.raw_ops.Conv2DBackpropFilter(
                input=inputs, filter_sizes=kernel.shape, out_backprop=outputs, **options
            )
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            return False
        results = zip((outputs, to_inputs, to_kernel), (2.0, 4.0, 2.0), strict=True)
        return all((result.numpy() == expected).all() for result, expected in results)
