"""Keep what a finished model is worth in its run."""


def save_scores(model, run, parts, part):
    """Score the model on a part; write `metrics.json` and the figures.

    Args:
        model: a `keras.Model`.
        run: the `Run`.
        parts: the `Parts`.
        part: name of the part.

    Returns:
        The dict of `metrics.json`.
    """
    from rkd_keras.data import evaluation_dataset
    from rkd_keras.evaluate import classification_scores
    from rkd_keras.predict import softmax
    from rkd_keras.runs.figures import write_figures

    logits = model.predict(evaluation_dataset(parts.images[part]), verbose=0)
    answers = {
        "files": parts.files[part],
        "images": parts.images[part],
        "labels": parts.labels[part],
        "probabilities": softmax(logits),
    }
    scores = classification_scores(
        answers["labels"], answers["probabilities"], parts.class_names
    )
    scores.update(split=part, images=len(answers["labels"]))
    run.write_json("metrics.json", scores)
    write_figures(run.figures, scores, answers, run.history_path)
    return scores
