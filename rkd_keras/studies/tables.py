"""Numbers over several seeds, and tables of them in Markdown."""

import math
import statistics


def mean_and_spread(values):
    """Return the mean and the sample standard deviation (`None` for one value).

    Args:
        values: numbers, at least one.

    Returns:
        Pair of floats, or of a float and `None`.

    Example:
        >>> mean_and_spread([1.0, 2.0, 3.0])
        (2.0, 1.0)
    """
    values = [float(value) for value in values]
    if len(values) < 2:
        return values[0], None
    return math.fsum(values) / len(values), statistics.stdev(values)


def percent_cell(shares, digits=2):
    """Write shares as per cent: their mean and, of several, their spread.

    Args:
        shares: numbers, 1 being all.
        digits: digits after the point. Defaults to `2`.

    Returns:
        Text such as `"91.00 ± 1.41"`.

    Example:
        >>> percent_cell([0.9, 0.92]), percent_cell([0.5], digits=1)
        ('91.00 ± 1.41', '50.0')
    """
    mean, spread = mean_and_spread([100 * share for share in shares])
    if spread is None:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"


def markdown(titles, lines):
    """Return a table as Markdown, numbers to the right.

    Args:
        titles: texts, one a column.
        lines: list of rows, each a list of texts.

    Returns:
        Text of one line a row.

    Example:
        >>> print(markdown(["model", "ms"], [["a", "1.5"]]), end="")
        | model | ms |
        | --- | ---: |
        | a | 1.5 |
    """
    right = [
        all(line[i][:1].isdigit() or line[i] in ("-", "") for line in lines)
        for i in range(len(titles))
    ]
    rule = ["---:" if r else "---" for r in right]
    rows = [titles, rule, *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
