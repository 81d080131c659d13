"""Draw the figures of an evaluated run."""

from pathlib import Path

NAMES = ("confusion_matrix", "class_scores", "mistakes", "training_curves")


def write_figures(folder, scores, answers, history):
    """Write the figures that the report shows.

    Args:
        folder: where the PNG files go.
        scores: dict of `classification_scores`.
        answers: dict with `labels`, `probabilities`, `files` and `images`.
        history: path of `history.csv`; no curves are drawn when it is missing.
    """
    from rkd_keras.evaluate import plot_mistakes, plots, top_mistakes
    from rkd_keras.evaluate.figure_style import save_figure
    from rkd_keras.files.results import make_folder

    folder = Path(folder)
    make_folder(folder)
    class_names = scores["class_names"]
    figures = {
        "confusion_matrix": plots.plot_confusion_matrix(
            scores["confusion_matrix"], class_names
        ),
        "class_scores": plots.plot_class_scores(scores["per_class"]),
    }
    mistakes = top_mistakes(
        answers["labels"], answers["probabilities"], class_names, answers["files"]
    )
    if mistakes:
        images = [answers["images"][mistake["index"]] for mistake in mistakes]
        figures["mistakes"] = plot_mistakes(images, mistakes)
    else:
        # An earlier evaluation's mistakes are not this one's.
        (folder / "mistakes.png").unlink(missing_ok=True)
    if Path(history).is_file():
        figures["training_curves"] = plots.plot_training_curves(history)
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.png")
