"""Where a classifier looks: Grad-CAM and Grad-CAM++."""

import cv2
import keras
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.explain.variants import VARIANTS
from rkd_keras.models.taps import layer_call


class GradCAM:
    """Heat maps of a classifier's evidence for a class.

    Grad-CAM weights each feature map with the mean gradient of the class score
    over its positions, `w_k = mean_ij dy_c / dA_ij^k`, adds the maps up and keeps
    the positive part, `relu(sum_k w_k A^k)`. Grad-CAM++ weights the positions of
    a map too,

        w_k = sum_ij alpha_ij^k relu(dy_c / dA_ij^k),
        alpha = g^2 / (2 g^2 + sum_ij(A) g^3),    g = dy_c / dA,

    so that several defects of one class all count.

    Works on every classifier of the package: any functional model whose pooled
    features are the layer `embedding` and whose last layer is `logits`.

    Args:
        model: a `keras.Model` on the TensorFlow backend.
        layer: name of the layer whose output (height, width, channels) is
            looked at, or `None` for what `embedding` pools. An earlier layer is
            finer and less specific to the class. Defaults to `None`.
        variant: `"grad_cam"` or `"grad_cam++"`. Defaults to `"grad_cam"`.

    Attributes:
        resolution: `(height, width)` of the maps before they are enlarged.

    Raises:
        InputError: for a model without these layers, an unknown layer or
            variant, or another backend.

    References:
        - Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
          Gradient-Based Localization", ICCV 2017.
        - Chattopadhay et al., "Grad-CAM++: Generalized Gradient-Based Visual
          Explanations for Deep Convolutional Networks", WACV 2018.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> images = np.zeros((2, 32, 32, 3), "uint8")
        >>> heat, classes = GradCAM(model)(images)
        >>> heat.shape, classes.shape
        ((2, 32, 32), (2,))
    """

    def __init__(self, model, layer=None, variant="grad_cam"):
        """See the class."""
        if keras.backend.backend() != "tensorflow":
            raise InputError(
                "GradCAM needs TensorFlow; set KERAS_BACKEND=tensorflow. "
                f"Received: backend={keras.backend.backend()}"
            )
        if variant not in VARIANTS:
            raise InputError(
                f"`variant` must be one of {', '.join(VARIANTS)}. "
                f"Received: variant={variant}"
            )
        self.model = model
        self.variant = variant
        features = feature_tensor(model, layer)
        if len(features.shape) != 4 or None in features.shape[1:]:
            raise InputError(
                "`layer` must give maps (height, width, channels) of known size. "
                f"Received: layer={layer}, shape={tuple(features.shape)}"
            )
        head_input, head_output = layer_call(model, "logits")
        head = model.get_layer("logits")
        self._classes = head_output.shape[-1]
        # The score must not be squashed: a sure class would have no gradient.
        squashed = getattr(head, "activation", None) not in (
            None,
            keras.activations.linear,
        )
        self._head = head if squashed else None
        scores = head_input if squashed else head_output
        self._models, self._evidence = self._parted(features, scores)
        self.resolution = tuple(features.shape[1:3])

    def __call__(self, images, class_index=None, batch_size=32):
        """Explain images.

        Args:
            images: array `(N, H, W, 3)` of the model's input size, pixels 0 to
                255.
            class_index: class to explain: an int, an array `(N,)`, or `None` for
                the class that the model predicts. Defaults to `None`.
            batch_size: images at a time. Defaults to `32`.

        Returns:
            Heat maps `(N, H, W)`, float32, each scaled to a maximum of 1 (0
            everywhere where nothing speaks for the class), and the explained
            classes `(N,)`, int64.

        Raises:
            InputError: for images of another shape, a class out of range, or a model
                whose answers are no numbers.
        """
        heats, classes = self._heats(images, class_index, batch_size, (self.variant,))
        return heats[self.variant], classes

    def compare(self, images, class_index=None, batch_size=32):
        """Explain images by every variant, at the cost of one.

        Args:
            images: see `__call__`.
            class_index: see `__call__`. Defaults to `None`.
            batch_size: images at a time. Defaults to `32`.

        Returns:
            Dict from each of `VARIANTS` to heat maps `(N, H, W)`, and the explained
            classes `(N,)`, int64.

        Raises:
            InputError: as `__call__`.
        """
        return self._heats(images, class_index, batch_size, VARIANTS)

    def _heats(self, images, class_index, batch_size, variants):
        images = np.asarray(images)
        shape = tuple(self.model.input_shape[1:])
        if images.ndim != 4 or images.shape[1:] != shape:
            raise InputError(
                f"`images` must be (N, {', '.join(map(str, shape))}). "
                f"Received: shape={images.shape}"
            )
        heats = {v: np.zeros((len(images), *shape[:2]), np.float32) for v in variants}
        classes = np.zeros(len(images), np.int64)
        for start in range(0, len(images), batch_size):
            part = slice(start, start + batch_size)
            wanted = class_index
            if wanted is not None and np.ndim(wanted):
                wanted = np.asarray(wanted)[part]
            features, gradients, classes[part] = self._gradients(
                images[part].astype(np.float32), wanted
            )
            for name, heat in heats.items():
                maps = _MAPS[name](features, gradients)
                heat[part] = [_enlarged(m, shape[:2]) for m in maps]
        return heats, classes

    def _parted(self, features, scores):
        """Return the model's parts before and after the features, and how to run."""
        import tensorflow as tf

        try:
            # Only what follows the features is recorded and run backwards.
            before = keras.Model(self.model.inputs[0], features)
            return (before, keras.Model(features, scores)), self._scored
        except ValueError:
            # A way leads past the features, which are inside a block. A graph
            # leaves out the gradients of weights and earlier maps, which eager
            # execution works out for nothing.
            whole = keras.Model(self.model.inputs[0], [features, scores])
            signature = [
                tf.TensorSpec((None, *self.model.input_shape[1:]), tf.float32),
                tf.TensorSpec((None,), tf.int64),
            ]
            return (whole,), tf.function(self._scored, input_signature=signature)

    def _scored(self, images, classes):
        """Return features, gradients of the scores by them, classes; all tensors."""
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            if len(self._models) == 2:
                features = self._models[0](images, training=False)
                tape.watch(features)
                scores = self._models[1](features, training=False)
            else:
                tape.watch(images)
                features, scores = self._models[0](images, training=False)
            if self._head is not None:
                head = self._head
                scores = tf.cast(scores, tf.float32) @ head.kernel + head.bias
            classes = tf.where(classes < 0, tf.argmax(scores, axis=-1), classes)
            chosen = tf.gather(scores, classes, axis=1, batch_dims=1)
        gradients = tape.gradient(chosen, features)
        return tf.cast(features, tf.float32), tf.cast(gradients, tf.float32), classes

    def _gradients(self, images, class_index):
        if class_index is None:
            classes = np.full(len(images), -1, np.int64)
        else:
            count = self._classes
            classes = np.broadcast_to(np.asarray(class_index, np.int64), (len(images),))
            if len(classes) and not 0 <= classes.min() <= classes.max() < count:
                raise InputError(
                    f"`class_index` must be from 0 to {count - 1}. "
                    f"Received: class_index={class_index}"
                )
        found = tuple(tensor.numpy() for tensor in self._evidence(images, classes))
        if not all(np.isfinite(each).all() for each in found):
            raise InputError(
                "the model's features or gradients are no finite numbers, as after a "
                "training that diverged; train it again with a smaller learning rate"
            )
        return found


def feature_tensor(model, layer=None):
    """Return the symbolic output of a layer, or what `embedding` pools.

    Args:
        model: a built `keras.Model`.
        layer: a layer's name, or `None`. Defaults to `None`.

    Returns:
        A Keras tensor.

    Raises:
        InputError: when the model has no such layer.

    Example:
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> feature_tensor(model).shape
        (None, 4, 4, 64)
    """
    if layer is None:
        return layer_call(model, "embedding")[0]
    return layer_call(model, layer)[1]


def _grad_cam(features, gradients):
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    return np.maximum((weights * features).sum(axis=-1), 0)


def _grad_cam_plus_plus(features, gradients):
    square = gradients**2
    total = features.sum(axis=(1, 2), keepdims=True)
    below = 2 * square + total * square * gradients
    alpha = np.divide(square, below, out=np.zeros_like(square), where=below != 0)
    weights = (alpha * np.maximum(gradients, 0)).sum(axis=(1, 2), keepdims=True)
    return np.maximum((weights * features).sum(axis=-1), 0)


_MAPS = {"grad_cam": _grad_cam, "grad_cam++": _grad_cam_plus_plus}


def _enlarged(heat, size):
    height, width = size
    heat = cv2.resize(
        heat.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    highest = float(heat.max())
    return heat / highest if highest > 0 else heat
