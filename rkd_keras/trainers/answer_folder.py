"""A teacher's answers on disk: made view by view, read where they lie."""

import json
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing
from rkd_keras.trainers.teacher_cache import TeacherCache

# Up to so many bytes all answers are read into memory, which is faster.
IN_MEMORY = 2**28
FACTS = "answers.json"


class AnswerFolder:
    """A folder with a teacher's answers to seeded views of the training images.

    Each view is a file of its own, which appears whole: who was stopped goes on with
    the next view, and who wants more views makes the missing ones. The answers are
    kept as float16 (a relative error of at most 0.0005) and mapped into memory where
    they are many, so that they may be larger than it.

    Args:
        path: the folder; made when missing. A file of answers that an older version
            wrote is replaced.
        made_of: text that tells what the answers depend on: digests of teacher and
            images, size, seed and augmentation.
        images: number of images.
        classes: number of logits.
        features: width of the embedding.

    Raises:
        InputError: when the folder holds something else, or answers of another
            teacher or to other images.

    Example:
        >>> import tempfile
        >>> folder = AnswerFolder(tempfile.mkdtemp(), "teacher 1, images 1", 3, 2, 4)
        >>> folder.missing(2)
        [0, 1]
        >>> folder.write(0, [(np.zeros((3, 2)), np.ones((3, 4)))])
        >>> folder.missing(2), folder.read(1).embedding.shape
        ([1], (1, 3, 4))
    """

    def __init__(self, path, made_of, images, classes, features):
        self.path = Path(path)
        self.images = images
        self.classes = classes
        self.features = features
        facts = {
            "made_of": made_of,
            "images": images,
            "classes": classes,
            "features": features,
        }
        if self.path.is_file():
            _remove_old_file(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path} cannot be made: {error.strerror}") from error
        # Hidden files are what a killed write left.
        if any(not file.name.startswith(".") for file in self.path.iterdir()):
            self._compare(facts)
        else:
            with replacing(self.path / FACTS) as temporary:
                temporary.write_text(json.dumps(facts, indent=2), encoding="utf-8")

    @property
    def shape(self):
        """Shape of a view's file: `(images, classes + features)`."""
        return self.images, self.classes + self.features

    def missing(self, views):
        """List the views that are still to be made.

        Args:
            views: number of views that are wanted.

        Returns:
            List of numbers.
        """
        return [view for view in range(views) if self._rows(view) is None]

    def write(self, view, batches):
        """Write one view.

        Args:
            view: its number.
            batches: iterable of pairs of arrays, logits `(batch, classes)` and
                embedding `(batch, features)`, in the order of the images.

        Raises:
            InputError: when an answer is no number, or too large for float16, or the
                disk is full.
            ValueError: when there are more or fewer answers than images.
        """
        with replacing(self._file(view)) as temporary:
            rows = np.lib.format.open_memmap(
                temporary, "w+", np.dtype("float16"), self.shape
            )
            done = 0
            for logits, embedding in batches:
                block = np.concatenate([logits, embedding], axis=1)
                with np.errstate(over="ignore"):
                    rounded = block.astype("float16")
                if not np.isfinite(rounded).all():
                    raise InputError(
                        "the teacher's answers are not finite, or too large to be "
                        "stored; give another teacher, or --teacher-views 0"
                    )
                if done + len(rounded) > self.images:
                    raise ValueError(f"there are answers to more than {self.images}")
                rows[done : done + len(rounded)] = rounded
                done += len(rounded)
            if done < self.images:
                raise ValueError(f"there are answers to {done} of {self.images} images")
            rows.flush()
            del rows

    def rows(self, view):
        """Return the answers to one view as they lie on disk.

        Args:
            view: its number.

        Returns:
            Array `(images, classes + features)`, float16, mapped into memory.

        Raises:
            InputError: when the view is missing.
        """
        rows = self._rows(view)
        if rows is None:
            raise InputError(f"{self._file(view)} is missing; make it again")
        return rows

    def read(self, views):
        """Return the answers to the first views.

        Args:
            views: number of views.

        Returns:
            A `TeacherCache`: of arrays where they are few, else of `ViewAnswers`.

        Raises:
            InputError: when a view is missing.
        """
        rows = [self.rows(view) for view in range(views)]
        parts = slice(self.classes), slice(self.classes, None)
        cache = TeacherCache(*(ViewAnswers(rows, part) for part in parts))
        if sum(each.nbytes for each in rows) > IN_MEMORY:
            return cache
        return TeacherCache(np.asarray(cache.logits), np.asarray(cache.embedding))

    def _file(self, view):
        return self.path / f"view_{view:04d}.npy"

    def _rows(self, view):
        """Return a view's answers, or `None` where there is no whole file of them."""
        try:
            rows = np.load(self._file(view), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        fits = rows.shape == self.shape and rows.dtype == np.dtype("float16")
        return rows if fits else None

    def _compare(self, facts):
        try:
            there = json.loads((self.path / FACTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            there = None
        if not isinstance(there, dict) or "made_of" not in there:
            raise InputError(
                f"{self.path} is no folder of a teacher's answers; give an empty one"
            )
        if there != facts:
            raise InputError(
                f"{self.path} holds answers of another teacher, or to other images, "
                "views or augmentation; give another folder"
            )


class ViewAnswers:
    """Answers that are read from disk when they are asked for, in place of an array.

    Args:
        rows: list of arrays `(images, columns)`, one for each view.
        columns: slice of the columns that count.

    Example:
        >>> answers = ViewAnswers([np.eye(3), np.ones((3, 3))], slice(1))
        >>> answers.shape, answers[0, 0].tolist(), np.asarray(answers).sum()
        ((2, 3, 1), [1.0], np.float64(4.0))
    """

    def __init__(self, rows, columns):
        self._parts = [each[:, columns] for each in rows]

    @property
    def shape(self):
        """Tuple `(views, images, width)`."""
        return len(self._parts), *self._parts[0].shape

    @property
    def dtype(self):
        """Dtype of the answers."""
        return self._parts[0].dtype

    def __len__(self):
        """Return the number of views."""
        return len(self._parts)

    def __getitem__(self, key):
        """Return a view's answers, or of a pair `(view, images)` those of images."""
        if isinstance(key, tuple):
            return self._parts[key[0]][key[1]]
        return self._parts[key]

    def __array__(self, dtype=None, copy=None):
        """Read all answers into one array."""
        whole = np.stack(self._parts)
        return whole if dtype is None else whole.astype(dtype)


def _remove_old_file(path):
    """Remove a file of answers of an older version; refuse any other."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            known = {"logits", "embedding", "made_of"} <= set(arrays.files)
    except Exception:  # whatever a file may be that is no archive of arrays
        known = False
    if not known:
        raise InputError(f"{path} is a file; give a folder for the teacher's answers")
    path.unlink()
