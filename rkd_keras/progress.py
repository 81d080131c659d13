"""Progress for people: a bar on a terminal, a line every ten seconds in a log.

A leaf module: every room may import it.
"""

import contextlib
import sys
import time

EVERY_SECONDS = 10.0


def duration(seconds):
    """Write a time as people say it.

    Args:
        seconds: 0 or more.

    Returns:
        Such as `"40 s"`, `"3 min 20 s"`, `"5 h 2 min"`, `"12 d 3 h"`.

    Example:
        >>> duration(40), duration(200), duration(18_120), duration(1_047_600)
        ('40 s', '3 min 20 s', '5 h 2 min', '12 d 3 h')
    """
    seconds = round(seconds)
    for size, name, smaller, small in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            return f"{seconds // size} {name} {seconds % size // smaller} {small}"
    return f"{seconds} s"


class Lines:
    """Lines of a log, so many seconds apart.

    Args:
        stream: where to write. Defaults to `None`: the standard error output.
        every: seconds between two lines. Defaults to `10.0`.
        clock: function that gives the time in seconds.

    Example:
        >>> lines = Lines(sys.stdout, clock=iter((0, 4, 11)).__next__)
        >>> lines.say("too early"), lines.say("due")
        due
        (None, None)
    """

    def __init__(self, stream=None, every=EVERY_SECONDS, clock=time.monotonic):
        self.stream = stream
        self.every = every
        self.clock = clock
        self.shown = clock()

    def say(self, text, now=False):
        """Write a line if it is due.

        Args:
            text: the line.
            now: whether it is due whatever the time is. Defaults to `False`.
        """
        time_now = self.clock()
        if now or time_now - self.shown >= self.every:
            self.shown = time_now
            print(text, file=self.stream or sys.stderr, flush=True)


@contextlib.contextmanager
def shown_progress(title, quiet=False):
    """Show how far a loop over many images is.

    Args:
        title: what is being done.
        quiet: whether to show nothing.

    Yields:
        A function of images done and of all.

    Example:
        >>> with shown_progress("reading", quiet=True) as progress:
        ...     progress(1, 2)
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if quiet:
        yield lambda done, total: None
    elif console.is_terminal:
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
    else:
        lines, started = Lines(), time.monotonic()

        def show(done, total):
            left = (time.monotonic() - started) * (total - done) / max(done, 1)
            lines.say(f"{title}: {done:,} of {total:,}, {duration(left)} left")

        yield show


def tracked(items, title, quiet=False):
    """Go over a sequence and show how far that is.

    Args:
        items: a list or a range.
        title: what is being done.
        quiet: whether to show nothing.

    Yields:
        Each item.

    Example:
        >>> sum(tracked(range(4), "counting", quiet=True))
        6
    """
    with shown_progress(title, quiet) as progress:
        for done, item in enumerate(items, start=1):
            yield item
            progress(done, len(items))
