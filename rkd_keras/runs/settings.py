"""All that decides a training, each option said once."""

import json
from dataclasses import InitVar, asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from rkd_keras.data.reading.protocols import Protocol, grouping_of
from rkd_keras.errors import OptionError
from rkd_keras.options import (
    LARGEST_SIDE,
    AnyPath,
    AnySize,
    Data,
    Groups,
    MemoryMb,
    Model,
    Option,
    Overwrite,
    Precision,
    Quiet,
    Resume,
    Seed,
    SplitSeed,
    StemStride,
    Strict,
    ValFraction,
    Width,
    as_kind,
    documented,
    is_optional,
    option_of,
)
from rkd_keras.runs.settings_check import check_together
from rkd_keras.runs.settings_command import command_of

OVERSAMPLINGS = ("copy", "mosaic", "fusion", "mosaic+fusion")
SAMPLINGS = ("natural", "balanced", *OVERSAMPLINGS)
IMAGENET_SIZES = {"efficientnet_lite1": 240, "efficientnet_lite2": 260}
MONITORS = ("val_accuracy", "val_macro_recall", "val_gmean")
# What only a distillation has.
DISTILLATION = (
    *("teacher", "temperature", "hard_weight", "kd_weight", "distance_weight"),
    *("angle_weight", "teacher_views", "teacher_cache", "unlabelled", "any_size"),
)
# What may differ between a run and its continuation.
FREE = (
    *("out", "resume", "overwrite", "strict", "quiet", "teacher_cache", "strategy"),
    "evaluate",
)


@documented
@dataclass
class Settings:
    """All that decides a training; it is what `config.json` holds.

    The fields are the options of `train` and `distill`: their types, defaults, ranges
    and explanations stand here and nowhere else.

    Example:
        >>> settings = Settings("NEU-DET", "runs/teacher", model="sarsn34", width=0.5)
        >>> settings.command()
        'rkd-keras train --data NEU-DET --model sarsn34 --out runs/teacher --width 0.5'
    """

    data: Data
    out: Annotated[AnyPath, Option("Run directory to write.")]
    model: Model = "resnet18"
    width: InitVar[Width] = 1.0
    stem_stride: InitVar[StemStride] = 1
    model_options: Annotated[
        dict | None,
        Option("Further arguments of the model.", flag="--model-option", pairs=True),
    ] = None
    weights: Annotated[
        str | None,
        Option(
            "What the network starts from: imagenet, whose head alone is then trained; "
            "neu, which comes with the package; or a weights or .keras file, of which "
            "every layer is taken that fits."
        ),
    ] = None
    head_views: Annotated[
        int,
        Option("Seeded views that the head of imagenet is trained on.", at_least=1),
    ] = 8
    unfreeze: Annotated[
        int,
        Option(
            "Last stages of the network of imagenet that are trained after its head, "
            "batch normalisation left as it is.",
            at_least=0,
        ),
    ] = 0
    size: Annotated[
        int | None,
        Option(
            "Side of the square input in pixels; 64, or what imagenet was learnt at.",
            at_least=8,
            at_most=LARGEST_SIDE,
        ),
    ] = None
    split: Protocol = "holdout"
    groups: Groups = None
    seed: Seed = 0
    split_seed: SplitSeed = 0
    val_fraction: ValFraction = None
    preset: Annotated[
        str | None,
        Option(
            "Training preset: fast, paper or fine_tune; fast, or with unfreeze "
            "fine_tune, if left out."
        ),
    ] = None
    epochs: Annotated[
        int | None, Option("Epochs (the preset's if left out).", at_least=1)
    ] = None
    batch_size: Annotated[int | None, Option("Images per batch.", at_least=1)] = None
    batch_parts: Annotated[
        int,
        Option(
            "Parts of a batch that are learnt side by side, each on its own processor "
            "cores; batch normalisation sees a part.",
            at_least=1,
        ),
    ] = 1
    learning_rate: Annotated[
        float | None, Option("Highest learning rate.", above=0)
    ] = None
    label_smoothing: Annotated[
        float | None, Option("Label smoothing, in [0, 1).", at_least=0, below=1)
    ] = None
    loss: Annotated[str, Option("Classification loss, see the guide.")] = (
        "cross_entropy"
    )
    sampling: Annotated[
        str,
        Option(
            "natural; balanced: all classes equally often; copy, mosaic, fusion, "
            "mosaic+fusion: new samples fill up the smaller classes.",
            choices=SAMPLINGS,
        ),
    ] = "natural"
    augment: Annotated[bool, Option("Whether images are augmented.")] = True
    quarter_turns: Annotated[
        bool | None,
        Option("Whether augmentation turns images, beside mirroring them."),
    ] = None
    zoom: Annotated[
        float | None,
        Option(
            "Largest share of the side that augmentation crops away.",
            at_least=0,
            below=1,
        ),
    ] = None
    mix: Annotated[
        str | None, Option("mixup or cutmix.", choices=("mixup", "cutmix"))
    ] = None
    clipnorm: Annotated[
        float | None, Option("Largest norm of each gradient.", above=0)
    ] = None
    precision: Precision = "auto"
    keep: Annotated[
        str,
        Option(
            "Weights to keep: last, or best on validation.", choices=("last", "best")
        ),
    ] = "last"
    monitor: Annotated[
        str | None,
        Option(
            "What --keep best goes by: val_accuracy, val_macro_recall or val_gmean; "
            "val_gmean where classes are unbalanced, else val_accuracy, if left out.",
            choices=MONITORS,
        ),
    ] = None
    deterministic: Annotated[bool, Option("Reproducible to the bit; slower.")] = False
    teacher: Annotated[
        AnyPath | None, Option("The teacher's run directory or .keras file.")
    ] = None
    temperature: Annotated[float, Option("Softens probabilities.", above=0)] = 4.0
    hard_weight: Annotated[float, Option("Of the labels' loss.", at_least=0)] = 1.0
    kd_weight: Annotated[float, Option("Of Hinton's distillation.", at_least=0)] = 1.0
    distance_weight: Annotated[float, Option("Of RKD distances.", at_least=0)] = 25.0
    angle_weight: Annotated[float, Option("Of RKD angles.", at_least=0)] = 50.0
    teacher_views: Annotated[
        int, Option("Views with stored teacher answers; 0 stores none.", at_least=0)
    ] = 8
    teacher_cache: Annotated[
        AnyPath | None,
        Option("Folder that stores the teacher's answers, shared by runs of one seed."),
    ] = None
    unlabelled: Annotated[
        AnyPath | None,
        Option(
            "Folder of further images, without labels, on which the teacher's answers "
            "are learnt; those of the data set's own parts are left out."
        ),
    ] = None
    any_size: AnySize = False
    strategy: Annotated[
        str | None,
        Option(
            "none, mirrored: all GPUs here, or multi_worker: the machines of "
            "TF_CONFIG, which is chosen by itself where TF_CONFIG names several.",
            choices=("none", "mirrored", "multi_worker"),
        ),
    ] = None
    sync_batch_norm: Annotated[
        bool,
        Option("Batch normalisation over the images of all replicas; slower."),
    ] = False
    evaluate: Annotated[
        str,
        Option(
            "Part to score the finished model on, or none.",
            choices=("test", "val", "train", "none"),
        ),
    ] = "test"
    resume: Resume = False
    overwrite: Overwrite = False
    memory_mb: MemoryMb = None
    strict: Strict = False
    quiet: Quiet = False

    def __post_init__(self, width: float, stem_stride: int) -> None:
        """Make of every value what JSON can hold."""
        options = dict(as_kind("model_options", dict | None, self.model_options) or {})
        # Where a network has a width of its own, the neutral 1 must not undo it.
        if width != 1.0:
            options = {"width": width, **options}
        if stem_stride != 1:
            options = {**options, "stem_stride": stem_stride}
        self.model_options = options
        if self.size is None:
            self.size = 64
            if self.weights == "imagenet":
                self.size = IMAGENET_SIZES.get(self.model, 224)
        if self.preset is None:
            self.preset = "fine_tune" if self.unfreeze else "fast"
        for name in ("data", "out", "teacher", "teacher_cache", "unlabelled"):
            value = getattr(self, name)
            setattr(self, name, None if value is None else str(value))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Settings":
        """Make settings of what a `config.json` holds, also of an older version.

        Args:
            config: dict; what this version does not know is passed over.

        Returns:
            The `Settings`.
        """
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in config.items() if name in known}
        if "split" in config and "groups" not in config:
            # An older version divided them whatever the protocol.
            asked = grouping_of(config["split"])
            values["groups"] = None if asked == "none" else "none"
        return cls(**{"data": "", "out": "", **values})

    def to_config(self) -> dict[str, Any]:
        """Return what `config.json` holds: a dict that JSON can hold."""
        return json.loads(json.dumps(asdict(self)))

    def check(self) -> None:
        """Check every value, and those that must go together.

        Raises:
            OptionError: for a value that is out of its range.
            InputError: for values that exclude each other.
        """
        for name, (kind, option) in OPTIONS.items():
            if option is None:
                continue
            is_of_model = name in ("width", "stem_stride")
            values = self.model_options if is_of_model else vars(self)
            value = as_kind(name, kind, values.get(name))
            if value is None and name in values and not is_optional(kind)[0]:
                raise OptionError(name, "cannot be None")
            option.check(name, value)
            # Paths stay the texts that JSON can hold.
            if name in values and not isinstance(value, Path):
                values[name] = value
        check_together(self)

    def command(self, data: str | None = None) -> str:
        """Write the command that trains with these settings.

        Args:
            data: what to write for the data set. Defaults to its path.

        Returns:
            Text, options at their defaults left out.
        """
        return command_of(self, data, DISTILLATION)


def _options():
    import typing

    hints = typing.get_type_hints(Settings, include_extras=True)
    return {name: option_of(hint) for name, hint in hints.items()}


OPTIONS = _options()
