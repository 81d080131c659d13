"""Batch normalisation that is used to another production line."""

from rkd_keras.errors import InputError


def adapt_batch_norm(model, images, batch_size=64, progress=None):
    """Give every batch normalisation the statistics of other images (AdaBN).

    What a camera or a light changes is first of all the mean and the spread of what the
    first layers answer. Each layer gets the mean, over the batches, of the means and
    variances that it sees; no weight is trained, and no label is needed. Few images, or
    images of one class alone, give poor statistics.

    Args:
        model: built `keras.Model`, changed in place. Layers that drop out at random do
            so here as well.
        images: array `(n, height, width, channels)` of the other line, n at least 2.
        batch_size: images whose statistics are taken together. Defaults to `64`.
        progress: function called after each batch with its number of images, or
            `None`.

    Returns:
        The model.

    Raises:
        InputError: when it has no batch normalisation, or there are fewer than two
            images.

    Reference:
        - Li et al., "Revisiting Batch Normalization For Practical Domain Adaptation",
          2016, arXiv:1603.04779.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> inputs = keras.Input((4, 4, 1))
        >>> model = keras.Model(inputs, keras.layers.BatchNormalization()(inputs))
        >>> model = adapt_batch_norm(model, np.full((4, 4, 4, 1), 7.0))
        >>> float(model.layers[-1].moving_mean[0])
        7.0
    """
    import keras

    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if not layers:
        raise InputError(
            f"the model {model.name!r} has no batch normalisation; adapt it in another "
            "way, such as coral"
        )
    if len(images) < 2:
        raise InputError(f"at least two images are needed, not {len(images)}")
    momenta = [layer.momentum for layer in layers]
    trainable = [layer.trainable for layer in layers]
    # A last batch of one image has no spread.
    count = max(1, len(images) // batch_size)
    edges = [len(images) * n // count for n in range(count + 1)]
    try:
        for number, (begin, end) in enumerate(zip(edges, edges[1:], strict=False)):
            for layer in layers:
                layer.trainable = True
                # Of the n-th batch on the mean of n batches: all count alike.
                layer.momentum = number / (number + 1)
            model(keras.ops.cast(images[begin:end], "float32"), training=True)
            if progress is not None:
                progress(end - begin)
    finally:
        for layer, momentum, trains in zip(layers, momenta, trainable, strict=True):
            layer.momentum, layer.trainable = momentum, trains
    return model
