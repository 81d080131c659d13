"""Print the scores of a model as one small table."""

from rkd_keras.cli.command import INCOMPLETE
from rkd_keras.cli.table import print_table


def print_run(run):
    """Print a run's scores and where it is.

    Args:
        run: a `Run`.

    Returns:
        `INCOMPLETE` where images were left out, else 0.
    """
    from rich.console import Console

    if run.scores is not None:
        print_scores(run.scores)
    Console().print(f"written to {run.path}", markup=False)
    return INCOMPLETE if run.left_out else 0


def print_pipeline(result):
    """Print what a pipeline made, what it is worth, and where the report is.

    Args:
        result: a `Pipeline`.
    """
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for name in ("teacher", "alone", "student"):
        run = getattr(result, name)
        if run is not None:
            scores = run.scores
            title = {"alone": "the student alone"}.get(name, name)
            console.print(
                f"{title}: accuracy {scores['accuracy']:.4f} on {scores['images']} "
                f"{scores['split']} images"
            )
    for exported in result.exported:
        console.print(
            f"{exported.path} ({exported.size_bytes / 1e6:.2f} MB)", markup=False
        )
    for name, reason in result.refused.items():
        console.print(f"! {name} was not written: {reason}", markup=False)
    console.print(f"[bold green]done[/]: open {result.report}")


def print_scores(scores):
    """Print accuracy, macro recall, GMean and recall per class.

    Args:
        scores: dict as in `metrics.json`.

    Returns:
        `INCOMPLETE` where images were left out, else 0.
    """
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    where = f" of {escape(scores['data'])}" if "data" in scores else ""
    console.print(
        f"{scores['split']} part{where}, {scores['images']} images: accuracy "
        f"[bold]{scores['accuracy']:.4f}[/], macro recall "
        f"{scores['macro_recall']:.4f}, GMean {scores['gmean']:.4f}"
    )
    rows = [
        (name, *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")))
        for name, row in scores["per_class"].items()
    ]
    print_table(("class", "precision", "recall", "F1"), rows)
    if "left_out" not in scores:
        return 0
    console.print(f"{scores['left_out']} images could not be decoded: left out")
    return INCOMPLETE
