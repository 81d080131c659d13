"""Where the examples of a training pipeline come from: memory, files, or a disk."""

import numpy as np
import tensorflow as tf

from rkd_keras.data.streamed_images import in_graph, is_streamed

# Images, and stored answers, that are read by one call into Python.
AT_ONCE = 16


class PipelineSources:
    """What the functions of a dataset take from: tensors, or what Python reads.

    Args:
        pipeline: a `TrainingPipeline`.

    Attributes:
        labels: tensor `(N,)` of its labels.
    """

    def __init__(self, pipeline):
        answers = {
            name: getattr(pipeline, name)
            for name in ("teacher_logits", "teacher_embedding")
            if getattr(pipeline, name) is not None
        }
        self._image = in_graph(pipeline.images)
        self._is_streamed = is_streamed(pipeline.images)
        self._stored = {
            name: _stored(values)
            for name, values in answers.items()
            if not isinstance(values, np.ndarray)
        }
        # Outside of the functions' graphs.
        with tf.device("CPU"):
            self.labels = tf.constant(pipeline.labels)
            self._answers = {
                name: tf.constant(values)
                for name, values in answers.items()
                if name not in self._stored
            }

    def read(self, dataset, view):
        """Add to a dataset of pairs `(slot, index)` what Python reads of the index.

        Args:
            dataset: `tf.data.Dataset`.
            view: scalar tensor, or `None` for no stored answers.

        Returns:
            `tf.data.Dataset` of `(slot, index, found)`: the dict `found` was read for
            several indices at a time, for Python runs one call after the other. Where
            all is in memory, the dataset as it is.
        """
        stored = {} if view is None else self._stored
        if not (self._is_streamed or stored):
            return dataset

        def found(slots, indices):
            read = {name: take(view, indices) for name, take in stored.items()}
            if self._is_streamed:
                read["image"] = self._image(indices)
            return slots, indices, read

        return dataset.batch(AT_ONCE).map(found, tf.data.AUTOTUNE).unbatch()

    def image(self, index, found):
        """Return the image of an index.

        Args:
            index: scalar tensor.
            found: dict of what was read for it, or `None`.

        Returns:
            Tensor `(H, W, C)`, uint8.
        """
        return found["image"] if self._is_streamed else self._image(index)

    def answers(self, view, index, found):
        """Return the teacher's answers to the view of an image.

        Args:
            view: scalar tensor.
            index: scalar tensor.
            found: dict of what was read for it, or `None`.

        Returns:
            Dict of tensors, float32; empty where none are stored.
        """
        place = tf.stack([view, tf.cast(index, tf.int64)])
        return {
            **{name: found[name] for name in self._stored},
            **{
                name: tf.cast(tf.gather_nd(values, place), tf.float32)
                for name, values in self._answers.items()
            },
        }


def _stored(values):
    """Make a function of a view and indices `(n,)` that gives answers, float32."""

    def read(view, indices):
        return np.asarray(values[int(view), indices], "float32")

    def take(view, indices):
        found = tf.numpy_function(read, [view, indices], tf.float32, stateful=False)
        found.set_shape((*indices.shape, *values.shape[2:]))
        return found

    return take
