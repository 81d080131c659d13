"""Keep a trained model and its scores in the run directory."""


def save_model(model, run, class_names):
    """Write `model.keras` with its card."""
    from rkd_keras.predict.card import new_card, write_card

    # Under its own name only when whole: a kill must not leave half a model.
    partial = run.path / "partial.keras"
    model.save(partial)
    write_card(partial, new_card(class_names, model.input_shape[1:]))
    partial.replace(run.model_path)


def score(model, run, parts, part):
    """Score the model on a part; write `metrics.json` and the figures."""
    from rkd_keras.runs.figures import write_figures
    from rkd_keras.data import evaluation_dataset
    from rkd_keras.evaluate import classification_scores
    from rkd_keras.predict import softmax

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
    write_figures(run.figures, scores, answers, run.path / "history.csv")
    return scores
