"""The arguments that the networks share, each said once."""

from pathlib import Path
from typing import Annotated

from rkd_keras.options import Option

NumClasses = Annotated[int, Option("number of classes.", at_least=1)]
InputShape = Annotated[
    tuple[int, int, int], Option("`(height, width, channels)` in pixels.", at_least=1)
]
Width = Annotated[float, Option("factor on every number of filters.", above=0)]
StemStride = Annotated[
    int,
    Option(
        "stride of the first convolution; 2 makes everything about four times cheaper.",
        at_least=1,
    ),
]
StageStrides = Annotated[
    tuple[int, int, int, int],
    Option("stride of each stage's first block.", at_least=1),
]
Dropout = Annotated[
    float, Option("rate before the last layer, in [0, 1).", at_least=0, below=1)
]
Preprocessing = Annotated[
    bool,
    Option("whether pixels of 0 to 255 are rescaled to [-1, 1] inside the model."),
]
Activation = Annotated[
    str | None, Option("activation of the last layer, `None` for logits.")
]
Weights = Annotated[
    str | Path | None,
    Option(
        "path of a weights file (`.weights.h5`) or a whole model (`.keras`) to load, "
        'or `None`; `"neu"`, for the shapes of `EdgeResNetSmall` and '
        "`EdgeResNetTiny`, for the weights that come with the package."
    ),
]
Name = Annotated[str, Option("name of the model.")]
