"""Tables on a terminal, in a log or a pipe: names are folded, never cut."""

import textwrap

# Of a folded name.
LEAST_WIDTH = 8


def print_table(columns, rows, title=None, names=None):
    """Print a table that fits 80 columns wherever its numbers do.

    Long names go on in the next line. Numbers stand to the right, unbroken, under
    titles that break between words; where there is no room, a spread stands under its
    mean.

    Args:
        columns: titles.
        rows: tuples of a cell a column. A `rich.text.Text` is printed as it is, of
            everything else its text, whatever characters that holds.
        title: of the table. Defaults to `None`.
        names: titles of the columns that hold names, or other text that may be folded.
            Defaults to `None`: the first.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rkd_keras.files.names import printable

    console = Console()
    rows = [
        [cell if isinstance(cell, Text) else printable(cell) for cell in row]
        for row in rows
    ]
    if (
        sum(2 + max(map(len, column)) for column in zip(*rows, strict=True))
        > console.width
    ):
        rows = [[_folded(cell) for cell in row] for row in rows]
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for place, heading in enumerate(columns):
        words = [line for row in rows for line in str(row[place]).split("\n")]
        if heading in (names or columns[:1]):
            least = min(max(map(len, words), default=1), LEAST_WIDTH)
            table.add_column(Text(heading), overflow="fold", min_width=least)
            continue
        words += heading.split()
        heading = textwrap.fill(heading, max(map(len, words)))
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(c if isinstance(c, Text) else Text(c) for c in row))
    console.print(table)
    # The next table's title, or what comes next, stands apart.
    console.print()


def _folded(cell):
    return cell.replace(" ± ", "\n± ") if isinstance(cell, str) else cell
