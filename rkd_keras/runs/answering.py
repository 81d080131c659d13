"""Answer the images that come in by JSON lines, until somebody ends it."""

import signal
import sys
import threading
from contextlib import ExitStack, suppress

from rkd_keras.errors import InputError


def answer(opened, folder, existing, settle_seconds, out, quiet):
    """Print a line for each image that comes in, and keep it.

    Args:
        opened: function that opens the model and returns its `Predictor`; called when
            the signals are taken over.
        folder: the folder to watch; `None` answers standard input.
        existing: whether to answer what is in the folder already.
        settle_seconds: seconds without a change before a file is read.
        out: file for the lines, or `None`.
        quiet: whether to print lines only where they are kept nowhere else.

    Returns:
        A `Predictions` with the numbers of `answers` and `errors`.

    Raises:
        InputError: when the model cannot be opened, there is no such folder or no
            standard input, or `out` cannot be added to.
    """
    from rkd_keras.files.names import printable
    from rkd_keras.predict import AnswerFile, answer_requests, watch
    from rkd_keras.runs.predicting import Predictions

    answers = errors = 0
    with ExitStack() as stack:
        ending = stack.enter_context(Ending())
        predictor = opened()
        kept = None if out is None else stack.enter_context(AnswerFile(out))
        if folder is None:
            if sys.stdin is None:
                raise InputError("there is no standard input; open it, or give images")
            stream = _EndingStream(sys.stdin.buffer, ending)
            coming = answer_requests(stream, predictor)
        else:
            known = () if kept is None else kept.known()
            coming = watch(
                folder, predictor, known, existing, settle_seconds, ending.is_asked
            )
            if not quiet:
                print(f"watching {printable(folder)}", file=sys.stderr, flush=True)
        stack.enter_context(suppress(_EndedError))
        for each in coming:
            # Printed before it is kept: killed in between, it is told twice, not never.
            if kept is None or not quiet:
                print(each.to_json(), flush=True)
            if kept is not None:
                kept.add(each)
            answers += 1
            errors += each.verdict is None
            if ending.is_asked():
                break
    return Predictions(
        class_names=predictor.class_names, path=out, answers=answers, errors=errors
    )


class _EndedError(Exception):
    """Raised by a signal while nothing but waiting is under way."""


class Ending:
    """Make SIGTERM and Ctrl-C a wish to end, within the block.

    So no line is left half. In a thread other than the main one signals stay as they
    are.

    Example:
        >>> with Ending() as ending:
        ...     signal.raise_signal(signal.SIGTERM)
        ...     ending.is_asked()
        True
    """

    def __init__(self):
        self._asked = False
        self._waits = False
        self._before = {}

    def is_asked(self):
        """Tell whether to end."""
        return self._asked

    def wait(self, function, *arguments):
        """Call what may wait for long; a signal ends it with an exception."""
        self._waits = True
        try:
            if self._asked:
                raise _EndedError
            return function(*arguments)
        finally:
            self._waits = False

    def __enter__(self):
        """Take over the signals."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *error):
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number, frame):
        self._asked = True
        if self._waits:
            self._waits = False
            raise _EndedError


class _EndingStream:
    """A stream whose reading ends at a signal."""

    def __init__(self, stream, ending):
        self._stream = stream
        self._ending = ending

    def readline(self, size):
        return self._ending.wait(self._stream.readline, size)

    def read(self, size):
        return self._ending.wait(self._stream.read, size)
