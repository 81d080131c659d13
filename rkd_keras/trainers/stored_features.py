"""Run a frozen network over seeded views once, and keep what it says."""

import json
import time
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing
from rkd_keras.trainers.frozen_network import frozen_network

# Seconds of work that a killed process loses at most, roughly.
SAVE_EVERY = 10.0


def view_features(model, pipeline, views, path=None, made_of="", progress=None):
    """Compute a network's answers to the views of a pipeline's images.

    They are kept as float16, half the size, of which three decimal digits are
    left. With a `path` they lie in a memory-mapped `.npy` file, so that they need
    not fit into memory; a killed process goes on where it stopped, and a finished
    file is not computed again.

    Args:
        model: built `keras.Model` of images `(batch, H, W, C)` to features
            `(batch, features)`, for example up to a layer `embedding`.
        pipeline: a `TrainingPipeline`; of its views `0` to `views - 1` are shown.
        views: number of views, at least 1.
        path: file for the features, `.npy`, beside which a `.json` tells what it
            holds; `None` keeps them in memory. Defaults to `None`.
        made_of: text that tells what the features depend on, to be found again in
            the file. Defaults to `""`.
        progress: function called after each batch with its number of images, also
            for those that were there already, or `None`.

    Returns:
        Array `(views, images, features)`, float16, read-only where it is of a file.

    Raises:
        InputError: when the file holds other features, or is no such file.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from rkd_keras.data import TrainingPipeline
        >>> from rkd_keras.models import ResNet18, tapped
        >>> model = ResNet18(width=0.125, input_shape=(16, 16, 3))
        >>> body = keras.Model(model.input, model.get_layer("embedding").output)
        >>> pipeline = TrainingPipeline(np.zeros((5, 16, 16, 3), "uint8"), [0] * 5)
        >>> view_features(body, pipeline, views=2).shape
        (2, 5, 64)
    """
    shape = (views, len(pipeline.images), model.output_shape[-1])
    if path is None:
        features = np.zeros(shape, "float16")
        _fill(model, pipeline, features, 0, progress, lambda done: None)
        return features
    path, facts = Path(path), {"made_of": made_of, "shape": list(shape)}
    if path.exists():
        if progress is not None:
            progress(views * shape[1])
        return _open(path, facts)
    partial = path.with_suffix(".partial.npy")
    if partial.exists():
        done = _facts(partial, facts)["done"]
        features = _open(partial, facts, "r+")
    else:
        done = 0
        _write_facts(partial, {**facts, "done": 0})
        features = np.lib.format.open_memmap(partial, "w+", "float16", shape)

    def save(done):
        features.flush()
        _write_facts(partial, {**facts, "done": done})

    _fill(model, pipeline, features, done, progress, save)
    features.flush()
    _write_facts(path, facts)
    partial.replace(path)
    _facts_file(partial).unlink()
    return _open(path, facts)


def _fill(model, pipeline, features, done, progress, save):
    """Compute from image `done` on, counted over all views."""
    count, size = features.shape[1], pipeline.batch_size
    height, width = pipeline.images.shape[1:3]
    left = len(features) * count - done
    answer = frozen_network(model, left * height * width)
    if done and progress is not None:
        progress(done)
    saved = time.monotonic()
    largest = float(np.finfo("float16").max)
    for view in range(done // count, len(features)):
        begin = done % count
        for batch in pipeline.view_dataset(view).skip(begin // size).prefetch(2):
            [answers] = answer(batch)
            end = begin + len(answers)
            features[view, begin:end] = np.clip(answers, -largest, largest)
            begin, done = end, view * count + end
            if progress is not None:
                progress(len(answers))
            if time.monotonic() - saved > SAVE_EVERY:
                save(done)
                saved = time.monotonic()


def _open(path, facts, mode="r"):
    _facts(path, facts)
    try:
        features = np.load(path, mmap_mode=mode, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} is damaged; remove it") from error
    if list(features.shape) != facts["shape"] or features.dtype != "float16":
        raise InputError(f"{path} is damaged; remove it")
    return features


def _facts(path, wanted):
    """Read what a file holds, and compare."""
    try:
        found = json.loads(_facts_file(path).read_text(encoding="utf-8"))
        same = all(found[key] == value for key, value in wanted.items())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} has no readable {_facts_file(path).name} beside it; remove it"
        ) from error
    if not same:
        raise InputError(
            f"{path} holds features of another network, or of other images, views or "
            "augmentation; give another file"
        )
    return found


def _write_facts(path, facts):
    with replacing(_facts_file(path)) as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _facts_file(path):
    return path.with_suffix(".json")
