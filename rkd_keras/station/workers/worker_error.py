"""A child process failed."""


class WorkerError(RuntimeError):
    """A request to a child process had no answer.

    Args:
        message: what happened.
        fatal: whether the child is gone, so that the request itself may be to
            blame.
    """

    def __init__(self, message, fatal):
        super().__init__(message)
        self.fatal = fatal
