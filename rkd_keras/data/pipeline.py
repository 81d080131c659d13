"""`tf.data` pipelines whose order and views are functions of the seed alone."""

from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from rkd_keras.data.pipeline_sources import PipelineSources
from rkd_keras.data.samples.mixing import cutmix, mixup
from rkd_keras.data.streams import steady_options


@dataclass(frozen=True, eq=False)
class TrainingPipeline:
    """An endless stream of training batches that can start at any epoch.

    Epoch `e` shuffles by `(seed, e)`. The view of image `i` in epoch `e` has the
    seed `(seed, view * images + i)`, where `view` is `e`, or `e % views` when a
    teacher's answers were stored for so many views. So a run that is resumed at
    epoch `e` sees what the uninterrupted one saw. Every batch is full: the last
    one of an epoch is topped up from its beginning. A pipeline is not changed after
    it was made.

    Attributes:
        images: array `(N, H, W, 3)`, uint8, or `StreamedImages`, which are read as they
            are needed: the batches are the same.
        labels: array `(N,)`, integer; below 0 for an image without one, whose
            one-hot label is a row of zeros.
        batch_size: images per batch; at most `N` are used.
        augment: function of `(image, seed)`, or `None`.
        seed: integer.
        views: number of views whose teacher answers are stored, or `None`.
        teacher_logits: array `(views, N, classes)`, or what stands for one and is
            read from disk, see `rkd_keras.trainers.AnswerFolder`; or `None`.
        teacher_embedding: array `(views, N, features)`, or such answers, or `None`.
        mix: `None`, `"mixup"` or `"cutmix"`; labels become one-hot.
        label_smoothing: share of a label that is spread over all classes, in
            [0, 1); above 0 labels become one-hot.
        num_classes: number of classes, needed for one-hot labels.
        order: function of `epoch` (scalar int tensor) that gives the indices of an
            epoch, or `None` for a shuffle of all; its length must be `N`. The
            seed of a view then counts places in the epoch instead of images, for
            an image may come several times (not so with `views`).
        epoch_size: images in an epoch, at most `N`, which a shuffle then draws of
            all; `None` for all. Of no effect with an own `order`.

    Raises:
        ValueError: when lengths differ or are 0, `mix` is unknown or would mix what
            a teacher answered, or one-hot labels lack `num_classes`.

    Example:
        >>> import numpy as np
        >>> pipeline = TrainingPipeline(
        ...     np.zeros((10, 8, 8, 3), "uint8"), np.zeros(10, int), batch_size=4
        ... )
        >>> x, y = next(iter(pipeline.dataset()))
        >>> x.shape, pipeline.steps_per_epoch
        (TensorShape([4, 8, 8, 3]), 3)
    """

    images: np.ndarray
    labels: np.ndarray
    batch_size: int = 32
    augment: object = None
    seed: int = 0
    views: int = None
    teacher_logits: np.ndarray = None
    teacher_embedding: np.ndarray = None
    mix: str = None
    label_smoothing: float = 0.0
    num_classes: int = None
    order: object = None
    epoch_size: int = None

    def __post_init__(self):
        """Check the arguments."""
        if len(self.images) != len(self.labels) or len(self.images) == 0:
            raise ValueError(
                "`images` and `labels` must be of one length above 0. Received: "
                f"{len(self.images)}, {len(self.labels)}"
            )
        if self.mix not in (None, "mixup", "cutmix"):
            raise ValueError(
                f"`mix` must be None, 'mixup' or 'cutmix'. Received: mix={self.mix}"
            )
        if self.mix and self.teacher_logits is not None:
            raise ValueError(
                "`mix` cannot be used with stored teacher answers: the teacher "
                "never saw the mixed images"
            )
        if self.one_hot and not self.num_classes:
            raise ValueError("`num_classes` is needed for one-hot labels")
        if self.epoch_size is None or self.order is not None:
            object.__setattr__(self, "epoch_size", len(self.images))
        if not 1 <= self.epoch_size <= len(self.images):
            raise ValueError(
                f"`epoch_size` must be from 1 to {len(self.images)}, the number of "
                f"images. Received: epoch_size={self.epoch_size}"
            )
        smallest = min(self.batch_size, self.epoch_size)
        object.__setattr__(self, "batch_size", smallest)

    def with_teacher(self, logits, embedding):
        """Return this pipeline with a teacher's stored answers.

        Args:
            logits: array `(views, N, classes)`.
            embedding: array `(views, N, features)`.

        Returns:
            A `TrainingPipeline` whose epochs show so many views in turn.

        Raises:
            ValueError: when the answers are not of these images.

        Example:
            >>> import numpy as np
            >>> pipeline = TrainingPipeline(np.zeros((3, 8, 8, 3), "uint8"), [0, 1, 2])
            >>> taught = pipeline.with_teacher(np.zeros((2, 3, 6)), np.zeros((2, 3, 9)))
            >>> taught.views, pipeline.views
            (2, None)
        """
        wanted = (len(logits), len(self.images))
        for name, values in (("logits", logits), ("embedding", embedding)):
            if np.shape(values)[:2] != wanted:
                raise ValueError(
                    f"`{name}` must be (views, {len(self.images)}, ...), as many views "
                    f"as the other. Received: shape={np.shape(values)}"
                )
        return replace(
            self,
            views=len(logits),
            teacher_logits=logits,
            teacher_embedding=embedding,
        )

    @property
    def one_hot(self):
        """Whether the labels are `(batch, classes)`, float32."""
        return bool(self.mix or self.label_smoothing)

    @property
    def steps_per_epoch(self):
        """Number of batches in an epoch."""
        return -(-self.epoch_size // self.batch_size)

    def dataset(self, initial_epoch=0, shard=(0, 1)):
        """Make the endless dataset.

        Args:
            initial_epoch: epoch that comes first. Defaults to `0`.
            shard: pair `(index, count)`: of each batch only the part `index` of
                `count` equal ones. The parts of all indices, put together, are
                the batch, bit for bit. Defaults to `(0, 1)`: all of it.

        Returns:
            A `tf.data.Dataset` of `(images, labels)`, images float32 of 0 to
            255; with stored teacher answers the first is a dict of `image`,
            `teacher_logits` and `teacher_embedding`.

        Raises:
            ValueError: when a batch cannot be cut into `count` equal parts.
        """
        index, count = shard
        if self.batch_size % count or not 0 <= index < count:
            raise ValueError(
                f"`shard` must cut batches of {self.batch_size} images into equal "
                f"parts. Received: shard={tuple(shard)}"
            )
        taken = PipelineSources(self)
        epochs = tf.data.Dataset.counter(initial_epoch)
        batches = epochs.flat_map(lambda epoch: self._epoch(taken, epoch, index, count))
        return batches.with_options(steady_options()).prefetch(2)

    def view_seed(self, view, index):
        """Make the seed of an image's view.

        Args:
            view: integer, or scalar tensor.
            index: of the image, integer or scalar tensor.

        Returns:
            int64 tensor `(2,)`.
        """
        view, index = tf.cast(view, tf.int64), tf.cast(index, tf.int64)
        seed = tf.constant(self.seed, tf.int64)
        return tf.stack([seed, view * len(self.images) + index])

    def view_dataset(self, view):
        """Make the dataset of one view of all images, in order, in batches.

        Args:
            view: integer.

        Returns:
            A `tf.data.Dataset` of images `(batch, H, W, 3)`, float32: bit for
            bit what `dataset` shows in the epochs of that view.
        """
        taken = PipelineSources(self)
        order = tf.data.Dataset.range(len(self.images)).map(lambda i: (i, i))
        images = taken.read(order, None).map(
            lambda _, i, found=None: self._view(taken.image(i, found), view, i),
            tf.data.AUTOTUNE,
        )
        batches = images.batch(self.batch_size).with_options(steady_options())
        # The next views are made while a teacher answers.
        return batches.prefetch(2)

    def _view(self, image, view, index):
        if self.augment is None:
            return tf.cast(image, tf.float32)
        return self.augment(image, self.view_seed(view, index))

    def _epoch(self, taken, epoch, part, parts):
        count = self.epoch_size
        if self.order is None:
            order = tf.random.experimental.stateless_shuffle(
                tf.range(len(self.images)),
                tf.stack([tf.constant(self.seed, tf.int64), epoch]),
            )[:count]
        else:
            order = self.order(epoch)
        padding = self.steps_per_epoch * self.batch_size - count
        order = tf.concat([order, order[:padding]], 0)
        view = epoch if self.views is None else epoch % self.views

        # An image that an own `order` shows several times gets a view each time.
        repeats = self.order is not None and self.views is None

        def example(slot, index, found=None):
            index.set_shape(())
            seen = slot if repeats else index
            image = self._view(taken.image(index, found), view, seen)
            label = self._target(tf.gather(taken.labels, index))
            answers = taken.answers(view, index, found)
            return ({"image": image, **answers} if answers else image), label

        rows = self.batch_size // parts
        mine = slice(part * rows, (part + 1) * rows)
        # Mixing blends images of the whole batch, so it is cut afterwards.
        shown = slice(0, self.batch_size) if self.mix else mine
        grid = (self.steps_per_epoch, self.batch_size)
        slots = tf.range(grid[0] * grid[1], dtype=tf.int64)
        slots, order = (
            tf.reshape(tf.reshape(each, grid)[:, shown], (-1,))
            for each in (slots, order)
        )
        dataset = tf.data.Dataset.from_tensor_slices((slots, order))
        dataset = taken.read(dataset, view).map(example, tf.data.AUTOTUNE)
        dataset = dataset.batch(shown.stop - shown.start, drop_remainder=True)
        if self.mix:
            dataset = dataset.enumerate().map(
                lambda step, batch: self._mixed(epoch, step, *batch), tf.data.AUTOTUNE
            )
            if parts > 1:
                dataset = dataset.map(lambda x, y: (x[mine], y[mine]))
        return dataset

    def _target(self, label):
        if not self.one_hot:
            return label
        share = self.label_smoothing
        known = tf.cast(label >= 0, tf.float32)
        return tf.one_hot(label, self.num_classes) * (1 - share) + (
            known * share / self.num_classes
        )

    def _mixed(self, epoch, step, images, labels):
        seed = tf.stack(
            [
                tf.constant(self.seed + 2**20, tf.int64),
                epoch * self.steps_per_epoch + step,
            ]
        )
        function = mixup if self.mix == "mixup" else cutmix
        return function(images, labels, seed)
