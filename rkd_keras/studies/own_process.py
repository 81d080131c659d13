"""Call a function in a process of its own, which gives all its memory back.

TensorFlow keeps what it allocated and traced: after ten trainings in one process an
epoch takes a third longer. `python -m rkd_keras.studies.own_process` is the other side.
"""

import os
import pickle
import subprocess
import sys
import threading
import traceback

from rkd_keras.errors import InputError

# Seconds that the process has to end, once nobody waits for it.
PATIENCE = 5.0


def call_in_own_process(function, *args):
    """Call a function in a new process and wait for what it returns.

    What the function prints goes to standard error. The process ends with this one,
    however this one ends; after Ctrl-C it is ended before the interrupt goes on.

    Args:
        function: a function of a module; it and its arguments are pickled.
        *args: its arguments.

    Returns:
        What the function returns.

    Raises:
        InputError: as the function does, with its sentence.
        RuntimeError: when it raises anything else, or the process is killed.

    Example:
        >>> call_in_own_process(divmod, 17, 5)
        (3, 2)
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "rkd_keras.studies.own_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Ctrl-C reaches the caller alone, which then ends this process in order.
        start_new_session=True,
    )
    try:
        request = pickle.dumps((function, args))
        try:
            process.stdin.write(len(request).to_bytes(8, "big") + request)
            process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = process.stdout.read()
        status = process.wait()
    finally:
        _end(process)
    if not answer:
        raise RuntimeError(_how_it_ended(status))
    kind, value = pickle.loads(answer)
    if kind == "sentence":
        raise InputError(value)
    if kind == "error":
        message, trace = value
        raise RuntimeError(message) from _ThereError(trace)
    return value


class _ThereError(Exception):
    """Where it happened, in the other process: the text of its traceback."""


def _end(process):
    try:
        process.stdin.close()
    except BrokenPipeError:
        pass
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _how_it_ended(status):
    if status == -9:
        return "its process was killed, perhaps because memory ran out"
    if status < 0:
        return f"its process was ended by signal {-status}"
    return f"its process ended with status {status} and without an answer"


def main():
    """Read one call from standard input and write its answer to standard output."""
    # Answers alone go to the standard output; whatever else is printed does not.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    length = int.from_bytes(_read(8), "big")
    if not length:
        return  # The caller has gone already.
    function, args = pickle.loads(_read(length))
    threading.Thread(target=_end_with_caller, daemon=True).start()
    try:
        answer = ("value", function(*args))
    except InputError as error:
        answer = ("sentence", str(error))
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        answer = ("error", (message, traceback.format_exc()))
    with answers:
        answers.write(pickle.dumps(answer))


def _read(count):
    """Read from standard input without Python's buffer, which a thread would lock."""
    parts = []
    while count and (part := os.read(0, min(count, 1 << 20))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _end_with_caller():
    """Wait for the caller to close the pipe, which its death does as well."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
