"""The arms of `migrate evaluate` that train nothing but a head on frozen features."""

import numpy as np

# Without a label of line B, and with k of each class.
UNLABELLED = ("frozen_source", "frozen_coral", "frozen_dann", "frozen_pseudo")
LABELLED = ("few_prototype", "few_linear")


def line_features(files):
    """Return the ImageNet features of files, see `imagenet_features`.

    Args:
        files: list of paths; what cannot be decoded is left out, as everywhere.

    Returns:
        Array `(images, features)`, float32.
    """
    from rkd_keras.data import open_images
    from rkd_keras.trainers import imagenet_features
    from rkd_keras.trainers.imagenet_embedding import SIDE

    return imagenet_features(open_images(files, (SIDE, SIDE))[0])


def score_head(lines, arm, real, rest, test, seed=0):
    """Make the head of an arm, and score it on line B's test part.

    Args:
        lines: the `Lines`, with features of both.
        arm: one of `UNLABELLED` and `LABELLED`.
        real: indices of line B's labelled images.
        rest: indices of those of which the arms without labels see the pixels alone.
        test: indices of the test part.
        seed: integer that decides what is random in dann. Defaults to `0`.

    Returns:
        Dict of `accuracy`, `gmean`, `recall` (a dict) and `images`.
    """
    from rkd_keras.evaluate import classification_scores
    from rkd_keras.predict.decision import softmax
    from rkd_keras.trainers import coral, cosine_prototypes, dann

    names = lines.class_names
    source, labels = lines.a_features
    features = lines.b_features
    if arm in LABELLED:
        fit = cosine_prototypes if arm == "few_prototype" else _linear
        kernel, bias = fit(features[real], lines.b_labels[real], len(names))
    elif arm == "frozen_dann":
        kernel, bias = dann(source, labels, features[rest], len(names), seed=seed)
    else:
        moved = coral(source, features[rest]) if arm == "frozen_coral" else source
        kernel, bias = _linear(moved, labels, len(names))
    if arm == "frozen_pseudo":
        from rkd_keras.studies.migrate.adapting import self_trained

        kernel, bias = self_trained(kernel, bias, features[rest])
    probabilities = softmax(features[test] @ kernel + bias)
    scores = classification_scores(lines.b_labels[test], probabilities, names)
    return {
        "accuracy": scores["accuracy"],
        "gmean": scores["gmean"],
        "recall": {n: row["recall"] for n, row in scores["per_class"].items()},
        "images": scores["images"],
    }


def _linear(features, labels, num_classes):
    from rkd_keras.trainers import logistic_regression

    return logistic_regression(np.asarray(features)[None], labels, num_classes)
