"""The options that several functions share."""

from typing import Annotated

from rkd_keras.options.option import AnyPath, Option

LARGEST_SEED = 2**32 - 1  # numpy's
# Pixels; an image of it in floats takes 200 MB.
LARGEST_SIDE = 4096

Data = Annotated[
    AnyPath,
    Option("Data set: NEU-DET or NEU-CLS folder, folder per class, pack, or CSV."),
]
Seed = Annotated[
    int,
    Option(
        "Decides everything random but the test part.", at_least=0, at_most=LARGEST_SEED
    ),
]
Groups = Annotated[
    str | None,
    Option(
        "Images that no split divides: overlap (those that share pixels), none, column "
        "(the manifest's column group), or a pattern whose brackets find a coil, an "
        "item or a day in a file's path; overlap for holdout and neu-...-grouped, else "
        "none, when left out."
    ),
]
SplitSeed = Annotated[
    int, Option("Decides the test part.", at_least=0, at_most=LARGEST_SEED)
]
ValFraction = Annotated[
    float | None,
    Option("Share of the training part to validate on.", at_least=0, below=1),
]
Resume = Annotated[bool, Option("Continue a killed run.")]
Overwrite = Annotated[bool, Option("Replace what an earlier call wrote.")]
Strict = Annotated[bool, Option("Stop at an image that cannot be decoded.")]
Quiet = Annotated[bool, Option("Show no progress.")]
MemoryMb = Annotated[
    float | None,
    Option(
        "Most memory for the decoded images of a part, in 2^20 bytes; a larger part is "
        "read from the disk meanwhile. 1024 if left out.",
        at_least=0,
    ),
]
Threads = Annotated[int, Option("Processor threads.", at_least=1)]
# The keys of `rkd_keras.predict.runtimes.RUNTIMES`.
RUNTIME_NAMES = ("litert", "onnxruntime", "openvino", "tensorflow", "keras")
Quantize = Annotated[
    str | None,
    Option(
        "For tflite: float16, int8-dynamic (weights alone) or int8.",
        choices=("float16", "int8-dynamic", "int8"),
    ),
]
FalseAlarmRate = Annotated[
    float,
    Option("Share of known images that may be called unknown.", above=0, below=1),
]
AnySize = Annotated[
    bool, Option("Take images of other sizes or depths than those of the run.")
]
Runtime = Annotated[
    str | None,
    Option("Runtime that opens the file; its own when left out.", RUNTIME_NAMES),
]
Runtimes = Annotated[
    list[str] | None,
    Option(
        "Runtime to time; may be repeated. All that are installed if left out.",
        RUNTIME_NAMES,
        flag="--runtime",
    ),
]
Part = Annotated[
    str, Option("Part of the data.", choices=("test", "val", "train", "all"))
]
Precision = Annotated[
    str,
    Option(
        "auto, float32, mixed_bfloat16 or mixed_float16.",
        choices=("auto", "float32", "mixed_bfloat16", "mixed_float16"),
    ),
]
Model = Annotated[str, Option("Model name, see rkd-keras models.")]
Width = Annotated[float, Option("Factor on every number of filters.", above=0)]
StemStride = Annotated[
    int, Option("Stride of the stem; 2 is about four times cheaper.", at_least=1)
]
Size = Annotated[
    int,
    Option("Side of the square input in pixels.", at_least=8, at_most=LARGEST_SIDE),
]
# Its values are checked by `rkd_keras.measure`, as those of MmPerPixel.
Segmentation = Annotated[str, Option("Segmentation: default or paper.")]
Polarity = Annotated[
    str,
    Option("auto, dark or bright defects.", choices=("auto", "dark", "bright")),
]
MinContrast = Annotated[
    float, Option("Least contrast of a defect, 0 to 1.", at_least=0, at_most=1)
]
MmPerPixel = Annotated[
    float | None, Option("Side of a pixel in millimetres; pixels when left out.")
]
QualityGate = Annotated[
    bool,
    Option(
        "Decide pictures that cannot be judged (black, flat, noise, blurred) invalid.",
        flag="--quality-gate/--no-quality-gate",
    ),
]
Rules = Annotated[
    AnyPath | None, Option("Grading rules (YAML); the package's if left out.")
]
