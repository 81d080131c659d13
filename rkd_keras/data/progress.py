"""A bar on the terminal while many images are read or written."""

import contextlib


@contextlib.contextmanager
def shown_progress(title, quiet=False):
    """Show a bar that a function of images done and of all moves.

    Args:
        title: what is being done.
        quiet: whether to show none; there is none off a terminal anyway.

    Yields:
        The function.

    Example:
        >>> with shown_progress("reading", quiet=True) as progress:
        ...     progress(1, 2)
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    hidden = quiet or not console.is_terminal
    with Progress(console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
