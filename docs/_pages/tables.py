"""Tables in Markdown, numbers to the right."""

import re

NUMBER = re.compile(r"\**[+\-]?[\d.,]+( ?%|)( ?± ?[\d.,]+)?( \(.*\))?\**( [a-zA-Z]+)?")


def table(titles, lines):
    """Return a table.

    Args:
        titles: texts, one a column.
        lines: rows of texts or numbers; `None` is an empty cell.
    """
    lines = [["" if cell is None else str(cell) for cell in line] for line in lines]
    for line in lines:
        if len(line) != len(titles):
            raise ValueError(f"{len(titles)} titles and the row {line}")
    columns = list(zip(*lines, strict=True)) or [()] * len(titles)
    rule = ["---:" if _numeric(cells) else "---" for cells in columns]
    return "\n".join(f"| {' | '.join(line)} |" for line in (titles, rule, *lines))


def _numeric(cells):
    filled = [cell for cell in cells if cell not in ("", "-")]
    return bool(filled) and all(NUMBER.fullmatch(cell) for cell in filled)


def best(values, cells, highest=True):
    """Make the cell of the best value bold; of equal ones all of them."""
    top = max(values) if highest else min(values)
    return [
        f"**{cell}**" if value == top else cell
        for value, cell in zip(values, cells, strict=True)
    ]
