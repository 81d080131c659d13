"""How all figures look, and how they are written.

Nothing goes through pyplot: no window, no global figure list, nothing to close.
Colours are Okabe and Ito's, which colour-blind readers tell apart.
"""

import functools
import logging
from pathlib import Path

LOGGER = logging.getLogger(__name__)

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
    # A dollar in a class's name is a dollar.
    "text.parse_math": False,
}
# Fonts with the letters of many scripts; those that are installed step in where
# DejaVu has none.
WORLD_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC"),
    *("Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("Droid Sans Fallback", "Microsoft YaHei", "SimHei", "PingFang SC"),
    *("Hiragino Sans GB", "Malgun Gothic", "Yu Gothic", "Arial Unicode MS"),
    *("Noto Sans", "Noto Sans Devanagari", "Noto Sans Thai", "Nirmala UI"),
)


def styled(draw):
    """Run a drawing function under the package's style, leaving none behind."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        import matplotlib

        with matplotlib.rc_context({**STYLE, "font.family": families()}):
            return draw(*args, **kwargs)

    return drawn


@functools.cache
def families():
    """Return the fonts that texts are set in: the first that has a letter sets it.

    Returns:
        List of names of installed fonts.

    Example:
        >>> families()[0]
        'DejaVu Sans'
    """
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [STYLE["font.family"], *(f for f in WORLD_FONTS if f in installed)]


@functools.cache
def _letters():
    """Code points that can be drawn."""
    from matplotlib import font_manager

    found = set()
    for family in families():
        path = font_manager.findfont(family, fallback_to_default=False)
        found |= set(font_manager.get_font(path).get_charmap())
    return found


def drawable(text):
    r"""Write a text so that every letter of it can be drawn.

    Args:
        text: for example a class's name.

    Returns:
        The text; letters that no installed font has are escaped, such as `\u5212`.

    Example:
        >>> drawable("rolled-in scale, Krätze")
        'rolled-in scale, Krätze'
    """
    from rkd_keras.files.names import printable

    text = "\n".join(map(printable, text.split("\n")))
    missing = {c for c in text if c != "\n" and ord(c) not in _letters()}
    for letter in missing:
        text = text.replace(letter, ascii(letter)[1:-1])
    if missing:
        _warn_of_missing()
    return text


def _make_drawable(figure):
    """Escape what cannot be drawn in all texts of a figure."""
    from matplotlib import ticker
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(drawable(text.get_text()))
    # The texts of ticks are made when they are drawn.
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            given = axis.get_major_formatter()
            if isinstance(given, ticker.FixedFormatter | ticker.FuncFormatter):

                def formatted(value, place, given=given):
                    return drawable(given(value, place))

                axis.set_major_formatter(ticker.FuncFormatter(formatted))


@functools.cache
def _warn_of_missing():
    """Say it once, however many figures there are."""
    LOGGER.warning(
        "no installed font has all letters of the class names; figures show them "
        "escaped (install a font such as Noto Sans CJK)"
    )


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
    """Write a figure as PNG, SVG or PDF, after the path's suffix; whole or not at all.

    Args:
        figure: a `matplotlib.figure.Figure`.
        path: file to write; its folder is made when missing.
        dpi: pixels per inch of a PNG. Defaults to 150.

    Returns:
        The path, a `Path`.

    Raises:
        InputError: when it cannot be written.

    Example:
        >>> import tempfile
        >>> from rkd_keras.evaluate.plots import plot_confusion_matrix
        >>> figure = plot_confusion_matrix([[1]], ["in"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_figure(figure, f"{folder}/figures/matrix.png").name
        'matrix.png'
    """
    import matplotlib

    from rkd_keras.files.replacing import replacing
    from rkd_keras.files.results import MARK, make_folder

    path = Path(path)
    _make_drawable(figure)
    make_folder(path.parent)
    # Without the date, the same figure gives the same file.
    metadata = {
        ".svg": {"Date": None},
        ".pdf": {"CreationDate": None},
        # So that it is never taken for an image to be classified.
        ".png": {"Software": MARK},
    }
    with matplotlib.rc_context(STYLE), replacing(path) as temporary:
        figure.savefig(
            temporary, dpi=dpi, bbox_inches="tight", metadata=metadata.get(path.suffix)
        )
    return path
