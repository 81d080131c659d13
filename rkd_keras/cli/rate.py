"""`rkd-keras rate`: classify, measure and grade an archive, to Parquet."""

import typer

from rkd_keras.cli.command import INCOMPLETE, command
from rkd_keras.rating.archive.rate_archive import rate_archive


def show(rated):
    """Print counts, speed and the first error; of strips their defects.

    Args:
        rated: a `RatedArchive`, or `RatedStrips`.
    """
    from rkd_keras.measure import INVALID
    from rkd_keras.rating.archive.progress import duration
    from rkd_keras.rating.strips import RatedStrips

    if isinstance(rated, RatedStrips):
        return _show_strips(rated)

    summary = rated.summary
    now = summary["images"] - summary["skipped_images"]
    speed = summary["images_per_second"]
    typer.echo(
        f"{summary['images']:,} images in {rated.path}, {now:,} of them rated now in "
        f"{duration(summary['seconds'])}"
        + (f", {speed:,.1f} a second" if speed else "")
    )
    for name in ("decisions", "labels"):
        counts = sorted(summary[name].items(), key=lambda item: -item[1])
        typer.echo(f"{name}: " + ", ".join(f"{n} {count:,}" for n, count in counts))
    if invalid := summary["decisions"].get(INVALID):
        typer.echo(
            f"! pictures that cannot be judged: {invalid:,}, see the column "
            "decisive_rule",
            err=True,
        )
    if summary["errors"]:
        typer.echo(
            f"! could not be rated: {summary['errors']:,}, see the column error; the "
            f"first: {summary['first_error']}",
            err=True,
        )
    return INCOMPLETE if summary["errors"] else 0


def _show_strips(rated):
    from rkd_keras.cli.table import print_table
    from rkd_keras.files.names import printable

    for message in rated.skipped:
        typer.echo(f"! {printable(message)}", err=True)
    for file, strip in rated.strips:
        reason = f": {strip.reason}" if strip.reason else ""
        typer.echo(f"{printable(file)}: {strip.decision}{reason}")
        rows = []
        for number, defect in enumerate(strip.defects, 1):
            box = ", ".join(map(str, defect.measurement.bbox))
            grade = f"{defect.grade.decision} {defect.grade.severity}"
            rows.append((number, defect.verdict.in_words, defect.found_by, box, grade))
        if rows:
            columns = ("#", "verdict", "found by", "x, y, width, height", "grade")
            print_table(columns, rows, names=("verdict",))
        odd, count = int((strip.scores > 1).sum()), len(strip.scores)
        if count:
            typer.echo(f"{odd} of {count} squares are unlike the normal surface")
    if rated.out is not None:
        typer.echo(f"maps written to {printable(rated.out)}")
    return INCOMPLETE if rated.skipped else 0


EXAMPLE = "rkd-keras rate archive/ --out scores --engine ray --workers 8"
rate = command(rate_archive, show, EXAMPLE)
score = command(
    rate_archive, show, EXAMPLE, alias="rkd-keras score is now called rkd-keras rate"
)
