"""A new column of a linear head out of a few images, nothing else being trained."""

from dataclasses import dataclass

import numpy as np

from rkd_keras.errors import InputError

# How the direction of the new class is made; what is chosen from.
KINDS = ("mean", "centred", "whitened")
# Its length, as a factor on the mean length of the head's columns.
SCALES = (0.25, 0.5, 1.0, 2.0)
# How far the new class stays away from the nearest image of an old one, as a share of
# the way from it to the median one.
RETREATS = (0.0, 0.05, 0.1, 0.2)
# Share of images of the old classes that the new one may take.
BUDGET = 0.005


@dataclass(frozen=True)
class ClassPrototype:
    """The column that a new class adds to a head, and how it was chosen.

    Attributes:
        kernel: array `(features,)`, float32.
        bias: its bias.
        kind: `"mean"`: the normalised mean of the features; `"centred"`: of their
            difference from the mean of the old classes; `"whitened"`: of that
            difference divided by the covariance within the old classes.
        scale: length, as a factor on the mean length of the head's columns.
        retreat: distance from the nearest image of an old class, see `RETREATS`.
        rehearsed_recall: mean recall in [0, 1] of an old class that was treated as new
            with as many images.
        rehearsed_loss: mean share of the other classes' images that it took.

    Example:
        >>> ClassPrototype(np.zeros(8), 0.0, "mean", 1.0, 0.0, 0.9, 0.0).kind
        'mean'
    """

    kernel: np.ndarray
    bias: float
    kind: str
    scale: float
    retreat: float
    rehearsed_recall: float
    rehearsed_loss: float


def class_prototype(new, train, train_labels, val, val_labels, kernel, bias, seed=0):
    """Make the column of a head for a class of which there are a few images.

    The direction is that of a prototype; its bias is as high as the old classes allow,
    of which no training or validation image may change its class. Kind, scale and
    retreat are chosen by rehearsal: each old class in turn is taken out of the head and
    put back by as many of its training images as the new class has. The bias is set on
    one half of the validation images and judged on the other. What takes at most half
    a per cent of the other classes' images, and finds most of the class, is taken.

    Args:
        new: features of the new class, `(n, features)`, at least one row.
        train: features of training images, `(m, features)`.
        train_labels: their labels, `(m,)`.
        val: features of validation images, `(v, features)`.
        val_labels: their labels, `(v,)`.
        kernel: of the head, `(features, classes)`.
        bias: of the head, `(classes,)`.
        seed: integer that decides the images of the rehearsal. Defaults to `0`.

    Returns:
        A `ClassPrototype`.

    Raises:
        InputError: when the arrays do not belong together, or the head has fewer than
            two classes.

    Reference:
        - Snell, Swersky and Zemel, "Prototypical Networks for Few-shot Learning",
          NeurIPS 2017; Qi, Brown and Lowe, "Low-Shot Learning with Imprinted Weights",
          CVPR 2018.
        - Ledoit and Wolf, "A Well-Conditioned Estimator for Large-Dimensional
          Covariance Matrices", Journal of Multivariate Analysis, 2004.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.arange(60) % 2
        >>> old = rng.normal(0, 0.1, (60, 3)) + np.eye(3)[labels]
        >>> new = rng.normal(0, 0.1, (5, 3)) + np.eye(3)[2]
        >>> made = class_prototype(
        ...     new, old, labels, old, labels, 4 * np.eye(3)[:, :2], np.zeros(2)
        ... )
        >>> logits = np.c_[old @ (4 * np.eye(3)[:, :2]), old @ made.kernel + made.bias]
        >>> bool((logits.argmax(1) == labels).all())
        True
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    new, train, val, kernel = (
        np.asarray(each, "float64") for each in (new, train, val, kernel)
    )
    train_labels, val_labels = np.asarray(train_labels), np.asarray(val_labels)
    bias = np.asarray(bias, "float64")
    if kernel.ndim != 2 or kernel.shape[1] < 2 or len(new) == 0:
        raise InputError(
            "a head of at least two classes and one image of the new class are needed. "
            f"Received: kernel {kernel.shape}, {len(new)} images"
        )
    if {new.shape[1], train.shape[1], val.shape[1]} != {len(kernel)}:
        raise InputError(
            f"features must be {len(kernel)} wide, as the head takes them. Received: "
            f"{new.shape[1]}, {train.shape[1]}, {val.shape[1]}"
        )
    shrinkage = ledoit_wolf_shrinkage(
        _within(train, train_labels), assume_centered=True
    )
    choice, recall, loss = _rehearsed(
        len(new), train, train_labels, val, val_labels, kernel, bias, shrinkage, seed
    )
    kind, scale, retreat = choice
    found = _directions(new, train, train_labels, shrinkage, (kind,))[kind]
    column = scale * np.linalg.norm(kernel, axis=0).mean() * found
    known = np.concatenate([train, val])
    room = (known @ kernel + bias).max(1) - known @ column
    return ClassPrototype(
        column.astype("float32"),
        float(_highest(room, retreat)),
        kind,
        scale,
        retreat,
        recall,
        loss,
    )


def _directions(new, old, labels, shrinkage, kinds=KINDS):
    """Return a dict from kind to a vector of length 1."""
    apart = new.mean(0) - _means(old, labels).mean(0)
    found = {"mean": new.mean(0), "centred": apart}
    if "whitened" in kinds:
        within = _within(old, labels)
        covariance = within.T @ within / len(within)
        level = np.trace(covariance) / len(covariance)
        covariance *= 1 - shrinkage
        # What never varies has no weight in a classifier either.
        covariance[np.diag_indices_from(covariance)] += (
            shrinkage + 1e-6
        ) * level + 1e-12
        found["whitened"] = np.linalg.solve(covariance, apart)
    return {
        kind: found[kind] / max(np.linalg.norm(found[kind]), 1e-12) for kind in kinds
    }


def _means(old, labels):
    return np.stack([old[labels == label].mean(0) for label in np.unique(labels)])


def _within(old, labels):
    _, place = np.unique(labels, return_inverse=True)
    return old - _means(old, labels)[place]


def _highest(room, retreat):
    """Return the bias that leaves all of these images to their classes."""
    least = room.min()
    # A tie goes to the class that comes first: the old one.
    return least - retreat * (np.median(room) - least)


def _rehearsed(
    count, train, train_labels, val, val_labels, kernel, bias, shrinkage, seed
):
    """Treat each old class as the new one; return the best choice and its scores."""
    rng = np.random.default_rng(seed)
    recalls, losses = {}, {}
    for label in range(kernel.shape[1]):
        pool = np.flatnonzero(train_labels == label)
        there = val_labels == label
        if len(pool) == 0 or not there.any() or there.all():
            continue
        some = train[rng.permutation(pool)[:count]]
        rest = np.delete(np.arange(kernel.shape[1]), label)
        others, known = train_labels != label, np.flatnonzero(~there)
        known = rng.permutation(known)
        half = len(known) // 2
        seen = np.concatenate([train[others], val[known[:half]]])
        held, own = val[known[half:]], val[there]
        head, shift = kernel[:, rest], bias[rest]
        highest = [(each @ head + shift).max(1) for each in (seen, held, own)]
        length = np.linalg.norm(head, axis=0).mean()
        directions = _directions(some, train[others], train_labels[others], shrinkage)
        for kind, direction in directions.items():
            along = [each @ direction for each in (seen, held, own)]
            for scale in SCALES:
                rooms = [
                    top - scale * length * way
                    for top, way in zip(highest, along, strict=True)
                ]
                for retreat in RETREATS:
                    limit = _highest(rooms[0], retreat)
                    key = (kind, scale, retreat)
                    recalls.setdefault(key, []).append((rooms[2] < limit).mean())
                    losses.setdefault(key, []).append((rooms[1] < limit).mean())
    if not recalls:
        # Nothing to rehearse on: the plain prototype, well away from the others.
        return ("centred", 1.0, RETREATS[-1]), float("nan"), float("nan")
    scores = {
        key: (float(np.mean(recalls[key])), float(np.mean(losses[key])))
        for key in recalls
    }
    allowed = [key for key in scores if scores[key][1] <= BUDGET]
    if not allowed:
        least = min(loss for _, loss in scores.values())
        allowed = [key for key in scores if scores[key][1] == least]
    best = max(allowed, key=lambda key: scores[key][0])
    return best, *scores[best]
