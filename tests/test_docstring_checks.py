"""The check of docstrings finds each kind of gap, and nothing in a whole one."""

from docstring_checks import missing_sections, raised_by


def complete(image, size, color="red"):
    """Paint it, as Zhu 2017.

    Args:
        image: array `(H, W)`, uint8.
        size: side in pixels.
        color: name. Defaults to `"red"`.

    Returns:
        Text.

    Raises:
        ValueError: for a size that is not positive.

    Example:
        >>> complete(None, 1)
        'red'
    """
    _check(size)
    return color


def _check(size):
    if size < 1:
        raise ValueError(size)


def incomplete(image, size, color="red"):
    """Paint it.

    Args:
        image: an array to paint on.
        size: of the brush.
    """
    _check(size)
    return color


def skipped():
    """Paint nothing.

    Example:
        >>> skipped()  # doctest: +SKIP
    """


def undocumented():
    pass


class Painter:
    """Paint.

    Args:
        size: pixels.

    Example:
        >>> Painter(1).size
        1
    """

    def __init__(self, size):
        _check(size)
        self.size = size

    def paint(self, images):
        """Paint images."""
        if not len(images):
            raise TypeError(images)

    def _mix(self, colors):
        raise KeyError(colors)

    @property
    def area(self):
        return self.size**2


class HeirOfPainter(Painter):
    """Paint as the parent did.

    Args:
        size: pixels.

    Raises:
        ValueError: for a size that is not positive.

    Example:
        >>> HeirOfPainter(2).area
        4
    """

    def paint(self, images):
        """Paint them otherwise; the arguments are the parent's."""


def test_a_whole_docstring_passes():
    assert missing_sections(complete, needs_source=True) == []
    assert missing_sections(HeirOfPainter) == []


def test_each_gap_is_named():
    assert missing_sections(incomplete, needs_source=True) == [
        "a shape of image",
        "a unit of size",
        "the argument color",
        "Returns:",
        "Raises: ValueError",
        "a source",
        "Example:",
    ]
    assert missing_sections(skipped) == ["an Example: that runs"]
    assert missing_sections(undocumented) == ["a docstring"]


def test_methods_are_looked_at_and_helpers_are_not():
    assert missing_sections(Painter) == [
        "__init__: Raises: ValueError",
        "paint: Raises: TypeError",
        "paint: Args:",
        "paint: the argument images",
        "area: a docstring",
    ]


def catches(size):
    try:
        _check(size)
    except ValueError as error:
        raise RuntimeError(size) from error


def test_errors_that_are_caught_do_not_count():
    assert raised_by(complete) == {"ValueError"}
    assert raised_by(catches) == {"RuntimeError"}
