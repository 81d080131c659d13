"""The named ways to divide a data set: their names, their counts, their help."""

from typing import Annotated

from rkd_keras.options import Option

TEST_PER_CLASS = 100
TRAIN_PER_CLASS = 200
LONG_TAIL = {
    "neu-lt10": (200, 126, 80, 50, 32, 20),
    "neu-lt20": (200, 110, 60, 33, 18, 10),
}
# For choosing settings; a line with so few images would not have them.
FEW_VAL_PER_CLASS = 50
FEW = {"neu-few10": 10, "neu-few20": 20, "neu-few50": 50}
# What the name of a protocol ends with that divides no overlapping images.
GROUPED = "-grouped"
_NEU = ("neu-600", *LONG_TAIL, *FEW)
_PLAIN = ("holdout", "given", *_NEU)
PROTOCOLS = (*_PLAIN, *(name + GROUPED for name in _NEU))

# `make_split` refuses a name that is none of them.
Protocol = Annotated[
    str,
    Option(
        f"{', '.join(_PLAIN)}, or one of the neu-... with {GROUPED} behind it, which "
        "divides no overlapping images."
    ),
]


def grouping_of(protocol, groups=None):
    """Return what a split keeps together: as it is told, or as its protocol has it.

    Args:
        protocol: one of `PROTOCOLS`.
        groups: as of `make_split`. Defaults to `None`.

    Returns:
        What `find_groups` takes.

    Example:
        >>> grouping_of("neu-600"), grouping_of("neu-600-grouped")
        ('none', 'overlap')
    """
    if groups is not None:
        return groups
    keeps = protocol == "holdout" or protocol.endswith(GROUPED)
    return "overlap" if keeps else "none"


def draws_training_images(protocol):
    """Tell whether the seed, not the split seed alone, decides what is trained on.

    Args:
        protocol: one of `PROTOCOLS`.

    Returns:
        Whether it draws few or unbalanced training images.

    Example:
        >>> draws_training_images("neu-600"), draws_training_images("neu-few10-grouped")
        (False, True)
    """
    return protocol.removesuffix(GROUPED) in {*LONG_TAIL, *FEW}
