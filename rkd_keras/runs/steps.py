"""The steps of a long command: which one, by which command, how long each took."""

import shlex
import time


class Steps:
    """Tell what is done, by which command, and how long it took.

    Args:
        quiet: whether to show nothing.
        count: number of steps; it may be set anew.
    """

    def __init__(self, quiet, count):
        from rich.console import Console

        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.count = count
        self.started = []

    def begin(self, title, command=None):
        """Begin a step, of a title and the command that does it alone."""
        self.started.append((title, time.monotonic()))
        number = len(self.started)
        self.console.rule(f"[bold]{number}/{self.count}[/] {title}", align="left")
        if command:
            self.command([command])

    def command(self, words):
        """Show a command, a list of words."""
        text = words[0] if len(words) == 1 else shlex.join(words)
        self.console.print(f"  {text}", style="dim", markup=False, soft_wrap=True)

    def say(self, text):
        """Show a sentence."""
        self.console.print(f"  {text}", markup=False, soft_wrap=True)

    def seconds(self):
        """Return a dict from step to the seconds that it took."""
        ends = [start for _, start in self.started[1:]] + [time.monotonic()]
        return {
            title: round(end - start, 1)
            for (title, start), end in zip(self.started, ends, strict=True)
        }
