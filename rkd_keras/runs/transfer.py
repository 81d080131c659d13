"""Start a training from weights that something else has learnt."""

import hashlib
from pathlib import Path

from rkd_keras.errors import InputError


def load_fitting_weights(network, path):
    """Take over every layer of a file whose name and shapes fit.

    Args:
        network: a `keras.Model`, changed in place.
        path: a `.weights.h5` or `.keras` file of any model.

    Returns:
        List of names of the network's layers that were not found, or have other
        shapes.

    Raises:
        InputError: when there is no such file, or none of its layers fits.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"weights {path} do not exist; give a file, or imagenet")
    import numpy as np

    before = {layer.name: layer.get_weights() for layer in _weighted(network)}
    # What is no number afterwards was not in the file, or did not fit.
    for layer in _weighted(network):
        layer.set_weights([np.full_like(w, np.nan) for w in before[layer.name]])
    try:
        _load(network, path)
    except (OSError, ValueError, KeyError) as error:
        _restore(network, before)
        raise InputError(f"{path} cannot be read as weights: {error}") from error
    left = _restore(network, before)
    if len(left) == len(before):
        raise InputError(f"no layer of {path} fits the network {network.name}")
    return left


def check_seen(settings, index, split):
    """Refuse the package's own weights where they have learnt from test images.

    Args:
        settings: a `Settings` whose `weights` are `"neu"`.
        index: the `ImageIndex`.
        split: the `Split`.

    Raises:
        InputError: when they have.
    """
    from rkd_keras.models.pretrained import find_seen

    seen = find_seen([index.files[i] for i in split.test])
    if seen:
        raise InputError(
            f"the weights neu have learnt from {len(seen)} of {len(split.test)} test "
            f"images of {settings.data} (such as {seen[0]}); train without --weights"
        )


def _load(network, path):
    import warnings

    if path.suffix == ".keras":
        from rkd_keras.models import load_model

        _copy(load_model(path), network)
        return
    with warnings.catch_warnings():
        # Keras warns of each layer that does not fit; they are told together.
        warnings.simplefilter("ignore")
        network.load_weights(path, skip_mismatch=True)


def _restore(network, before):
    """Give layers that were not loaded their weights back; return their names."""
    import numpy as np

    left = []
    for layer in _weighted(network):
        if any(np.isnan(w).any() for w in layer.get_weights()):
            layer.set_weights(before[layer.name])
            left.append(layer.name)
    return left


def _weighted(network):
    return [layer for layer in network.layers if layer.weights]


def _digest(layer):
    import numpy as np

    digest = hashlib.sha256()
    for weight in layer.weights:
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def _copy(source, network):
    known = {layer.name: layer for layer in _weighted(source)}
    for layer in _weighted(network):
        found = known.get(layer.name)
        if found is None:
            continue
        shapes = [[tuple(w.shape) for w in each.weights] for each in (found, layer)]
        if shapes[0] == shapes[1]:
            layer.set_weights(found.get_weights())


def fit_head(settings, run, network, pipeline):
    """Train the head of a frozen network on features that are computed once.

    Args:
        settings: the run's `Settings`.
        run: the `Run`; the features are kept in it.
        network: the network, its head is changed in place.
        pipeline: the `TrainingPipeline`.
    """
    from rkd_keras.progress import shown_progress
    from rkd_keras.trainers import fit_feature_head

    total = settings.head_views * len(pipeline.images)
    done = 0
    with shown_progress("features", settings.quiet) as show:

        def progress(count):
            nonlocal done
            done += count
            show(done, total)

        fit_feature_head(
            network,
            pipeline,
            views=settings.head_views,
            path=run.features,
            made_of=features_made_of(network, pipeline),
            progress=progress,
        )


def features_made_of(network, pipeline):
    """Digest of all that the features of a network's views depend on.

    Args:
        network: a classifier with a layer `logits`, which does not count.
        pipeline: the `TrainingPipeline` whose views are shown.

    Returns:
        Text.
    """
    from rkd_keras.data.streamed_images import update_digest

    digest = hashlib.sha256()
    for layer in _weighted(network):
        if layer.name != "logits":
            digest.update(_digest(layer).encode())
    update_digest(digest, pipeline.images)
    digest.update(repr((pipeline.seed, pipeline.augment)).encode())
    return digest.hexdigest()


def answers_of_features(run, teacher, pipeline, views):
    """Make a teacher's answers of the features that its head was trained on.

    Args:
        run: the teacher's `Run`.
        teacher: its model.
        pipeline: the `TrainingPipeline` of the teacher's views.
        views: number of views that are wanted.

    Returns:
        Function of a view's number that gives a pair of logits `(images, classes)` and
        embedding `(images, features)`, float32, so that the features need not fit into
        memory; `None` where they are of other views or images.
    """
    import json

    import numpy as np

    facts = run.features.with_suffix(".json")
    if not (run.features.is_file() and facts.is_file()):
        return None
    kept = json.loads(facts.read_text(encoding="utf-8"))
    if kept["made_of"] != features_made_of(teacher, pipeline):
        return None
    features = np.load(run.features, mmap_mode="r", allow_pickle=False)
    if len(features) < views:
        return None
    kernel, bias = teacher.get_layer("logits").get_weights()

    def answers(view):
        embedding = np.asarray(features[view], "float32")
        return embedding @ kernel + bias, embedding

    return answers
