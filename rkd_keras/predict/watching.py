"""Answer the images that arrive in a folder."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.arrivals import SETTLE_SECONDS, Arrivals
from rkd_keras.files.images import IMAGE_SUFFIXES, decode_image
from rkd_keras.files.names import printable
from rkd_keras.predict.answer import Answer
from rkd_keras.predict.predictor import Predictor

POLL_SECONDS = 0.2
# Looking through a large folder takes time: of a core, at most a fifth of it.
REST = 4


def watch(
    folder: str | Path,
    predictor: Predictor,
    known: Iterable[tuple[str, int, int]] = (),
    existing: bool = True,
    settle_seconds: float = SETTLE_SECONDS,
    stop: Callable[[], bool] | None = None,
) -> Iterator[Answer]:
    """Classify images as they arrive in a folder or below it; it does not end.

    A file is read when its size and time of change have stayed the same for
    `settle_seconds`. One that is renamed into the folder is never read half, whatever
    the disk; until then its name may begin with a dot or end in no image's suffix. A
    file that is changed is classified again; one that is damaged gives an answer with
    `error`. Pictures that show results of ours are passed over. A folder that cannot be
    opened for a while gives one answer with `error` and is waited for.

    Args:
        folder: the folder.
        predictor: a `Predictor`.
        known: what was answered earlier, see `AnswerFile.known`. Defaults to nothing.
        existing: whether to answer the files that are there already. Defaults to
            `True`.
        settle_seconds: seconds without a change before a file is read. Defaults to
            `0.5`.
        stop: function that is asked several times a second whether to end. Defaults
            to `None`: never.

    Yields:
        An `Answer` for each image, the oldest first, with its absolute path.

    Raises:
        InputError: when there is no such folder.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from rkd_keras.files.images import write_image
        >>> from rkd_keras.predict import load
        >>> camera = Path(tempfile.mkdtemp())
        >>> write_image(camera / "black.png", np.zeros((64, 64), np.uint8))
        >>> answer = next(watch(camera, load(), settle_seconds=0.01))
        >>> answer.file.name, answer.verdict.label
        ('black.png', 'unknown')
    """
    if not Path(folder).is_dir():
        raise InputError(f"{printable(folder)} is no folder; give one that exists")
    arrivals = Arrivals(folder, IMAGE_SUFFIXES, known, settle_seconds)
    if not existing:
        arrivals.pass_over()
    return _answers(arrivals, predictor, stop or (lambda: False))


def _answers(arrivals, predictor, stop):
    is_away = False
    while not stop():
        started = time.monotonic()
        try:
            arrived = arrivals.poll()
            is_away = False
        except InputError as error:
            arrived = []
            if not is_away:
                yield Answer(arrivals.folder, error=str(error))
            is_away = True
        looked = time.monotonic() - started
        for arrival in arrived:
            answer = _answer(arrival, predictor)
            if answer is not None:
                arrivals.done(arrival)
                yield answer
            if stop():
                return
        _rest(max(POLL_SECONDS, REST * looked), stop)


def _answer(arrival, predictor):
    about = {"bytes": arrival.size, "modified_ns": arrival.modified_ns}
    try:
        data = arrival.read()
        if data is None:
            return None
        image = decode_image(data, name=str(arrival.path))
        (verdict,) = predictor.predict(image)
    except InputError as error:
        return Answer(arrival.path, error=str(error), about=about)
    return Answer(arrival.path, verdict, about=about)


def _rest(seconds, stop):
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not stop():
        time.sleep(min(left, POLL_SECONDS))
