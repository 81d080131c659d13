"""Networks with the signature of `keras.applications`."""

from rkd_keras.models.densenet import DenseNet121
from rkd_keras.models.discriminator import PatchDiscriminator
from rkd_keras.models.edge_resnet import EdgeResNetSmall, EdgeResNetTiny
from rkd_keras.models.generator import ResNetGenerator
from rkd_keras.models.googlenet import GoogLeNet
from rkd_keras.models.inception_v3 import InceptionV3
from rkd_keras.models.mobilenet_v1 import MobileNetV1
from rkd_keras.models.mobilenet_v2 import MobileNetV2
from rkd_keras.models.multiply_adds import count_multiply_adds, multiply_adds_by_layer
from rkd_keras.models.resnet import ResNet18, ResNet34, ResNet50, ResNet101
from rkd_keras.models.resnext import ResNeXt50, ResNeXt101
from rkd_keras.models.sarsn import SARSN34, SARSN50, SARSN101
from rkd_keras.models.se_resnet import SEResNet34, SEResNet50, SEResNet101
from rkd_keras.models.squeezenet import SqueezeNet
from rkd_keras.models.torch_weights import load_torch_weights
from rkd_keras.models.zoo import create_model, list_models

__all__ = [
    "DenseNet121",
    "EdgeResNetSmall",
    "EdgeResNetTiny",
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
    "load_torch_weights",
    "multiply_adds_by_layer",
]
