"""`rkd-keras rate`: classify, measure and grade an archive, to Parquet."""

import typer

from rkd_keras.cli.command import INCOMPLETE, command
from rkd_keras.rating.archive.rate_archive import rate_archive


def show(rated):
    """Print counts, speed and the first error.

    Args:
        rated: a `RatedArchive`.
    """
    from rkd_keras.measure import INVALID
    from rkd_keras.rating.archive.progress import duration

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


EXAMPLE = "rkd-keras rate archive/ --out scores --engine ray --workers 8"
rate = command(rate_archive, show, EXAMPLE)
score = command(
    rate_archive, show, EXAMPLE, alias="rkd-keras score is now called rkd-keras rate"
)
