"""Heat maps of one model by several layers and variants."""


class HeatMaps:
    """Computes each layer once for all variants.

    Args:
        network: a `keras.Model` of the package.
        class_names: the model's classes.
        layers: names of layers, `None` for what is pooled. Defaults to that alone.
        variants: of `VARIANTS`. Defaults to both.

    Raises:
        InputError: when the network has no such layer.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> network = ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3))
        >>> maps = HeatMaps(network, ["dent", "scratches"])
        >>> heats, classes = maps(np.zeros((1, 32, 32, 3), "uint8"), [0])
        >>> list(heats), heats["grad_cam"].shape
        (['grad_cam', 'grad_cam++'], (1, 32, 32))
    """

    def __init__(self, network, class_names, layers=(None,), variants=None):
        """See the class."""
        from rkd_keras.explain.grad_cam import GradCAM
        from rkd_keras.explain.variants import VARIANTS

        self.network = network
        self.class_names = class_names
        self.size = network.input_shape[1:3]
        self._cams = {name: GradCAM(network, name) for name in layers}
        self._variants = VARIANTS if variants is None else variants

    def __call__(self, images, classes=None):
        """Compute the heat maps of images.

        Args:
            images: array `(N, H, W, 3)` of the network's input size, uint8.
            classes: the class to explain, or one for each image; the predicted ones
                where `None`.

        Returns:
            Pair: dict from method (variant and layer) to array `(N, H, W)`, and the
            explained classes `(N,)`.
        """
        heats = {}
        for layer, cam in self._cams.items():
            found, explained = cam.compare(images, classes)
            for variant in self._variants:
                heats[f"{variant} {layer or ''}".strip()] = found[variant]
        return heats, explained

    @property
    def resolutions(self):
        """Dict from layer to the size of its maps."""
        cams = self._cams.items()
        return {layer or "pooled": list(cam.resolution) for layer, cam in cams}
