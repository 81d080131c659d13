"""`rkd-keras predict`: classify images with a model of any kind."""

from rkd_keras.cli.command import INCOMPLETE, command
from rkd_keras.cli.table import print_table
from rkd_keras.runs.predicting import predict


def show(predictions):
    """Print what was left out and where the verdicts are, or the verdicts."""
    from rich.console import Console

    from rkd_keras.files.names import printable

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if predictions.answers is not None:
        # The lines are printed already; an error is said in its own.
        counts = f"{predictions.answers} answers, {predictions.errors} of them errors"
        console.print(counts)
        return 0
    rows, skipped = predictions.rows, predictions.skipped
    for message in skipped:
        console.print(f"! {printable(message)}", markup=False)
    if skipped:
        count = len(rows) + len(skipped)
        console.print(f"{len(skipped)} of {count} images were left out")
    if predictions.path is None:
        _print_table(rows)
    else:
        text = f"{len(rows)} verdicts written to {printable(predictions.path)}"
        console.print(text, markup=False)
    return INCOMPLETE if skipped else 0


def _print_table(rows):
    from rich.text import Text

    lines = []
    for file, verdict in rows:
        score = verdict.unknown_score
        label = Text(verdict.label)
        if verdict.is_unknown:
            label = Text.assemble(
                (verdict.label, "yellow"),
                f", most like {verdict.class_name} ({verdict.probability:.3f})",
            )
        # That of the class that an unknown surface is most like is not its own.
        probability = "-" if verdict.is_unknown else f"{verdict.probability:.3f}"
        lines.append(
            (file, label, probability, "-" if score is None else f"{score:.1f}")
        )
    print_table(
        ("file", "verdict", "probability", "unknown score"),
        lines,
        names=("file", "verdict"),
    )


predict = command(
    predict, show, "rkd-keras predict strips/ --model student.tflite --out verdicts.csv"
)
