"""The options of the migration between two lines, each said once."""

import json
from dataclasses import InitVar, asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import OptionError
from rkd_keras.options import (
    AnyPath,
    AnyPaths,
    Model,
    Option,
    Overwrite,
    Precision,
    Quiet,
    Resume,
    Seed,
    Size,
    StemStride,
    Width,
)

Rename = Annotated[
    list[str] | dict[str, str] | None,
    Option(
        "Class of line A=class of line B, repeatable (in Python a dict does as well); "
        "other classes are left out. All classes under their own names if left out.",
        flag="--map",
    ),
]
Background = Annotated[
    AnyPaths,
    Option("Defect-free images of line B: folder or glob; repeatable."),
]


@dataclass
class MigrationSettings:
    """All that decides the training of a CycleGAN; it is what `config.json` holds.

    The fields are the options of `migrate.train`.
    """

    a: Annotated[
        AnyPaths, Option("Images of line A: folder, file or glob; repeatable.")
    ]
    b: Annotated[AnyPaths, Option("Images of line B, labels not needed; repeatable.")]
    out: Annotated[AnyPath, Option("Run directory to write.")]
    size: Annotated[
        int,
        Option(
            "Side in pixels, a multiple of 4, 64 to 256.", at_least=16, at_most=1024
        ),
    ] = 64
    epochs: Annotated[int, Option("Epochs.", at_least=1)] = 100
    batch_size: Annotated[int, Option("Images of each line per step.", at_least=1)] = 1
    learning_rate: Annotated[float, Option("Highest learning rate.", above=0)] = 2e-4
    decay_start: Annotated[
        float,
        Option(
            "Share of the training after which the rate falls to zero on a line.",
            at_least=0,
            at_most=1,
        ),
    ] = 0.5
    cycle_weight: Annotated[
        float, Option("Weight of cycle consistency (lambda 1).", at_least=0)
    ] = 10.0
    identity_weight: Annotated[
        float, Option("Weight of the identity loss (lambda 2); 0 is off.", at_least=0)
    ] = 5.0
    gan_mode: Annotated[
        str, Option("lsgan or vanilla.", choices=("lsgan", "vanilla"))
    ] = "lsgan"
    pool_size: Annotated[
        int, Option("Generated images kept for the discriminators.", at_least=0)
    ] = 50
    filters: Annotated[int, Option("Filters of the first layers.", at_least=1)] = 64
    blocks: Annotated[
        int | None,
        Option("Residual blocks (6 below 256 pixels, else 9).", at_least=1),
    ] = None
    depth: Annotated[
        int, Option("Strided layers of the discriminators.", at_least=1)
    ] = 3
    upsampling: Annotated[
        str,
        Option(
            "transpose, or resize (no checkerboards).", choices=("transpose", "resize")
        ),
    ] = "transpose"
    residual: Annotated[bool, Option("Generators add to the image they are given.")] = (
        False
    )
    match_levels: Annotated[
        bool,
        Option("First give all images line B's brightness, and no more contrast."),
    ] = False
    grey: Annotated[
        bool | None,
        Option("One channel (when both lines are grey, if left out)."),
    ] = None
    sample_every: Annotated[
        int, Option("Epochs between two pictures of samples.", at_least=1)
    ] = 5
    seed: Seed = 0
    precision: Precision = "auto"
    resume: Resume = False
    overwrite: Overwrite = False
    quiet: Quiet = False

    def __post_init__(self):
        """Make of every path what JSON can hold.

        Raises:
            OptionError: for a size that the networks cannot halve twice.
        """
        self.a, self.b, self.out = _texts(self.a), _texts(self.b), str(self.out)
        if self.size % 4:
            raise OptionError(
                "size", f"must be a multiple of 4 from 16 on, not {self.size}"
            )

    def to_config(self):
        """Return what `config.json` holds: a dict that JSON can hold."""
        return json.loads(json.dumps(asdict(self)))


@dataclass
class EvaluationSettings:
    """All that decides an evaluation of migrated samples.

    The fields are the options of `migrate.evaluate`.
    """

    a: Annotated[AnyPath, Option("Labelled data set of line A.")]
    b: Annotated[AnyPath, Option("Labelled data set of line B.")]
    rename: Annotated[
        list[str] | dict[str, str],
        Option(
            "Class of A=class of B; repeatable, at least two (in Python a dict does "
            "as well).",
            flag="--map",
        ),
    ]
    background: Background
    out: Annotated[AnyPath, Option("Folder to write.")]
    run: Annotated[
        AnyPath | None,
        Option(
            "Run directory of migrate train, A to B; it must not have seen line B's "
            "images of the mapped classes. Without it CycleGAN is left out."
        ),
    ] = None
    classifier: Annotated[
        AnyPath | None,
        Option(
            "Classifier (run directory or .keras) in whose embedding FID and KID are "
            "measured."
        ),
    ] = None
    shots: Annotated[str, Option("Real line-B samples of each class, with commas.")] = (
        "0,5,20"
    )
    seeds: Annotated[int, Option("Trainings of each, seeds 0, 1, ...", at_least=1)] = 3
    steps: Annotated[int, Option("Training steps, the same for all.", at_least=1)] = 800
    made_first: Annotated[
        bool,
        Option(
            "Half of the steps on line A's, blended or migrated samples, then the real "
            "ones alone. Together if left out."
        ),
    ] = False
    model: Model = "resnet18"
    width: InitVar[Width] = 0.5
    stem_stride: InitVar[StemStride] = 2
    model_options: dict = field(default_factory=dict, init=False)
    size: Size = 64
    frozen: Annotated[
        bool,
        Option(
            "Also heads on the frozen features of a network that ImageNet taught: with "
            "k labels, and line A's by coral, dann and pseudo with none (extra "
            "imagenet)."
        ),
    ] = False
    figure10: Annotated[
        bool,
        Option(
            "Also the paper's Figure 10: a classifier trained and tested on the "
            "original, another on the migrated samples of all classes."
        ),
    ] = True
    precision: Precision = "auto"
    resume: Resume = False
    overwrite: Overwrite = False
    quiet: Quiet = False

    def __post_init__(self, width, stem_stride):
        """Read the shots and make of every path what JSON can hold.

        Raises:
            OptionError: for shots that are no numbers, or steps too few to divide.
        """
        for name in ("a", "b", "out", "run", "classifier"):
            value = getattr(self, name)
            setattr(self, name, None if value is None else str(value))
        self.background = _texts(self.background)
        if isinstance(self.rename, dict):
            self.rename = [f"{a}={b}" for a, b in self.rename.items()]
        self.shots = _counts(self.shots)
        self.model_options = {
            name: value
            for name, value in (("width", width), ("stem_stride", stem_stride))
            if value != 1
        }
        if self.made_first and self.steps < 2:
            raise OptionError("steps", "must be at least 2 to be divided, not 1")

    def to_config(self):
        """Return what `config.json` holds: a dict that JSON can hold."""
        return json.loads(json.dumps(asdict(self)))


def _counts(shots):
    try:
        words = shots.split(",") if isinstance(shots, str) else shots
        counts = sorted({int(word) for word in words})
    except (TypeError, ValueError) as error:
        raise OptionError(
            "shots", f"must be numbers with commas, not {shots!r}"
        ) from error
    if not counts or counts[0] < 0:
        raise OptionError("shots", f"must not be negative, not {shots!r}")
    return counts


def _texts(paths):
    if isinstance(paths, str | Path):
        paths = [paths]
    return [str(path) for path in paths]
