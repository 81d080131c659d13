"""What int8 costs in points of accuracy, as it comes and repaired."""

from ..tables import table
from . import query

FILE = "int8_repair/rows.jsonl"
WAYS = {
    "calibrator": "int8, ranges of TensorFlow's calibrator",
    "plain": "int8, each tensor's own range",
    "repaired": "int8 as `export` writes it",
    "int8-dynamic": "int8-dynamic",
}
# Of `TRAINED` in the benchmark: narrow, and trained briefly.
NARROW = ("densenet121", "mobilenet_v2")


@query
def int8_table(results):
    """Show each network's loss in points, mean and worst over the sets."""
    lines = []
    for (network, way), rows in results.read(FILE).groups("network", "way").items():
        lost = rows.values("points_lost")
        steps = sorted({row["repair"]["step"] for row in rows if row["repair"]})
        short = f", a quarter wide, {rows[0]['epochs']} epochs"
        lines.append(
            [
                f"`{network}`{short if network in NARROW else ''}",
                WAYS[way],
                len(rows),
                f"{sum(lost) / len(lost):+.2f}",
                f"{max(lost):+.2f}",
                ", ".join(steps) or "-",
                f"{rows[0]['bytes'] / 1000:.0f} kB",
            ]
        )
    titles = ["network", "file", "sets", "points lost, mean", "worst", "repaired by"]
    return table([*titles, "size"], lines)


@query
def int8_images(results):
    """Return of how many images a calibration set is."""
    (count,) = set(results.read(FILE).values("images"))
    return count
