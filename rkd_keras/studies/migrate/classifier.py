"""The classifiers behind `migrate evaluate`: trained, scored, and looked through."""

from rkd_keras.errors import InputError


def train_classifier(settings, class_names, stages, test, seed, augment=True):
    """Train one classifier and score it.

    Args:
        settings: an `EvaluationSettings`.
        class_names: names of the classes.
        stages: pairs of images `(N, H, W, 3)`, uint8, and labels, trained on one
            after the other, each for an equal part of the steps.
        test: such a pair.
        seed: integer.
        augment: whether images are augmented.

    Returns:
        Dict of `accuracy`, `gmean`, `recall` (a dict) and `images`.
    """
    import keras
    import numpy as np

    from rkd_keras.data import evaluation_dataset
    from rkd_keras.evaluate import classification_scores
    from rkd_keras.models import create_model
    from rkd_keras.predict.decision import softmax
    from rkd_keras.studies.network_options import without_own
    from rkd_keras.trainers import get_recipe

    keras.utils.set_random_seed(seed)
    recipe = get_recipe("fast").with_changes(augment=augment)
    model = create_model(
        settings.model,
        num_classes=len(class_names),
        input_shape=(settings.size, settings.size, 3),
        **without_own(settings.model, settings.model_options),
    )
    model.compile(
        recipe.optimizer(settings.steps, epochs=1),
        recipe.loss([1] * len(class_names)),
        jit_compile=False,
    )
    # With all variables made by now, TensorFlow traces the first step once.
    model.optimizer.build(model.trainable_variables)
    for number, (images, labels) in enumerate(stages):
        if len(images) < recipe.batch_size:
            # A batch takes no more images than there are.
            repeats = -(-recipe.batch_size // len(images))
            images = np.tile(images, (repeats, 1, 1, 1))
            labels = np.tile(labels, repeats)
        pipeline = recipe.pipeline(images, labels, len(class_names), seed)
        first, last = (settings.steps * n // len(stages) for n in (number, number + 1))
        model.fit(
            pipeline.dataset(), steps_per_epoch=last - first, shuffle=False, verbose=0
        )
    probabilities = softmax(model.predict(evaluation_dataset(test[0]), verbose=0))
    scores = classification_scores(test[1], probabilities, class_names)
    return {
        "accuracy": scores["accuracy"],
        "gmean": scores["gmean"],
        "recall": {n: row["recall"] for n, row in scores["per_class"].items()},
        "images": scores["images"],
    }


def embedder(path):
    """Make a function from images to the embedding of a classifier.

    Args:
        path: run directory, or `.keras` file.

    Returns:
        Function from images `(N, H, W, 3)`, uint8, to an array `(N, D)`.

    Raises:
        InputError: when it is no classifier.
    """
    import numpy as np

    from rkd_keras.files.images import resize_image
    from rkd_keras.files.model_file import model_file
    from rkd_keras.models import load_model, tapped

    try:
        model = tapped(load_model(model_file(path)))
    except InputError as error:
        raise InputError(f"{path} is no classifier: {error}") from error
    size = model.input_shape[1:3]

    def embed(images):
        resized = np.stack([resize_image(image, size) for image in images])
        return model.predict(resized.astype("float32"), verbose=0)[1]

    return embed
