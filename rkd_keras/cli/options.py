"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Option(
        help="Data set: NEU-DET or NEU-CLS folder, folder per class, or CSV manifest."
    ),
]
Out = Annotated[Path, typer.Option(help="Run directory to write.")]
Model = Annotated[str, typer.Option(help="Model name, see rkd-keras models.")]
Width = Annotated[float, typer.Option(help="Factor on every number of filters.")]
StemStride = Annotated[
    int, typer.Option(help="Stride of the stem; 2 is about four times cheaper.")
]
Split = Annotated[
    str,
    typer.Option(help="holdout, given, neu-600, neu-lt10, neu-lt20, neu-few10/20/50."),
]
Preset = Annotated[str, typer.Option(help="Training preset: fast or paper.")]
Epochs = Annotated[int | None, typer.Option(help="Epochs (the preset's if left out).")]
Seed = Annotated[int, typer.Option(help="Decides everything random but the test part.")]
SplitSeed = Annotated[int, typer.Option(help="Decides the test part.")]
ValFraction = Annotated[
    float | None, typer.Option(help="Share of the training part to validate on.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a killed run.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Begin again in a folder that holds a run.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Stop at an image that cannot be decoded.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Deterministic = Annotated[
    bool, typer.Option("--deterministic", help="Reproducible to the bit; slower.")
]
Precision = Annotated[
    str, typer.Option(help="auto, float32, mixed_bfloat16 or mixed_float16.")
]
BatchSize = Annotated[int | None, typer.Option(help="Images per batch.")]
LearningRate = Annotated[float | None, typer.Option(help="Highest learning rate.")]
LabelSmoothing = Annotated[
    float | None, typer.Option(help="Label smoothing, in [0, 1).")
]
Zoom = Annotated[
    float | None,
    typer.Option(help="Largest share of the side that augmentation crops away."),
]
Loss = Annotated[str, typer.Option(help="Classification loss, see the guide.")]
Sampling = Annotated[
    str,
    typer.Option(
        help="natural; balanced: all classes equally often; copy, mosaic, fusion, "
        "mosaic+fusion: new samples fill up the smaller classes."
    ),
]
Strategy = Annotated[
    str | None,
    typer.Option(
        help="none, mirrored: all GPUs here, or multi_worker: the machines of "
        "TF_CONFIG, which is chosen by itself where TF_CONFIG names several."
    ),
]
SyncBatchNorm = Annotated[
    bool,
    typer.Option(
        "--sync-batch-norm",
        help="Batch normalisation over the images of all replicas; slower.",
    ),
]
Mix = Annotated[str | None, typer.Option(help="mixup or cutmix.")]
Size = Annotated[int, typer.Option(help="Side of the square input in pixels.")]
Keep = Annotated[
    str, typer.Option(help="Weights to keep: last, or best on validation.")
]
Evaluate = Annotated[
    str, typer.Option(help="Part to score the finished model on, or none.")
]
Segmentation = Annotated[str, typer.Option(help="Segmentation: default or paper.")]
Polarity = Annotated[str, typer.Option(help="auto, dark or bright defects.")]
MinContrast = Annotated[float, typer.Option(help="Least contrast of a defect, 0 to 1.")]
MmPerPixel = Annotated[
    float | None, typer.Option(help="Side of a pixel; pixels when left out.")
]
Rules = Annotated[
    Path | None, typer.Option(help="Grading rules; the package's if left out.")
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model-option", help="Further model argument as name=value; repeatable."
    ),
]


def model_options(width, stem_stride, more=None):
    """Make a model's arguments of the command line's options.

    Args:
        width: factor on the filters.
        stem_stride: stride of the stem.
        more: list of `name=value`; values are read as YAML (`0.5`, `soft`).

    Returns:
        Dict of arguments; what equals the models' default is left out.

    Raises:
        InputError: for an entry without `=`.
    """
    import yaml

    from rkd_keras.errors import InputError

    options = {}
    if width != 1.0:
        options["width"] = width
    if stem_stride != 1:
        options["stem_stride"] = stem_stride
    for entry in more or ():
        name, equals, value = entry.partition("=")
        if not equals:
            raise InputError(f"--model-option {entry!r} must be name=value")
        options[name.strip()] = yaml.safe_load(value)
    return options
