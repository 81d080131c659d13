"""Figures of an evaluation, each a `matplotlib.figure.Figure` of its own."""

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.evaluate.figure_style import (
    BLUE,
    COLORS,
    INK,
    ORANGE,
    PALE,
    SKY,
    YELLOW,
    blend,
    legend_outside,
    new_figure,
    styled,
)
from rkd_keras.evaluate.history import read_history


@styled
def plot_confusion_matrix(matrix, class_names):
    """Draw a confusion matrix: rows the truth, columns the answer (Figure 14).

    Blue cells are right, orange ones wrong, deeper with the share of the row;
    the numbers are images.

    Args:
        matrix: array `(C, C)` of counts, rows the truth.
        class_names: the C names.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        InputError: when the matrix is not square or the names do not fit.

    Example:
        >>> figure = plot_confusion_matrix([[9, 1], [0, 10]], ["in", "sc"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['9', '1', '0', '10']
    """
    from matplotlib.patches import Rectangle

    matrix = np.asarray(matrix)
    count = len(class_names)
    if matrix.shape != (count, count):
        raise InputError(
            "matrix must have a row and a column for each class name. "
            f"Received: shape={matrix.shape}, {count} names"
        )
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 1.6 + 0.62 * count
    figure = new_figure(side + 0.7, side)
    axes = figure.add_subplot()
    for row in range(count):
        for column in range(count):
            value, part = matrix[row, column], share[row, column]
            depth = part if row == column else np.sqrt(part)
            color = blend(BLUE if row == column else ORANGE, depth)
            axes.add_patch(
                Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, color=color)
            )
            axes.text(
                column,
                row,
                f"{value:g}",
                ha="center",
                va="center",
                color="white" if depth > 0.55 else INK if value else "#aab2b9",
                fontweight="bold" if value else "normal",
            )
    axes.set(xlim=(-0.5, count - 0.5), ylim=(count - 0.5, -0.5), aspect="equal")
    axes.set_xticks(range(count), class_names, rotation=35, ha="right")
    axes.set_yticks(range(count), class_names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="answer of the model", ylabel="truth")
    return figure


@styled
def plot_training_curves(history):
    """Draw accuracy and loss over the epochs (Figure 12).

    Args:
        history: path of a `history.csv`, or a dict of its columns.

    Returns:
        A `matplotlib.figure.Figure` with one panel for accuracy and one for
        loss, each with the training and, where recorded, the validation curve.

    Raises:
        InputError: when the history holds no epoch.

    Example:
        >>> history = {"epoch": [1, 2], "accuracy": [0.5, 0.9], "loss": [1.2, 0.4]}
        >>> [axes.get_title("left") for axes in plot_training_curves(history).axes]
        ['Accuracy', 'Loss']
    """
    history = _history(history)
    panels = [key for key in ("accuracy", "loss") if key in history]
    figure = new_figure(3.9 * max(len(panels), 1), 2.9)
    for place, key in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place)
        for name, color, label in (
            (key, SKY, "training"),
            (f"val_{key}", BLUE, "validation"),
        ):
            if name in history:
                _line(axes, history["epoch"], history[name], color, label)
        if key == "accuracy":
            _mark_best(axes, history)
            axes.yaxis.set_major_formatter(_percent())
        axes.set(title=key.capitalize(), xlabel="epoch")
        axes.grid(axis="y", color=PALE, linewidth=0.6)
        axes.legend(loc="lower right" if key == "accuracy" else "upper right")
    return figure


@styled
def plot_class_scores(per_class):
    """Draw precision, recall and F1 of each class as bars (Table 5).

    Args:
        per_class: dict of class name to a dict with `precision`, `recall` and
            `f1`, as in `metrics.json`.

    Returns:
        A `matplotlib.figure.Figure`. The axis begins below the lowest bar, not
        at zero, and says so.

    Example:
        >>> row = {"precision": 0.9, "recall": 0.8, "f1": 0.85, "support": 10}
        >>> len(plot_class_scores({"in": row, "sc": row}).axes[0].patches)
        6
    """
    names = list(per_class)
    keys = ("precision", "recall", "f1")
    figure = new_figure(7.8, 0.9 + 0.52 * len(names))
    axes = figure.add_subplot()
    lowest = min(per_class[name][key] for name in names for key in keys)
    start = max(0.0, np.floor((lowest - 0.02) * 20) / 20)
    for place, (key, color) in enumerate(zip(keys, (SKY, BLUE, YELLOW), strict=True)):
        values = np.array([per_class[name][key] for name in names])
        heights = np.arange(len(names)) + 0.26 * (place - 1)
        label = "F1" if key == "f1" else key
        axes.barh(heights, values - start, 0.24, start, color=color, label=label)
        for height, value in zip(heights, values, strict=True):
            axes.text(value, height, f" {100 * value:.1f}", va="center", fontsize=7.5)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(start, 1.0 + 0.04 * (1 - start))
    axes.xaxis.set_major_formatter(_percent())
    if start > 0:
        axes.set_xlabel(f"the axis begins at {100 * start:.0f} %")
    axes.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    return figure


@styled
def plot_comparison(histories, column="val_accuracy"):
    """Draw one column of several runs' histories over the epochs (Figure 16).

    Epochs in which a run has no value, for it was not validated, are passed over.

    Args:
        histories: dict of the run's name to the path of its `history.csv` or a
            dict of its columns.
        column: the column to draw. Defaults to `"val_accuracy"`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        InputError: when a history lacks the column, or none is given.

    Example:
        >>> run = {"epoch": [1, 2], "val_accuracy": [0.5, 0.9]}
        >>> figure = plot_comparison({"plain": run, "distilled": run})
        >>> [line.get_label() for line in figure.axes[0].lines]
        ['plain', 'distilled']
    """
    if not histories:
        raise InputError("histories must hold at least one run. Received: none")
    figure = new_figure(6.4, 3.6)
    axes = figure.add_subplot()
    styles = ("-", "--", "-.", ":")
    for place, (name, history) in enumerate(histories.items()):
        history = _history(history)
        if column not in history:
            raise InputError(
                f"the history of {name} has no column {column!r}; it has "
                f"{', '.join(history)}"
            )
        color = COLORS[place % len(COLORS)]
        style = styles[place // len(COLORS) % len(styles)]
        _line(axes, history["epoch"], history[column], color, name, style)
    if "accuracy" in column:
        axes.yaxis.set_major_formatter(_percent())
    axes.set(xlabel="epoch", ylabel=column.replace("val_", "validation "))
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    legend_outside(figure)
    return figure


def _history(history):
    if not isinstance(history, dict):
        return read_history(history)
    columns = {name: np.asarray(values, float) for name, values in history.items()}
    if len(columns.get("epoch", ())) == 0:
        raise InputError("history must have a column 'epoch' with at least one row")
    return columns


def _line(axes, epochs, values, color, label, style="-"):
    measured = np.isfinite(values)
    axes.plot(
        np.asarray(epochs)[measured],
        np.asarray(values)[measured],
        style,
        color=color,
        label=label,
        linewidth=1.6,
    )
    axes.set_xlim(min(epochs), max(max(epochs), min(epochs) + 1))
    # Epochs are whole: a short training must not show epoch 1.25.
    axes.xaxis.get_major_locator().set_params(integer=True)


def _mark_best(axes, history):
    values = history.get("val_accuracy")
    if values is None or not np.isfinite(values).any():
        return
    best = int(np.nanargmax(values))
    epoch, value = history["epoch"][best], values[best]
    label = f"best: {100 * value:.1f} % in epoch {epoch:.0f}"
    axes.plot(epoch, value, "o", color=ORANGE, markersize=5, zorder=3, label=label)


def _percent():
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{100 * value:g} %")
