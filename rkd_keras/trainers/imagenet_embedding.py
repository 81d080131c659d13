"""What a network with ImageNet weights says of images, before its head."""

import numpy as np

# Side of the images in pixels: as the teacher of the pipeline sees them.
SIDE = 128
NETWORK = "efficientnet_lite0"


def imagenet_features(images, progress=None):
    """Compute the embedding of a frozen EfficientNet-Lite0 with ImageNet weights.

    A linear classifier of these features needs seconds and few labels. Whatever the
    images' size is, networks of this kind see most at 128 pixels a side and more.

    Args:
        images: array `(n, height, width, 3)`, uint8 of 0 to 255, of any size, or
            `StreamedImages`.
        progress: function called after each batch with its number of images, or
            `None`.

    Returns:
        Array `(n, 1280)`, float32, of about three decimal digits.

    Raises:
        InputError: when the weights are not installed (`rkd-keras[imagenet]`).

    Reference:
        - Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional
          Neural Networks", ICML 2019; the Lite variants: github.com/tensorflow/tpu.

    Example:
        >>> imagenet_features(np.zeros((2, 32, 32, 3), "uint8")).shape
        (2, 1280)
    """
    import keras

    from rkd_keras.data import TrainingPipeline
    from rkd_keras.models import create_model
    from rkd_keras.trainers.stored_features import view_features

    model = create_model(NETWORK, input_shape=images.shape[1:], weights="imagenet")
    body = keras.Model(model.input, model.get_layer("embedding").output)
    pipeline = TrainingPipeline(images, np.zeros(len(images), int))
    return view_features(body, pipeline, 1, progress=progress)[0].astype("float32")
