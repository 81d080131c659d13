"""The table of models, by name."""

from rkd_keras.errors import InputError
from rkd_keras.models.densenet import DenseNet121
from rkd_keras.models.edge_resnet import EdgeResNetSmall, EdgeResNetTiny
from rkd_keras.models.efficientnet_lite import (
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
)
from rkd_keras.models.googlenet import GoogLeNet
from rkd_keras.models.inception_v3 import InceptionV3
from rkd_keras.models.mobilenet_v1 import MobileNetV1
from rkd_keras.models.mobilenet_v2 import MobileNetV2
from rkd_keras.models.resnet import ResNet18, ResNet34, ResNet50, ResNet101
from rkd_keras.models.resnext import ResNeXt50, ResNeXt101
from rkd_keras.models.sarsn import SARSN34, SARSN50, SARSN101
from rkd_keras.models.se_resnet import SEResNet34, SEResNet50, SEResNet101
from rkd_keras.models.squeezenet import SqueezeNet

MODELS = {
    "densenet121": DenseNet121,
    "edge_resnet_small": EdgeResNetSmall,
    "edge_resnet_tiny": EdgeResNetTiny,
    "efficientnet_lite0": EfficientNetLite0,
    "efficientnet_lite1": EfficientNetLite1,
    "efficientnet_lite2": EfficientNetLite2,
    "googlenet": GoogLeNet,
    "inception_v3": InceptionV3,
    "mobilenet_v1": MobileNetV1,
    "mobilenet_v2": MobileNetV2,
    "resnet101": ResNet101,
    "resnet18": ResNet18,
    "resnet34": ResNet34,
    "resnet50": ResNet50,
    "resnext101": ResNeXt101,
    "resnext50": ResNeXt50,
    "sarsn101": SARSN101,
    "sarsn34": SARSN34,
    "sarsn50": SARSN50,
    "se_resnet101": SEResNet101,
    "se_resnet34": SEResNet34,
    "se_resnet50": SEResNet50,
    "squeezenet": SqueezeNet,
}


def _normalize(name):
    return str(name).lower().replace("-", "").replace("_", "")


_NORMALIZED = {_normalize(name): builder for name, builder in MODELS.items()}


def list_models():
    """List the names that `create_model` knows.

    Returns:
        Sorted list of strings.

    Example:
        >>> "sarsn101" in list_models()
        True
    """
    return sorted(MODELS)


def create_model(model, **arguments):
    """Build a model of the table by its name.

    Args:
        model: one of `list_models()`; case, dashes and underscores do not
            matter (`"SE-ResNet50"` is `"se_resnet50"`).
        **arguments: what the model's builder takes, such as `num_classes`,
            `width` or `stem_stride`.

    Returns:
        A `keras.Model`.

    Raises:
        InputError: for an unknown name, or an argument that the model does not
            take.

    Example:
        >>> create_model("resnet18", width=0.125, num_classes=3).output_shape
        (None, 3)
    """
    builder = _NORMALIZED.get(_normalize(model))
    if builder is None:
        raise InputError(
            f"unknown model {model!r}; the known ones are {', '.join(list_models())}"
        )
    try:
        return builder(**arguments)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise InputError(f"model {model!r}: {error}") from error
