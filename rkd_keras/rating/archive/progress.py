"""Tell how far the scoring of an archive is, and how long it will take."""

import sys
import time

from rkd_keras.progress import EVERY_SECONDS, duration


class ScoreProgress:
    """Show images done, images a second, errors and the time left.

    In a terminal one line is kept up to date; in a file or a pipe a line is
    written at times.

    Args:
        total: images of the archive.
        skipped: images that an earlier run has scored.
        quiet: whether to show nothing.
        stream: where to write; the standard error output when `None`.
        clock: function that gives the time in seconds.
    """

    def __init__(self, total, skipped=0, quiet=False, stream=None, clock=None):
        self.total = total
        self.skipped = skipped
        self.done = skipped
        self.errors = 0
        self.quiet = quiet
        self.stream = sys.stderr if stream is None else stream
        self.clock = clock or time.monotonic
        self.started = self.shown = self.clock()

    @property
    def seconds(self):
        """Seconds since the start."""
        return self.clock() - self.started

    @property
    def rate(self):
        """Images a second, without those of earlier runs."""
        return (self.done - self.skipped) / max(self.seconds, 1e-9)

    def advance(self, images, errors=0):
        """Count images that were scored, and show it.

        Args:
            images: how many more are done.
            errors: how many of them could not be scored.
        """
        self.done += images
        self.errors += errors
        if self.quiet:
            return
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{self.line()}")
            self.stream.flush()
        elif self.clock() - self.shown >= EVERY_SECONDS or self.done >= self.total:
            self.shown = self.clock()
            print(self.line(), file=self.stream, flush=True)

    def finish(self):
        """Leave the line that was kept up to date."""
        if not self.quiet and self.stream.isatty():
            self.stream.write("\r\x1b[K")

    def line(self):
        """Return how far it is, such as `500 of 1,000 images, ..., 10 s left`."""
        left = (self.total - self.done) / self.rate if self.rate else None
        parts = [
            f"{self.done:,} of {self.total:,} images",
            f"{self.rate:,.1f} images/s",
            f"{duration(left)} left" if left is not None else "time left unknown",
        ]
        if self.errors:
            parts.append(f"{self.errors:,} errors")
        return ", ".join(parts)
