"""The rows of a comparison: models times losses times splits times seeds."""

import json
import re
from dataclasses import dataclass, replace

PLAIN_LOSS = "cross_entropy"
# The options that come first in an entry; the others follow by their names.
FIRST = ("width", "stem_stride", "stage_strides")


@dataclass(frozen=True)
class Network:
    """A network and its arguments: what is written `NAME:option=value`.

    Two that differ in the order or the spelling of their options are equal.

    Attributes:
        model: name in the zoo.
        options: tuple of `(argument, value)`, in one order.
    """

    model: str
    options: tuple = ()

    @classmethod
    def of(cls, model, options):
        """Put a network's options in order.

        Args:
            model: name in the zoo.
            options: dict of arguments.

        Returns:
            A `Network`.
        """

        def place(name):
            return FIRST.index(name) if name in FIRST else len(FIRST), name

        names = sorted(options, key=place)
        return cls(model, tuple((name, _hashable(options[name])) for name in names))

    @property
    def entry(self):
        """The network as it is written: `resnet18:width=0.5:stem_stride=2`."""
        words = (f"{name}={_written(value)}" for name, value in self.options)
        return ":".join((self.model, *words))


@dataclass(frozen=True)
class Row:
    """One training of the comparison.

    Attributes:
        entry: what names it in `--models`; `rows.jsonl` calls it `label`.
        network: a `Network`, or `None` for a classical pipeline.
        pipeline: `(features, classifier)`, or `None` for a network.
        teacher: the teacher's `Network`, or `None`.
        loss: the entry of `--losses`, `LOSS` or `LOSS+SAMPLING`.
        split: name of the split protocol.
        seed: integer.
    """

    entry: str
    network: Network | None
    pipeline: tuple | None
    teacher: Network | None
    loss: str
    split: str
    seed: int

    @property
    def key(self):
        """Name that no other row has, fit for a folder."""
        parts = (self.entry, self.loss, self.split, f"seed{self.seed}")
        return re.sub(r"[^A-Za-z0-9_.@=+-]", ",", "__".join(parts))

    @property
    def group(self):
        """What its seeds are averaged over."""
        return (self.entry, self.loss, self.split)

    @property
    def loss_and_sampling(self):
        """The loss and how classes are drawn."""
        loss, _, sampling = self.loss.partition("+")
        return loss, sampling or "natural"

    def teacher_row(self):
        """The row that trains this row's teacher."""
        return replace(
            self,
            entry=self.teacher.entry,
            network=self.teacher,
            teacher=None,
            loss=PLAIN_LOSS,
        )


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
                for entry, network, pipeline, teacher in models:
                    if pipeline is None:
                        name = loss
                    elif loss == losses[0]:
                        name = "-"
                    else:
                        continue
                    row = Row(entry, network, pipeline, teacher, name, split, seed)
                    batch.append(row)
                rows += sorted(batch, key=lambda row: row.teacher is not None)
    return rows


def _hashable(value):
    return tuple(value) if isinstance(value, list) else value


def _written(value):
    """Write a value as `--models` reads it."""
    if isinstance(value, tuple):
        return f"[{','.join(map(_written, value))}]"
    return json.dumps(value) if isinstance(value, bool | None) else str(value)
