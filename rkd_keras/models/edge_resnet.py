"""Students for the line: residual networks that one processor core affords.

The shapes of small and tiny were chosen by latency, see benchmarks/edge_latency.py;
that of nano by the size of its file, see benchmarks/student_sizes.py.
"""

from rkd_keras.models.blocks import basic_block
from rkd_keras.models.registry import network
from rkd_keras.models.resnet import residual_network


@network(of=residual_network, name="edge_resnet_small", width=0.25, stem_stride=2)
def EdgeResNetSmall(**options):
    """Student for a third of a millisecond: 701 k parameters, 35.0 M multiply-adds.

    A ResNet18 of a quarter of the width whose stem halves the image: 32, 32, 16, 8
    and 4 pixels a side of 64 after the stem and each stage. The time is that of one
    core with AVX512 and VNNI; a core with no more than AVX2 takes a millisecond.
    `weights="neu"` is the student that comes with the package, the one that
    `rkd_keras.predict.load()` opens as int8.

    Example:
        >>> model = EdgeResNetSmall(num_classes=3)
        >>> model.input_shape, model.output_shape
        ((None, 64, 64, 3), (None, 3))
    """
    return residual_network(basic_block, (2, 2, 2, 2), **options)


@network(
    of=residual_network,
    name="edge_resnet_tiny",
    width=0.1875,
    stem_stride=2,
    stage_strides=(2, 1, 2, 2),
)
def EdgeResNetTiny(**options):
    """Student for a fifth of a millisecond: 395 k parameters, 15.9 M multiply-adds.

    Three sixteenths of the width, and the first stage halves the image too: 32, 16,
    16, 8 and 4 pixels a side of 64. The time is that of one core with AVX512 and
    VNNI. `weights="neu"` is the second student that comes with the package.

    Example:
        >>> model = EdgeResNetTiny(num_classes=3)
        >>> model.input_shape, model.output_shape
        ((None, 64, 64, 3), (None, 3))
    """
    return residual_network(basic_block, (2, 2, 2, 2), **options)


@network(of=residual_network, name="edge_resnet_medium", width=0.375, stem_stride=2)
def EdgeResNetMedium(**options):
    """Student with more room: 1,574 k parameters, 78.5 M multiply-adds.

    `EdgeResNetSmall` with half as many filters again, 24, 48, 96 and 192, for about
    twice its multiply-adds: where small falls short and the line leaves the time.

    Example:
        >>> model = EdgeResNetMedium(num_classes=3)
        >>> model.input_shape, model.output_shape
        ((None, 64, 64, 3), (None, 3))
    """
    return residual_network(basic_block, (2, 2, 2, 2), **options)


@network(
    of=residual_network,
    name="edge_resnet_nano",
    width=0.125,
    stem_stride=2,
    stage_strides=(2, 1, 2, 2),
)
def EdgeResNetNano(**options):
    """Student for 60 kB: 32 k parameters, 2.3 M multiply-adds.

    One block a stage of 8, 16, 24 and 32 filters, on the maps of `EdgeResNetTiny`. Its
    int8 file takes less than 60,000 bytes with six classes, card and calibration
    included; nearly half of that is not weights.

    Example:
        >>> model = EdgeResNetNano(num_classes=3)
        >>> model.input_shape, model.output_shape
        ((None, 64, 64, 3), (None, 3))
    """
    # At a width of an eighth all are multiples of 8, which processors like.
    filters = (64, 128, 192, 256)
    return residual_network(basic_block, (1, 1, 1, 1), filters=filters, **options)
