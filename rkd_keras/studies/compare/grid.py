"""The rows of a comparison: models times losses times splits times seeds."""

import re
from dataclasses import dataclass, replace

from rkd_keras.errors import InputError
from rkd_keras.runs.settings import SAMPLINGS

# Sets of rows by name. `STUDENT@TEACHER` is a distilled student, `NAME:option=value`
# a network with other arguments, `FEATURES+CLASSIFIER` a classical pipeline.
MODEL_SETS = {
    # Table 6, each row the network that its parameter count identifies.
    "paper": (
        "googlenet",
        "densenet121",
        "inception_v3",
        "squeezenet",
        "mobilenet_v1",
        "resnet101",
        "resnext50",
        "se_resnet101",
        "sarsn101",
        "resnet18@sarsn101",
    ),
    # Figure 15.
    "fig15": tuple(
        f"{family}{depth}"
        for depth in (34, 50, 101)
        for family in ("resnet", "se_resnet", "sarsn")
    ),
    # Figure 15 at depth 34, with both forms of SADDT and DRSN's soft threshold.
    "thresholds": (
        "resnet34",
        "se_resnet34",
        "sarsn34:threshold=soft",
        "sarsn34:form=paper",
        "sarsn34:form=continuous",
    ),
    # Figure 17.
    "classical": tuple(
        f"{features}+{classifier}"
        for features in ("gabor", "lbp", "hog")
        for classifier in ("svm", "knn")
    ),
    # Table 4 and Figure 13.
    "distilled": tuple(
        student if teacher is None else f"{student}@{teacher}"
        for student in ("resnet18", "resnet34")
        for teacher in (None, "sarsn34", "sarsn50", "sarsn101")
    ),
    # Students for the line, under a teacher that they can afford to wait for.
    "edge": tuple(
        f"{student}@sarsn34:stem_stride=2"
        for student in (
            "edge_resnet_small",
            "edge_resnet_tiny",
            "resnet18:width=0.5:stem_stride=2",
            "resnet18:width=0.25:stem_stride=2:stage_strides=[2,2,2,1]",
            "resnet18:width=0.25:stem_stride=2:stage_strides=[2,2,2,2]",
            "resnet18:width=0.1875:stem_stride=2:stage_strides=[2,2,2,1]",
            "resnet18:width=0.125:stem_stride=2:stage_strides=[2,2,2,1]",
            "mobilenet_v1:width=0.25:stem_stride=2",
        )
    ),
}
PLAIN_LOSS = "cross_entropy"


@dataclass(frozen=True)
class Network:
    """A network and its arguments: what is written `NAME:option=value`.

    Attributes:
        label: as it was written.
        model: name in the zoo.
        options: tuple of `(argument, value)`.
    """

    label: str
    model: str
    options: tuple = ()


@dataclass(frozen=True)
class Row:
    """One training of the comparison.

    Attributes:
        label: the entry of `--models`.
        network: a `Network`, or `None` for a classical pipeline.
        pipeline: `(features, classifier)`, or `None` for a network.
        teacher: the teacher's `Network`, or `None`.
        loss: the entry of `--losses`, `LOSS` or `LOSS+SAMPLING`.
        split: name of the split protocol.
        seed: integer.
    """

    label: str
    network: Network | None
    pipeline: tuple | None
    teacher: Network | None
    loss: str
    split: str
    seed: int

    @property
    def key(self):
        """Name that no other row has, fit for a folder."""
        parts = (self.label, self.loss, self.split, f"seed{self.seed}")
        return re.sub(r"[^A-Za-z0-9_.@=+-]", ",", "__".join(parts))

    @property
    def group(self):
        """What its seeds are averaged over."""
        return (self.label, self.loss, self.split)

    @property
    def loss_and_sampling(self):
        """The loss and how classes are drawn."""
        loss, _, sampling = self.loss.partition("+")
        return loss, sampling or "natural"

    def teacher_row(self):
        """The row that trains this row's teacher."""
        return replace(
            self,
            label=self.teacher.label,
            network=self.teacher,
            teacher=None,
            loss=PLAIN_LOSS,
        )


def parse_models(text):
    """Read `--models`: sets and entries, separated by commas.

    Args:
        text: for example `"paper,resnet18:width=0.5@sarsn34"`.

    Returns:
        List of `(label, network, pipeline, teacher)`, each label once.

    Raises:
        InputError: for an unknown name, which lists the known ones.
    """
    entries = {}
    for entry in _entries(text, "--models"):
        for label in MODEL_SETS.get(entry, (entry,)):
            entries[label] = _parse_model(label)
    return [(label, *parts) for label, parts in entries.items()]


def _parse_model(label):
    if "+" in label:
        from rkd_keras.evaluate.classical import CLASSIFIERS, FEATURES

        features, _, classifier = label.partition("+")
        if features not in FEATURES or classifier not in CLASSIFIERS:
            raise InputError(
                f"unknown pipeline {label!r}; give one of {', '.join(FEATURES)}, a "
                f"plus sign, and one of {', '.join(CLASSIFIERS)}"
            )
        return None, (features, classifier), None
    student, at, teacher = label.partition("@")
    return _parse_network(student), None, _parse_network(teacher) if at else None


def _parse_network(text):
    import yaml

    from rkd_keras.models import list_models

    name, *options = text.split(":")
    if name not in list_models():
        raise InputError(
            f"unknown model {name!r}; the known ones are {', '.join(list_models())}, "
            f"and the sets {', '.join(MODEL_SETS)}"
        )
    pairs = []
    for option in options:
        argument, equals, value = option.partition("=")
        if not equals:
            raise InputError(f"{option!r} in --models {text} must be argument=value")
        value = yaml.safe_load(value)
        pairs.append((argument, tuple(value) if isinstance(value, list) else value))
    return Network(text, name, tuple(pairs))


def parse_losses(text):
    """Read `--losses`: names, `NAME+balanced`, or `all`.

    Args:
        text: for example `"cross_entropy,ldam,cross_entropy+mosaic"`; `all` is
            every loss, and cross-entropy with every other sampling.

    Returns:
        List of entries, each once.

    Raises:
        InputError: for an unknown name, which lists the known ones.
    """
    from rkd_keras.losses import LOSSES

    entries = {}
    for entry in _entries(text, "--losses"):
        if entry == "all":
            entries.update(dict.fromkeys(LOSSES))
            entries.update(
                dict.fromkeys(f"{PLAIN_LOSS}+{name}" for name in SAMPLINGS[1:])
            )
            continue
        loss, _, sampling = entry.partition("+")
        if loss not in LOSSES:
            raise InputError(
                f"unknown loss {loss!r}; the known ones are {', '.join(LOSSES)}, all"
            )
        if sampling not in ("", *SAMPLINGS):
            raise InputError(
                f"unknown sampling {sampling!r} in --losses {entry}; the known ones "
                f"are {', '.join(SAMPLINGS)}"
            )
        entries[entry] = None
    return list(entries)


def parse_names(text, option):
    """Read names separated by commas, each once."""
    return list(dict.fromkeys(_entries(text, option)))


def _entries(text, option):
    # Commas within brackets belong to the entry: stage_strides=[2,2,2,1].
    parts = re.split(r",(?![^\[]*\])", text)
    entries = [entry.strip() for entry in parts if entry.strip()]
    if not entries:
        raise InputError(f"{option} must name at least one; it is empty")
    return entries


def make_rows(models, losses, splits, seeds):
    """Multiply everything out, teachers before their students.

    Seeds are the outermost, so that each model is seen once before any is seen
    twice.

    Args:
        models: list of `parse_models`.
        losses: list of `parse_losses`; classical pipelines know none and appear
            once.
        splits: list of names.
        seeds: iterable of integers.

    Returns:
        List of `Row`. Teachers that are no entry themselves are not in it, see
        `Row.teacher_row`.
    """
    rows = []
    for seed in seeds:
        for split in splits:
            for loss in losses:
                batch = []
                for label, network, pipeline, teacher in models:
                    if pipeline is None:
                        name = loss
                    elif loss == losses[0]:
                        name = "-"
                    else:
                        continue
                    row = Row(label, network, pipeline, teacher, name, split, seed)
                    batch.append(row)
                rows += sorted(batch, key=lambda row: row.teacher is not None)
    return rows
