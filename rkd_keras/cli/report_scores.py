"""Print the scores of a model as one small table."""


def print_scores(scores, where=None):
    """Print accuracy, macro recall, GMean and recall per class.

    Args:
        scores: dict as in `metrics.json`, or `None` to print where the run is.
        where: run directory to name, or `None`.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if scores is not None:
        console.print(
            f"{scores['split']} part, {scores['images']} images: accuracy "
            f"[bold]{scores['accuracy']:.4f}[/], macro recall "
            f"{scores['macro_recall']:.4f}, GMean {scores['gmean']:.4f}"
        )
        table = Table("class", "precision", "recall", "F1")
        for name, row in scores["per_class"].items():
            values = (f"{row[key]:.3f}" for key in ("precision", "recall", "f1"))
            table.add_row(name, *values)
        console.print(table)
    if where is not None:
        console.print(f"written to {where}")
