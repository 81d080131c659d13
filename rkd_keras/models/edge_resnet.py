"""Students for the line: ResNet18 in two shapes that one processor core affords."""

from rkd_keras.models.resnet import ARGUMENTS, REFERENCE, RETURNS, ResNet18

# Chosen by latency, see benchmarks/edge_latency.py.
SMALL = {"width": 0.25, "stem_stride": 2, "stage_strides": (1, 2, 2, 2)}
TINY = {"width": 0.1875, "stem_stride": 2, "stage_strides": (2, 1, 2, 2)}


def _documented(shape):
    """Append what the presets share, with the shape's own defaults."""
    text = ARGUMENTS[ARGUMENTS.index("\n    Args:") :]
    for argument, plain in (
        ("width", "`1.0`"),
        ("stem_stride", "`1`"),
        ("stage_strides", "`(1, 2, 2, 2)`"),
    ):
        start = text.index(f"\n        {argument}: ")
        before, after = text[:start], text[start:]
        text = before + after.replace(plain, f"`{shape[argument]}`", 1)

    def decorate(builder):
        example = f"""
    Example:
        >>> model = {builder.__name__}(num_classes=3)
        >>> model.input_shape, model.output_shape
        ((None, 64, 64, 3), (None, 3))
    """
        builder.__doc__ = (
            f"{builder.__doc__.rstrip()}\n{text}\n        name: name of the model."
            f"{RETURNS}{REFERENCE}{example}"
        )
        return builder

    return decorate


@_documented(SMALL)
def EdgeResNetSmall(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=SMALL["width"],
    stem_stride=SMALL["stem_stride"],
    stage_strides=SMALL["stage_strides"],
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="edge_resnet_small",
):
    """Student for a third of a millisecond: 701 k parameters, 35.0 M multiply-adds.

    A ResNet18 of a quarter of the width whose stem halves the image: 32, 32, 16, 8
    and 4 pixels a side of 64 after the stem and each stage. The time is that of one
    core with AVX512 and VNNI; a core with no more than AVX2 takes a millisecond.
    `weights="neu"` is the student that comes with the package, the one that
    `rkd_keras.predict.load()` opens as int8.
    """
    return ResNet18(
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        weights,
        name,
    )


@_documented(TINY)
def EdgeResNetTiny(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=TINY["width"],
    stem_stride=TINY["stem_stride"],
    stage_strides=TINY["stage_strides"],
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="edge_resnet_tiny",
):
    """Student for a fifth of a millisecond: 395 k parameters, 15.9 M multiply-adds.

    Three sixteenths of the width, and the first stage halves the image too: 32, 16,
    16, 8 and 4 pixels a side of 64. The time is that of one core with AVX512 and
    VNNI. `weights="neu"` is the second student that comes with the package.
    """
    return ResNet18(
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        weights,
        name,
    )
