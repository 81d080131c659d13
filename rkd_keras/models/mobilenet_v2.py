"""MobileNetV2 for small images."""

from keras import layers

from rkd_keras.models import arguments as a
from rkd_keras.models.blocks import classifier, conv_bn, image_input, scaled
from rkd_keras.models.mobilenet_v1 import depthwise_bn
from rkd_keras.models.registry import network

# Filters, repeats, stride of the first, expansion.
STAGES = (
    (16, 1, 1, 1),
    (24, 2, 2, 6),
    (32, 3, 2, 6),
    (64, 4, 2, 6),
    (96, 3, 1, 6),
    (160, 3, 1, 6),
    (320, 1, 1, 6),
)


def inverted_residual(x, filters, stride, expansion, name):
    """Expand, convolve depthwise, project; add where the shape stays."""
    y = conv_bn(x, x.shape[-1] * expansion, 1, 1, "relu6", True, name=f"{name}_expand")
    y = depthwise_bn(y, stride, "relu6", True, f"{name}_depthwise")
    y = conv_bn(y, filters, 1, 1, None, True, name=f"{name}_project")
    if stride == 1 and x.shape[-1] == filters:
        y = layers.Add(name=f"{name}_add")([x, y])
    return y


@network()
def MobileNetV2(
    num_classes: a.NumClasses = 6,
    input_shape: a.InputShape = (64, 64, 3),
    width: a.Width = 1.0,
    stem_stride: a.StemStride = 1,
    dropout: a.Dropout = 0.0,
    include_preprocessing: a.Preprocessing = True,
    classifier_activation: a.Activation = None,
    weights: a.Weights = None,
    name: a.Name = "mobilenet_v2",
):
    """MobileNetV2: inverted residuals with linear bottlenecks.

    2,248,966 trainable parameters with 6 classes (the paper's Table 6 names this
    network but counts MobileNetV1). Every convolution has a bias; the stem is a
    1x1 convolution with a padding of 1, a quirk of the original that lets the map
    grow by two pixels; the head is the original's 1x1 convolution after the
    average, as a dense layer.

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `pre.0` and `.1` are `stem_conv` and
    `stem_bn`; `stage1`, `stageS.B` and `stage7` are `stage1_block1`,
    `stageS_block(B+1)` and `stage7_block1`, in each of which `residual.0`, `.1`,
    `.3`, `.4`, `.6`, `.7` are `_expand_conv`, `_expand_bn`, `_depthwise_conv`,
    `_depthwise_bn`, `_project_conv`, `_project_bn`; `conv1.0` and `.1` are
    `top_conv` and `top_bn`, `conv2` is `logits`, its 1x1 kernel (out, in, 1, 1)
    becoming (in, out). Other kernels go from (out, in, height, width) to (height,
    width, in, out), depthwise ones from (channels, 1, height, width) to (height,
    width, channels, 1).

    Reference:
        - Sandler et al., "MobileNetV2: Inverted Residuals and Linear
          Bottlenecks", CVPR 2018.
    """
    inputs, x = image_input(input_shape, include_preprocessing)
    x = layers.ZeroPadding2D(1, name="stem_border")(x)
    x = conv_bn(x, scaled(32, width), 1, stem_stride, "relu6", True, name="stem")
    for stage, (filters, repeats, stride, expansion) in enumerate(STAGES, start=1):
        for index in range(1, repeats + 1):
            x = inverted_residual(
                x,
                scaled(filters, width),
                stride if index == 1 else 1,
                expansion,
                f"stage{stage}_block{index}",
            )
    x = conv_bn(x, scaled(1280, width), 1, 1, "relu6", True, name="top")
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )
