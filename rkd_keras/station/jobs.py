"""Work that takes seconds: done in child processes, off the line's path."""

import os
import threading
from pathlib import Path

from rkd_keras.station.workers import WorkerProcess

IDLE_S = 300.0
TIMEOUT_S = 600.0


class Jobs:
    """Runs reports, evaluations and the views of each step.

    Two children are started when they are first needed and ended when nobody
    asked for anything in a while: one for what a person waits for in front of a
    page, one for what takes longer. Calls to the same child wait their turn.

    Args:
        config: the `StationConfig`.
        factory: makes the handler in a child; tests give their own. Defaults to
            `make_jobs`.
        idle_s: seconds until an idle child is ended. Defaults to `300.0`.
    """

    def __init__(self, config, factory=None, idle_s=IDLE_S):
        self._lanes = {
            name: _Lane(WorkerProcess(factory or make_jobs, (config,), name), idle_s)
            for name in ("views", "reports")
        }

    def classify(self, data):
        """Return the probabilities of each square of an encoded image.

        Returns:
            List of dicts `box`, `probabilities` {class: p} and `is_unknown`.
        """
        return self._lanes["views"].call(("classify", {"data": data}))

    def steps(self, data, min_contrast):
        """Return the views of each step for an encoded image.

        Args:
            data: its bytes.
            min_contrast: see `segment`.

        Returns:
            List of dicts `title` and `png` (bytes).
        """
        return self._lanes["views"].call(
            ("steps", {"data": data, "min_contrast": min_contrast})
        )

    def augment(self, samples, seed=0):
        """Return augmented images, as `steps`.

        Args:
            samples: list of `(encoded image, box)`, the sample and others of its
                class; the box is x, y, width, height or `None` for all of it.
            seed: integer seed.
        """
        return self._lanes["views"].call(
            ("augment", {"samples": samples, "seed": seed})
        )

    def explain(self, sample):
        """Return heat map and feature maps of one sample, see `augment`."""
        return self._lanes["views"].call(("explain", {"sample": sample}))

    def evaluate(self, folder):
        """Classify a labelled folder.

        Args:
            folder: its path.

        Returns:
            Metrics as a dict.
        """
        return self._lanes["reports"].call(("evaluate", {"folder": str(folder)}))

    def report(self, **arguments):
        """Make a report, see `build_report`; returns the name of its files."""
        return self._lanes["reports"].call(("report", arguments))

    def learn_normal(self, rows, file):
        """Learn what is normal from squares and write it, see `NormalSurfaces`."""
        self._lanes["reports"].call(("learn_normal", {"rows": rows, "file": file}))

    def learn_reviewed(self, device_id, file):
        """Learn what is normal from what people called no defect, and write it."""
        arguments = {"device_id": device_id, "file": file}
        self._lanes["reports"].call(("learn_reviewed", arguments))

    def export_reviews(self, **arguments):
        """Export reviewed samples, see `export_zip`; returns how many."""
        return self._lanes["reports"].call(("export_reviews", arguments))

    def close(self):
        """End the children."""
        for lane in self._lanes.values():
            lane.close()


class _Lane:
    """One child, one call at a time."""

    def __init__(self, worker, idle_s):
        self._worker = worker
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._timer = None

    def call(self, request):
        with self._lock:
            self._cancel()
            try:
                return self._worker.call(request, TIMEOUT_S)
            finally:
                self._timer = threading.Timer(self._idle_s, self._end)
                self._timer.daemon = True
                self._timer.start()

    def close(self):
        with self._lock:
            self._cancel()
            self._worker.stop()

    def _end(self):
        if self._lock.acquire(blocking=False):
            try:
                self._worker.stop()
            finally:
                self._lock.release()

    def _cancel(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class JobHandler:
    """What the children can do; each method is a job.

    What needs Keras or TensorFlow is imported in the job that does.

    Args:
        config: the `StationConfig`.
    """

    def __init__(self, config):
        self._config = config
        self._store = None
        self._predictor = None

    def __call__(self, request):
        """Run `(name, arguments)`."""
        name, arguments = request
        return getattr(self, f"_{name}")(**arguments)

    def _classify(self, data):
        from rkd_keras.station.analysis import window_views

        return window_views(self._loaded(), self._decoded(data))

    def _steps(self, data, min_contrast):
        from rkd_keras.station.step_views import step_views

        return _encoded(step_views(self._decoded(data), min_contrast))

    def _augment(self, samples, seed):
        from rkd_keras.station.augment_views import augment_views

        images = [self._cut_out(sample) for sample in samples]
        return _encoded(augment_views(images, seed, self._config.generator))

    def _explain(self, sample):
        from rkd_keras.station.explain_views import explain_views

        image, config = self._cut_out(sample), self._config
        predictor = None if config.keras_model else self._loaded()
        return _encoded(
            explain_views(config.keras_model, image, config.model, predictor)
        )

    def _evaluate(self, folder):
        from rkd_keras.data import open_dataset
        from rkd_keras.evaluate.score_files import score_files

        index = open_dataset(Path(folder))
        return score_files(
            self._loaded(), index.files, index.labels, index.class_names, quiet=True
        )[0]

    def _report(self, **arguments):
        from rkd_keras.station.reports import build_report

        return build_report(
            *self._opened(), folder=self._config.reports_dir, **arguments
        )

    def _learn_normal(self, rows, file):
        from rkd_keras.rating.normal import learn_from_statistics

        learn_from_statistics(rows).save(file)

    def _learn_reviewed(self, device_id, file):
        from rkd_keras.rating.normal import (
            SIDE,
            described_squares,
            learn_from_statistics,
        )
        from rkd_keras.station.review import good_images

        # Marks that people have seen and called no defect are normal, too.
        images = good_images(*self._opened(), device_id)
        rows = [described_squares(image, SIDE)[1] for image in images]
        file.parent.mkdir(parents=True, exist_ok=True)
        learn_from_statistics(rows).save(file)

    def _export_reviews(self, name, **arguments):
        from rkd_keras.station.review import export_zip

        path = self._config.exports_dir / name
        return export_zip(*self._opened(), path=path, **arguments)

    def _loaded(self):
        from rkd_keras.predict import load

        if self._predictor is None:
            self._predictor = load(self._config.model)
        return self._predictor

    def _opened(self):
        from rkd_keras.station.image_files import ImageFiles
        from rkd_keras.station.store import Store

        if self._store is None:
            self._store = Store(self._config.store_url)
        return self._store, ImageFiles(self._config.images_dir)

    def _cut_out(self, sample):
        data, box = sample
        image = self._decoded(data)
        if box is None:
            return image
        x, y, width, height = box
        return image[y : y + height, x : x + width]

    @staticmethod
    def _decoded(data):
        from rkd_keras.files.images import decode_image

        return decode_image(data, "the picture")


def make_jobs(config):
    """Make the handler in a child process."""
    os.nice(5)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(config.max_pixels)
    return JobHandler(config)


def _encoded(views):
    """Return `{title: image}` as a list of PNGs."""
    from rkd_keras.files.images import encode_image

    return [{"title": t, "png": encode_image(image)} for t, image in views.items()]
