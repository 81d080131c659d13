from .densenet import DenseNet121
from .discriminator import PatchDiscriminator
from .edge_resnet import EdgeResNetSmall, EdgeResNetTiny
from .efficientnet_lite import (
    EfficientNetLite0,
    EfficientNetLite1,
    EfficientNetLite2,
)
from .generator import ResNetGenerator
from .googlenet import GoogLeNet
from .inception_v3 import InceptionV3
from .load import load_model
from .mobilenet_v1 import MobileNetV1
from .mobilenet_v2 import MobileNetV2
from .multiply_adds import count_multiply_adds, multiply_adds_by_layer
from .resnet import ResNet18, ResNet34, ResNet50, ResNet101
from .resnext import ResNeXt50, ResNeXt101
from .sarsn import SARSN34, SARSN50, SARSN101
from .se_resnet import SEResNet34, SEResNet50, SEResNet101
from .squeezenet import SqueezeNet
from .taps import tapped
from .torch_weights import load_torch_weights
from .zoo import create_model, list_models

__all__ = [
    "DenseNet121",
    "EdgeResNetSmall",
    "EdgeResNetTiny",
    "EfficientNetLite0",
    "EfficientNetLite1",
    "EfficientNetLite2",
    "GoogLeNet",
    "InceptionV3",
    "MobileNetV1",
    "MobileNetV2",
    "PatchDiscriminator",
    "ResNeXt101",
    "ResNeXt50",
    "ResNet101",
    "ResNet18",
    "ResNet34",
    "ResNet50",
    "ResNetGenerator",
    "SARSN101",
    "SARSN34",
    "SARSN50",
    "SEResNet101",
    "SEResNet34",
    "SEResNet50",
    "SqueezeNet",
    "count_multiply_adds",
    "create_model",
    "list_models",
    "load_model",
    "load_torch_weights",
    "multiply_adds_by_layer",
    "tapped",
]
