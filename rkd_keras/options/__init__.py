"""An option is said once: its name, type, default, help and range.

The public functions of `runs`, `rating`, `export` and `studies` annotate their
arguments with an `Option`. `checked` makes of that what Python users see (signature,
docstring, one sentence for a value out of range), and `rkd_keras.cli.command` what
people at a terminal see. Of the standard library alone; every room may import it.
"""

from rkd_keras.options.checking import checked, documented
from rkd_keras.options.option import (
    AnyPath,
    AnyPaths,
    Option,
    is_optional,
    option_of,
    read_as,
)
from rkd_keras.options.shared import (
    LARGEST_SIDE,
    Data,
    Groups,
    MinContrast,
    MmPerPixel,
    Model,
    Overwrite,
    Part,
    Polarity,
    Precision,
    QualityGate,
    Quiet,
    Resume,
    Rules,
    Runtime,
    Runtimes,
    Seed,
    Segmentation,
    Size,
    SplitSeed,
    StemStride,
    Strict,
    Threads,
    ValFraction,
    Width,
)
from rkd_keras.options.values import as_kind

__all__ = [
    "AnyPath",
    "AnyPaths",
    "LARGEST_SIDE",
    "Data",
    "Groups",
    "MinContrast",
    "MmPerPixel",
    "Model",
    "Option",
    "Overwrite",
    "Part",
    "Polarity",
    "Precision",
    "QualityGate",
    "Quiet",
    "Resume",
    "Rules",
    "Runtime",
    "Runtimes",
    "Seed",
    "Segmentation",
    "Size",
    "SplitSeed",
    "StemStride",
    "Strict",
    "Threads",
    "ValFraction",
    "Width",
    "as_kind",
    "checked",
    "documented",
    "is_optional",
    "option_of",
    "read_as",
]
