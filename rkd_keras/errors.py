"""The exceptions whose message alone is for the user: no traceback is shown.

A leaf module: every room may import it, it imports nothing of ours.
"""


class InputError(ValueError):
    """Something the user gave cannot be used: a file, a folder, an option.

    The message is one sentence that says what was wrong, where, and what to do.
    The command line prints it and exits with status 2; library users catch it
    as a `ValueError`.
    """


class OptionError(InputError):
    """An option has a value that it may not have.

    Args:
        option: the argument's name, as in Python.
        reason: what is wrong, such as `"must be at least 1, not 0"`.
    """

    def __init__(self, option, reason):
        super().__init__(f"{option} {reason}")
        self.option = option
        self.reason = reason


class FindingsError(InputError):
    """What was asked for was done, and not all of it was right.

    The command line prints the result first, and then the message.

    Args:
        message: one sentence.
        result: what was found or done nevertheless.
    """

    def __init__(self, message, result):
        super().__init__(message)
        self.result = result


class DivergedError(InputError, FloatingPointError):
    """A training came to a loss or to weights that are not finite.

    The message names the loss and says what was kept.
    """


class WorkerLostError(RuntimeError):
    """Another worker of a training over several processes is gone.

    The command line prints the message and exits with status 3: neither the
    input nor this process is at fault, and the training can be resumed.
    """
