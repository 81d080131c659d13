"""All that decides a training, and what can be wrong with it."""

from dataclasses import dataclass, field
from pathlib import Path

from rkd_keras.errors import InputError

OVERSAMPLINGS = ("copy", "mosaic", "fusion", "mosaic+fusion")
SAMPLINGS = ("natural", "balanced", *OVERSAMPLINGS)


@dataclass
class Settings:
    """All that decides a training; it is what `config.json` holds.

    Attributes:
        data: folder or manifest of the data set.
        out: run directory.
        model: name of the model.
        model_options: further arguments of the model, such as `width`.
        size: side of the square input, in pixels.
        split: name of the split protocol.
        seed: integer that decides everything random.
        split_seed: integer that decides the test part.
        val_fraction: fraction of the training part that is validated on, `None`
            for the protocol's own.
        preset: name of the training preset.
        epochs: epochs, `None` for the preset's.
        batch_size: images per batch, `None` for the preset's.
        learning_rate: highest learning rate, `None` for the preset's.
        label_smoothing: in [0, 1), `None` for the preset's.
        loss: name of the classification loss.
        sampling: `"natural"`, `"balanced"` (classes equally often), or how new
            samples fill up the smaller classes: `"copy"`, `"mosaic"`, `"fusion"`
            or `"mosaic+fusion"`. An epoch stays as long as it was.
        augment: whether images are augmented.
        zoom: largest share of the side that augmentation crops away, `None` for
            the preset's.
        mix: `None`, `"mixup"` or `"cutmix"`.
        clipnorm: largest norm of each gradient, or `None`.
        precision: `"auto"`, `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.
        keep: `"last"` or `"best"` (on validation): which weights are kept.
        deterministic: whether every operation must be reproducible to the bit.
        teacher: path of a teacher's `.keras` file or run directory, or `None`.
        temperature: of Hinton's distillation.
        hard_weight: factor of the hard loss.
        kd_weight: factor of Hinton's distillation.
        distance_weight: factor of the relational distance loss.
        angle_weight: factor of the relational angle loss.
        teacher_views: views whose teacher answers are stored; 0 runs the teacher
            in every step.
        teacher_cache: file in which the teacher's answers are stored, to be shared
            by runs of the same teacher, data and seed; `None` for one in the run
            directory.
        strategy: `"none"`, `"mirrored"` (several GPUs of this machine) or
            `"multi_worker"` (the machines that `TF_CONFIG` names).
        sync_batch_norm: whether batch normalisation takes the statistics of all
            replicas' images instead of each replica's own.
        evaluate: the part on which the finished model is scored, or `"none"`.
        resume: whether to continue a run.
        overwrite: whether to begin again in a folder that holds a run.
        strict: whether an image that cannot be decoded stops the run.
        quiet: whether no progress is shown.
    """

    data: str
    out: str
    model: str = "resnet18"
    model_options: dict = field(default_factory=dict)
    size: int = 64
    split: str = "holdout"
    seed: int = 0
    split_seed: int = 0
    val_fraction: float = None
    preset: str = "fast"
    epochs: int = None
    batch_size: int = None
    learning_rate: float = None
    label_smoothing: float = None
    loss: str = "cross_entropy"
    sampling: str = "natural"
    augment: bool = True
    zoom: float = None
    mix: str = None
    clipnorm: float = None
    precision: str = "auto"
    keep: str = "last"
    deterministic: bool = False
    teacher: str = None
    temperature: float = 4.0
    hard_weight: float = 1.0
    kd_weight: float = 1.0
    distance_weight: float = 25.0
    angle_weight: float = 50.0
    teacher_views: int = 8
    teacher_cache: str = None
    strategy: str = "none"
    sync_batch_norm: bool = False
    evaluate: str = "test"
    resume: bool = False
    overwrite: bool = False
    strict: bool = False
    quiet: bool = False


def check_settings(settings):
    """Raise `InputError` for a value or a pair of values that makes no sense."""
    for name, known in (
        ("sampling", SAMPLINGS),
        ("keep", ("last", "best")),
        ("strategy", ("none", "mirrored", "multi_worker")),
        ("evaluate", ("test", "val", "train", "none")),
        ("mix", (None, "mixup", "cutmix")),
    ):
        value = getattr(settings, name)
        if value not in known:
            shown = ", ".join(str(k) for k in known if k)
            raise InputError(f"{name} must be one of {shown}, not {value!r}")
    if settings.mix and settings.teacher and settings.teacher_views:
        raise InputError(
            "mix cannot be used with stored teacher answers, for the teacher never "
            "saw the mixed images; give --teacher-views 0"
        )


def choose_precision(precision):
    """Return the dtype policy's name; `"auto"` asks the hardware.

    bfloat16 is chosen where the processor multiplies it (AVX512-BF16 or AMX) or
    a GPU is of compute capability 8 or more: about 1.5 times as fast on such a
    processor.
    """
    known = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
    if precision not in known:
        raise InputError(
            f"precision must be one of {', '.join(known)}, not {precision!r}"
        )
    if precision != "auto":
        return precision
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        capability = tf.config.experimental.get_device_details(gpu).get(
            "compute_capability", (0, 0)
        )
        return "mixed_bfloat16" if capability >= (8, 0) else "float32"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return "float32"
    fast = "avx512_bf16" in flags or "amx_bf16" in flags
    return "mixed_bfloat16" if fast else "float32"
