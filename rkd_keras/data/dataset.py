"""A data set as Keras takes it: opened, split, and read as `tf.data`."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rkd_keras.data.reading.protocols import Protocol
from rkd_keras.options import (
    AnyPath,
    Groups,
    MemoryMb,
    Option,
    Quiet,
    Seed,
    SplitSeed,
    Strict,
    ValFraction,
    checked,
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, found and not yet read.

    Attributes:
        path: folder, pack or manifest.
        index: the `ImageIndex`: files, labels, boxes and what could not be used.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     data = Dataset.open(write_dataset(folder, per_class=6, size=32))
        ...     parts = data.split(size=16)
        ...     images, labels = next(iter(parts.train))
        >>> len(data), data.class_names[0], images.shape, labels.shape
        (36, 'crazing', TensorShape([24, 16, 16, 3]), TensorShape([24]))
    """

    path: Path
    index: object

    @classmethod
    def open(cls, data):
        """Find a data set's images and labels.

        Args:
            data: path of any layout that `open_dataset` reads.

        Returns:
            A `Dataset`.

        Raises:
            InputError: when the path does not exist or holds no labelled images.
        """
        from rkd_keras.data.reading.open_dataset import open_dataset

        return cls(Path(data), open_dataset(data))

    @property
    def class_names(self):
        """Tuple of the classes' names, in the order of the labels."""
        return self.index.class_names

    @property
    def counts(self):
        """Dict from class name to its number of images."""
        return _by_class(self.index)

    def __len__(self):
        """Return the number of images."""
        return len(self.index)

    @checked
    def split(
        self,
        protocol: Protocol = "holdout",
        seed: Seed = 0,
        split_seed: SplitSeed = 0,
        val_fraction: ValFraction = None,
        size: Annotated[
            int, Option("Side of the square images in pixels.", at_least=1)
        ] = 64,
        batch_size: Annotated[int, Option("Images per batch.", at_least=1)] = 32,
        strict: Strict = False,
        memory_mb: MemoryMb = None,
        store: Annotated[
            AnyPath | None,
            Option(
                "Folder for a file of the decoded images of larger parts; they are "
                "decoded anew each time if left out."
            ),
        ] = None,
        groups: Groups = None,
        quiet: Quiet = False,
    ):
        """Split the data set by a named protocol, as `rkd-keras train` does.

        Returns:
            A `SplitDataset`.

        Raises:
            InputError: for an unknown protocol, or a class with fewer images than it
                needs.
        """
        from rkd_keras.data.reading.splits import make_split

        split = make_split(
            self.index, protocol, seed, split_seed, val_fraction, groups, quiet
        )
        return SplitDataset(
            *(self.index, split, (size, size), batch_size, seed, strict),
            *(memory_mb, store),
        )


@dataclass(frozen=True, eq=False)
class SplitDataset:
    """The three parts of a data set; each is decoded when it is first used.

    Attributes:
        index: the `ImageIndex`.
        split: the `Split`: the parts as indices into it.
        size: `(height, width)` of the images in pixels.
        batch_size: images per batch.
        seed: decides the order of the training part.
        strict: whether an image that cannot be decoded raises `InputError` instead of
            being left out with a warning.
        memory_mb: see `open_images`.
        store: see `open_images`.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = write_dataset(tempfile.mkdtemp(), per_class=6, size=32)
        >>> parts = Dataset.open(folder).split(val_fraction=0.25, size=16)
        >>> parts.counts["val"]["patches"], parts.images("test").shape
        (1, (12, 16, 16, 3))
    """

    index: object
    split: object
    size: tuple = (64, 64)
    batch_size: int = 32
    seed: int = 0
    strict: bool = False
    memory_mb: float | None = None
    store: object = None

    @property
    def class_names(self):
        """Tuple of the classes' names, in the order of the labels."""
        return self.index.class_names

    @property
    def counts(self):
        """Dict from part to a dict from class name to its number of images."""
        parts = ("train", "val", "test")
        return {p: _by_class(self.index, getattr(self.split, p)) for p in parts}

    @property
    def train(self):
        """The training part as `tf.data`: batches of `(images, labels)`, shuffled.

        Every iteration shows all images once, in another order; the images are as
        they are. `Recipe.pipeline` or `TrainingPipeline` augment `images("train")`.

        Returns:
            A `tf.data.Dataset`; Keras's `fit` takes it with `shuffle=False`.
        """
        from rkd_keras.data.streams import shuffled_dataset

        images, labels = self._opened("train")
        return shuffled_dataset(images, labels, self.batch_size, self.seed)

    @property
    def val(self):
        """The validation part as `tf.data`, in order; `None` when it is empty."""
        return self._in_order("val") if len(self.split.val) else None

    @property
    def test(self):
        """The test part as `tf.data`, in order; `None` when it is empty."""
        return self._in_order("test") if len(self.split.test) else None

    def images(self, part):
        """Return the images of a part.

        Args:
            part: `"train"`, `"val"` or `"test"`.

        Returns:
            Array `(n, height, width, 3)`, uint8, or `StreamedImages` where it would
            be larger than `memory_mb`.

        Raises:
            InputError: when none of them can be decoded, or one under `strict`.
        """
        return self._opened(part)[0]

    def labels(self, part):
        """Return the labels of a part, one for each of `images(part)`.

        Args:
            part: `"train"`, `"val"` or `"test"`.

        Returns:
            Array `(n,)`, int64.
        """
        return self._opened(part)[1]

    def _in_order(self, part):
        from rkd_keras.data.streams import evaluation_dataset

        return evaluation_dataset(*self._opened(part), self.batch_size)

    def _opened(self, part):
        if part not in self._parts:
            self._parts[part] = self._open(getattr(self.split, part))
        return self._parts[part]

    @functools.cached_property
    def _parts(self):
        return {}

    def _open(self, members):
        from rkd_keras.data.reading.loading import open_images

        files = [self.index.files[i] for i in members]
        images, kept = open_images(
            files, self.size, self.strict, self.memory_mb, self.store
        )
        return images, self.index.labels[members[kept]]


def _by_class(index, members=None):
    counts = index.counts(members).tolist()
    return dict(zip(index.class_names, counts, strict=True))
