"""One training on one or several replicas: what differs, in one place.

`experiment.py` asks a `Distribution` for whatever depends on how many replicas
there are; without a strategy every answer is the plain one.
"""

import contextlib
import hashlib
import json
import tempfile
import zlib
from dataclasses import asdict, dataclass, replace

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.runs.run import Run
from rkd_keras.runs.settings import FREE


@dataclass
class Distribution:
    """How a training is spread.

    Attributes:
        strategy: a `tf.distribute.Strategy`, or `None` for one replica.
        chief: whether this process writes.
        workers: whether there are several processes.
        scratch: the temporary folder of a worker that does not write, or `None`.
    """

    strategy: object = None
    chief: bool = True
    workers: bool = False
    scratch: object = None

    @classmethod
    def open(cls, settings):
        """Start TensorFlow under the strategy that the settings name.

        Several workers wait here until all are connected.

        Args:
            settings: a `Settings`.

        Returns:
            A `Distribution`.

        Raises:
            InputError: when `TF_CONFIG` is missing or wrong, or a setting has no
                meaning over several replicas.
        """
        from rkd_keras.runs.start_tensorflow import start_tensorflow

        if settings.strategy == "multi_worker":
            strategy = _connect(settings)
        else:
            start_tensorflow(batch_parts=settings.batch_parts)
            if settings.strategy != "mirrored":
                return cls()
            import tensorflow as tf

            strategy = tf.distribute.MirroredStrategy()
        from rkd_keras.trainers.distributed.workers import is_chief, is_multi_worker

        _check(settings)
        return cls(strategy, is_chief(strategy), is_multi_worker(strategy))

    @property
    def replicas(self):
        """Number of replicas over all processes."""
        return self.strategy.num_replicas_in_sync if self.strategy else 1

    def scope(self):
        """Return the context in which models are made and trained."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def watch(self):
        """Return the context that tells of a lost worker."""
        from rkd_keras.trainers.distributed.workers import watch_workers

        return watch_workers(self.strategy)

    def own_settings(self, settings):
        """Return the settings of this process: only the chief shows progress."""
        return settings if self.chief else replace(settings, quiet=True)

    def open_run(self, settings):
        """Open the run directory; other workers than the chief get a scratch one.

        A worker needs nothing of the chief's folder: the chief sends the state of
        a run that is resumed.
        """
        if self.chief:
            run = Run.begin(
                settings.out, settings.to_config(), settings.resume, settings.overwrite
            )
        else:
            self.scratch = tempfile.TemporaryDirectory(prefix="rkd-keras-worker-")
            run = Run(self.scratch.name)
        self._share_state(run.checkpoints)
        return run

    def _share_state(self, folder):
        """Give all workers the state that the chief goes on from, if it has one."""
        if not self.workers:
            return
        from rkd_keras.trainers.distributed.workers import from_chief
        from rkd_keras.trainers.training_state import LAST, TrainingState

        state = TrainingState.newest(folder) if self.chief else None
        content = from_chief(self.strategy, state and state.path.read_bytes())
        if content is not None and not self.chief:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / LAST).write_bytes(content)

    def check_alike(self, settings, parts):
        """Raise `InputError` where the workers' settings or data differ."""
        if not self.workers:
            return
        from rkd_keras.data.streamed_images import fingerprint
        from rkd_keras.trainers.distributed.workers import sum_over_workers

        asked = {k: v for k, v in asdict(settings).items() if k not in FREE}
        asked.pop("data")
        asked.pop("teacher")
        text = json.dumps(asked, sort_keys=True, default=str).encode()
        marks = [int(hashlib.sha256(text).hexdigest()[:7], 16)]
        for part in ("train", "val"):
            mark = zlib.crc32(np.asarray(parts.labels[part], "int64").tobytes())
            mark = zlib.crc32(fingerprint(parts.images[part]).encode(), mark)
            marks.append(mark >> 4)
        marks = np.array(marks, "int64")
        count = sum_over_workers(self.strategy, np.int64(1))
        sums = sum_over_workers(self.strategy, marks)
        unlike = sum_over_workers(
            self.strategy, (marks * int(count) != sums).astype("int64")
        )
        for name, number in zip(("options", "train", "val"), unlike, strict=True):
            if number:
                what = "options" if name == "options" else f"images of the {name} part"
                raise InputError(
                    f"the workers were started with different {what}; start all with "
                    "the same command and the same data"
                )

    def prepare(self, settings, network):
        """Let batch normalisation span the replicas, if the settings say so."""
        if settings.sync_batch_norm and self.replicas > 1:
            from rkd_keras.trainers.distributed.statistics import set_synchronized

            set_synchronized(network)

    def check_batch(self, settings, pipeline):
        """Raise `InputError` where a batch cannot be cut into equal parts."""
        if pipeline.batch_size % settings.batch_parts:
            raise InputError(
                f"a batch of {pipeline.batch_size} images cannot be cut into "
                f"{settings.batch_parts} equal parts; give another --batch-size or "
                "--batch-parts"
            )
        if pipeline.batch_size % self.replicas:
            raise InputError(
                f"a batch of {pipeline.batch_size} images cannot be shared equally "
                f"among {self.replicas} replicas; give another --batch-size"
            )

    def teacher_cache(self, folder, answers, views):
        """Make what a folder of a teacher's answers lacks, and read it.

        Several workers share the work, see `complete_answers`.

        Args:
            folder: an `AnswerFolder`.
            answers: function of a view's number that gives its batches, as
                `AnswerFolder.write` takes them.
            views: number of views.

        Returns:
            A `TeacherCache` of all views, the same on every worker.
        """
        if self.workers:
            from rkd_keras.trainers.distributed.shared_answers import complete_answers

            complete_answers(folder, answers, views, self.strategy, self.chief)
        else:
            for view in folder.missing(views):
                folder.write(view, answers(view))
        return folder.read(views)

    def fit(self, model, network, pipeline, validation, callbacks, **arguments):
        """Train, by Keras's `fit` or by the loop that replaces it.

        Args:
            model: the compiled model.
            network: the model whose weights are kept.
            pipeline: the `TrainingPipeline`.
            validation: pair of images and labels, or `None`.
            callbacks: all callbacks; the last one writes the checkpoint.
            **arguments: `epochs`, `initial_epoch`, `steps_per_epoch`,
                `validation_freq`.
        """
        first = arguments["initial_epoch"]
        if self.strategy:
            from rkd_keras.trainers.distributed.statistics import ReplicaStatistics

            statistics = ReplicaStatistics(self.strategy, network)
            callbacks = [*callbacks[:-1], statistics, callbacks[-1]]
        if self.workers:
            from rkd_keras.trainers.distributed.loop import fit_replicas

            fit_replicas(
                model,
                self.strategy,
                lambda *shard: pipeline.dataset(first, shard),
                validation=validation,
                callbacks=callbacks,
                **arguments,
            )
            return
        if self.strategy and validation:
            from rkd_keras.trainers.distributed.loop import ReplicaValidation

            frequency = arguments.pop("validation_freq")
            told = [each for each in callbacks if hasattr(each, "get_state")]
            evaluate = ReplicaValidation(
                self.strategy, *validation, frequency, [*told, statistics]
            )
            callbacks, validation = [evaluate, *callbacks], None
        from rkd_keras.data import evaluation_dataset

        model.fit(
            pipeline.dataset(first),
            shuffle=False,
            validation_data=evaluation_dataset(*validation) if validation else None,
            verbose=0,
            callbacks=callbacks,
            **arguments,
        )

    def plain(self, network):
        """Return the trained network free of the strategy it was trained under."""
        if not self.strategy:
            return network
        from rkd_keras.trainers.distributed.statistics import set_synchronized

        copy = type(network).from_config(network.get_config())
        copy.set_weights(network.get_weights())
        set_synchronized(copy, False)
        return copy

    def wait(self):
        """Wait until all workers are here, so that none ends before the chief."""
        if self.workers:
            from rkd_keras.trainers.distributed.workers import sum_over_workers

            sum_over_workers(self.strategy, np.int64(1))


def _connect(settings):
    """Start TensorFlow as one of the workers that `TF_CONFIG` names."""
    import sys

    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.trainers.distributed.tf_config import workers_of_tf_config

    count = workers_of_tf_config()
    if not count:
        raise InputError(
            "the strategy multi_worker needs TF_CONFIG, which names all workers; to "
            "try it on one machine: rkd-keras launch --workers 2 -- train ..."
        )
    found = []

    def connect():
        from rkd_keras.trainers.distributed.workers import connect_workers

        found.append(connect_workers())

    if "tensorflow" in sys.modules:
        connect()
    else:
        if not settings.quiet:
            print(f"waiting for {count} workers", file=sys.stderr, flush=True)
        start_tensorflow(connect)
    return found[0]


def _check(settings):
    """Refuse what would not mean the same over several replicas."""
    if settings.clipnorm:
        raise InputError(
            "clipnorm would clip each replica's gradients by themselves; leave it out "
            f"or give --strategy none instead of {settings.strategy}"
        )
    if settings.loss == "adaptive_gmean_paper":
        raise InputError(
            "the loss adaptive_gmean_paper looks at the whole batch, of which a "
            "replica sees a part; choose another loss or --strategy none"
        )
    if settings.precision == "mixed_float16":
        raise InputError(
            "mixed_float16 is not supported over several replicas; give --precision "
            "mixed_bfloat16 or float32"
        )
