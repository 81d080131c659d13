"""How all figures look, and how they are written.

Nothing goes through pyplot: no window, no global figure list, nothing to close.
Colours are Okabe and Ito's, which colour-blind readers tell apart.
"""

import functools
from pathlib import Path

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, YELLOW, INK, PALE = "#56B4E9", "#E69F00", "#22303c", "#d9dee3"
COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW, INK)

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": "#8a949d",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    # Without a fixed salt, the same figure gives another file each time.
    "svg.hashsalt": "rkd_keras",
}


def styled(draw):
    """Run a drawing function under the package's style, leaving none behind."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        import matplotlib

        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


def new_figure(width, height):
    """Return an empty figure of so many inches that knows how to draw itself."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def legend_outside(figure):
    """Put a figure's legend beside its axes, or below where its labels are long.

    Args:
        figure: a `matplotlib.figure.Figure` of `new_figure` with one axes; it grows
            where the legend is below.
    """
    handles, labels = figure.axes[0].get_legend_handles_labels()
    longest = max(map(len, labels))
    if longest < 26:
        figure.legend(handles, labels, loc="outside right upper", fontsize=8)
        return
    width, height = figure.get_size_inches()
    columns = max(1, int(width / (0.3 + 0.075 * longest)))
    figure.set_size_inches(width, height + 0.18 * -(-len(labels) // columns))
    figure.legend(
        handles, labels, loc="outside lower center", ncols=columns, fontsize=7
    )


def blend(color, depth):
    """Mix a colour with white; `depth` 0 is white, 1 the colour."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(1 - float(depth) * (1 - channel) for channel in channels)


def save_figure(figure, path, dpi=150):
    """Write a figure as PNG, SVG or PDF, after the path's suffix.

    Args:
        figure: a `matplotlib.figure.Figure`.
        path: file to write; its folder is made when missing.
        dpi: pixels per inch of a PNG. Defaults to 150.

    Returns:
        The path, a `Path`.

    Example:
        >>> import tempfile
        >>> from rkd_keras.evaluate.plots import plot_confusion_matrix
        >>> figure = plot_confusion_matrix([[1]], ["in"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_figure(figure, f"{folder}/figures/matrix.png").name
        'matrix.png'
    """
    import matplotlib

    from rkd_keras.files.results import MARK

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the date, the same figure gives the same file.
    metadata = {
        ".svg": {"Date": None},
        ".pdf": {"CreationDate": None},
        # So that it is never taken for an image to be classified.
        ".png": {"Software": MARK},
    }
    with matplotlib.rc_context(STYLE):
        figure.savefig(
            path, dpi=dpi, bbox_inches="tight", metadata=metadata.get(path.suffix)
        )
    return path
