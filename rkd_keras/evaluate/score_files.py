"""Score a model on labelled files: the one path of commands, runs and the station."""


def score_files(
    predictor,
    files,
    labels,
    class_names,
    noise=None,
    seed=0,
    strict=False,
    quiet=False,
):
    """Classify labelled files and score the answers.

    Args:
        predictor: a `rkd_keras.predict.Predictor`.
        files: list of paths, which may lie in packs.
        labels: array `(files,)` of indices into `class_names`.
        class_names: names of the classes, all of which the predictor knows.
        noise: corruption of the images, `"gaussian:25"` or `"salt-pepper:5"`, or
            `None`. Defaults to `None`.
        seed: of the noise. Defaults to `0`.
        strict: whether to stop at a file that cannot be decoded; else it is left
            out. Defaults to `False`.
        quiet: whether to show no progress. Defaults to `False`.

    Returns:
        Pair: the dict of `classification_scores` with the number of `images`, and a
        dict of what they rest on: `files` (list), `labels` `(n,)` and
        `probabilities` `(n, classes)` in the predictor's order of classes, and
        `images` `(n, H, W, 3)`, uint8, without noise, or `StreamedImages` of them.

    Raises:
        InputError: when the predictor does not know a class, no file can be decoded,
            or the noise is none.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data import open_dataset
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> from rkd_keras.predict import load
        >>> strips = write_dataset(tempfile.mkdtemp(), per_class=2, size=64, quiet=True)
        >>> index = open_dataset(strips)
        >>> scores, answers = score_files(
        ...     load(), index.files, index.labels, index.class_names, quiet=True
        ... )
        >>> scores["images"], answers["probabilities"].shape
        (12, (12, 6))
    """
    import numpy as np

    from rkd_keras.data import open_images
    from rkd_keras.errors import InputError
    from rkd_keras.evaluate.scores import classification_scores
    from rkd_keras.progress import tracked

    strange = sorted(set(class_names) - set(predictor.class_names))
    if strange:
        raise InputError(
            f"the model does not know the class {', '.join(strange)}; it knows "
            f"{', '.join(predictor.class_names)}"
        )
    spoiled = _spoiled(noise, seed)
    images, kept = open_images(files, predictor.input_shape[:2], strict)
    order = [predictor.class_names.index(name) for name in class_names]
    labels = np.array([order[label] for label in np.asarray(labels)[kept]])
    probabilities = np.concatenate(
        [
            predictor.predict_batch(spoiled(images[start : start + 64]))[0]
            for start in tracked(range(0, len(images), 64), "classifying", quiet)
        ]
    )
    scores = classification_scores(labels, probabilities, predictor.class_names)
    scores["images"] = len(labels)
    answers = {
        "files": [files[i] for i in kept],
        "labels": labels,
        "probabilities": probabilities,
        "images": images,
    }
    return scores, answers


def _spoiled(noise, seed):
    """Return the function that corrupts one batch of images after the other."""
    from rkd_keras.data.samples.noise import noise_source
    from rkd_keras.errors import InputError

    if not noise:
        return lambda images: images
    kind, _, amount = noise.partition(":")
    try:
        return noise_source(kind, float(amount), seed)
    except ValueError as error:
        raise InputError(f"--noise {noise}: {error}") from error
