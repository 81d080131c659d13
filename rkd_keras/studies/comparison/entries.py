"""Read what a comparison is asked for: `--models`, `--losses`, `--split`."""

import re

from rkd_keras.errors import InputError
from rkd_keras.runs.settings import SAMPLINGS
from rkd_keras.studies.comparison.grid import PLAIN_LOSS, Network, make_rows
from rkd_keras.studies.comparison.model_sets import MODEL_SETS
from rkd_keras.studies.comparison.published import PAIR


def parse_models(text):
    """Read `--models`: sets and entries, separated by commas.

    Args:
        text: for example `"paper,resnet18:width=0.5@sarsn34"`.

    Returns:
        List of `(entry, network, pipeline, teacher)`, each entry once.

    Raises:
        InputError: for an unknown name, which lists the known ones.
    """
    found = {}
    for word in _entries(text, "--models"):
        for written in MODEL_SETS.get(word, (word,)):
            entry, *parts = _parse_model(written)
            found.setdefault(entry, (entry, *parts))
    return list(found.values())


def _parse_model(entry):
    if "+" in entry:
        from rkd_keras.evaluate.classical import CLASSIFIERS, FEATURES

        features, _, classifier = entry.partition("+")
        if features not in FEATURES or classifier not in CLASSIFIERS:
            raise InputError(
                f"unknown pipeline {entry!r}; give one of {', '.join(FEATURES)}, a "
                f"plus sign, and one of {', '.join(CLASSIFIERS)}"
            )
        return entry, None, (features, classifier), None
    student, at, teacher = entry.partition("@")
    student, teacher = _parse_network(student), _parse_network(teacher) if at else None
    entry = f"{student.entry}@{teacher.entry}" if teacher else student.entry
    return entry, student, None, teacher


def _parse_network(text):
    import yaml

    from rkd_keras.models import list_models

    name, *options = text.split(":")
    if name not in list_models():
        raise InputError(
            f"unknown model {name!r}; the known ones are {', '.join(list_models())}, "
            f"and the sets {', '.join(MODEL_SETS)}"
        )
    pairs = {}
    for option in options:
        argument, equals, value = option.partition("=")
        if not equals:
            raise InputError(f"{option!r} in --models {text} must be argument=value")
        if argument in pairs:
            raise InputError(f"--models {text} gives {argument} twice; give it once")
        pairs[argument] = yaml.safe_load(value)
    return Network.of(name, pairs)


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


def has_edge_set(models):
    """Tell whether the set of edge networks is among `--models`, a text."""
    return "edge" in _entries(models, "--models")


def parse_wanted(models):
    """Read `--models` where finished runs are chosen by it.

    With the set of edge networks the paper's teacher and student are wanted too.

    Args:
        models: text, or `None` for all.

    Returns:
        As `parse_models`, or `None`.
    """
    if models is None or not has_edge_set(models):
        return None if models is None else parse_models(models)
    return parse_models(",".join((models, *PAIR)))


def published_pair(models, rows):
    """Make rows of the paper's teacher and student for the edge set's plot.

    Args:
        models: the text of `--models`, or `None`.
        rows: list of the comparison's `Row`.

    Returns:
        List of `Row`; those that the comparison has are left out.
    """
    if models is None or not has_edge_set(models):
        return []
    first = rows[0]
    pair = make_rows(parse_models(",".join(PAIR)), [first.loss], [first.split], [0])
    present = {row.entry for row in rows}
    return [row for row in pair if row.entry not in present]
