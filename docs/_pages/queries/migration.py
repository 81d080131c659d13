"""From one line to another: what migrated samples are worth."""

from ..figures import figure
from ..numbers import difference, mean_sd
from ..tables import best, table
from . import query

ROWS = "cross/results.jsonl"
FIRST = "cross/made_first/results.jsonl"
ARMS = {
    "real": "real samples alone",
    "classic": "real, classic augmentation",
    "source": "and line A as it is",
    "blend": "and blended samples",
    "cyclegan": "and CycleGAN samples",
}
MADE = ("source", "blend", "cyclegan")


@query
def migrated(results, arm, shots, first=False):
    """Return the rows of a way to train, with so many real samples of each class."""
    return results.read(FIRST if first else ROWS).where(arm=arm, shots=shots)


@query
def migrated_gain(results, arm, shots, other="real", first=False):
    """Return how far made samples are ahead of real ones, seed by seed."""
    return difference(
        migrated(results, arm, shots, first), migrated(results, other, shots, first)
    )


@query
def migrated_table(results, first=False):
    """Show accuracy of all ways; the best with real samples is bold."""
    shots = [5, 20] if first else [0, 5, 20]
    columns = []
    for count in shots:
        arms = [a for a in ARMS if migrated(results, a, count, first)]
        values = [migrated(results, a, count, first).values("accuracy") for a in arms]
        cells = [mean_sd(v, 1) for v in values]
        if count:
            cells = best([sum(v) for v in values], cells)
        columns.append(dict(zip(arms, cells, strict=True)))
    ending = " first" if first else ""
    lines = [
        [
            title.removeprefix("and ") + ending if first and arm in MADE else title,
            *(column.get(arm, "") for column in columns),
        ]
        for arm, title in ARMS.items()
    ]
    return table(["trained on", *(f"k = {count}" for count in shots)], lines)


@query
def migrated_gains_table(results):
    """Show what made samples gain on both ways without them, with intervals."""
    others = {"real": "on real samples alone", "classic": "on classic augmentation"}
    columns = [(count, first) for count in (5, 20) for first in (False, True)]
    lines = [
        [
            f"{ARMS[arm].removeprefix('and ')}, {title}",
            *(
                migrated_gain(results, arm, count, other, first).text
                for count, first in columns
            ),
        ]
        for arm in MADE
        for other, title in others.items()
    ]
    titles = [f"k = {c}{', made first' if first else ''}" for c, first in columns]
    return table(["gain in points", *titles], lines)


@query
def distances_table(results):
    """Show how far samples are from line B's real images."""
    found = results.read("cross/metrics.json")["distances"]
    names = {
        "real line B": "other real images of line B",
        "source": "line A as it is",
        "blend": "blended",
        "cyclegan": "CycleGAN",
    }
    lines = [
        [names[name], f"{row['fid']:.1f}", f"{row['kid']:.3f}"]
        for name, row in found.items()
    ]
    return table(["samples", "FID", "KID"], lines)


@query
def figure10(results, which):
    """Return the rows of the paper's Figure 10: original or migrated."""
    return results.read(ROWS).where(arm=f"figure10_{which}")


def _groups(rows):
    return rows.groups("arm", "shots")


@figure("cross/shots.png", ROWS)
def draw_shots(results):
    """Draw accuracy over the number of real samples."""
    from rkd_keras.studies.migrate.report import plot_shots

    rows = [row for row in results.read(ROWS) if row["arm"] in ARMS]
    return plot_shots(_groups(type(results.read(ROWS))(rows)))


@figure("cross/figure10.png", ROWS)
def draw_figure10(results):
    """Draw each class's recall on original and on migrated samples."""
    from rkd_keras.studies.migrate.report import plot_figure10

    return plot_figure10(figure10(results, "original"), figure10(results, "migrated"))
