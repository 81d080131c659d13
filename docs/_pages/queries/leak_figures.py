"""Pictures of the overlaps, drawn of pairs: no pixel of NEU is shown."""

from collections import Counter

from ..figures import figure
from ..rows import Rows
from .leak import IMAGES, PAIRS

COLORS = {"train": "#0072B2", "val": "#E69F00", "test": "#D55E00"}
WORDS = {"train": "training", "val": "validation", "test": "test"}
SIDE = 200


@figure("overlaps/groups.png", PAIRS, IMAGES)
def draw_groups(results):
    """Draw how the images of a large group of each class lie on one another."""
    from matplotlib.lines import Line2D

    from rkd_keras.evaluate.figure_style import new_figure

    parts = {row["image"]: row["part"] for row in results.read(IMAGES)}
    figure = new_figure(8, 5.6)
    axes = figure.subplots(2, 3)
    for each, (name, members) in zip(axes.flat, _largest(results), strict=True):
        corners = _laid_out(results.read(PAIRS), members)
        for image, outline in corners.items():
            color = COLORS[parts[image]]
            x, y = zip(*outline, outline[0], strict=True)
            each.fill(x, y, color=color, alpha=0.1)
            each.plot(x, y, color=color, linewidth=1)
        counts = Counter(parts[image] for image in members)
        each.set_title(f"{name.replace('_', ' ')}: {len(members)} images", fontsize=9)
        told = ", ".join(f"{counts[p]} {WORDS[p]}" for p in WORDS if counts[p])
        each.set_xlabel(told, fontsize=8)
        each.set_aspect("equal")
        each.invert_yaxis()
        each.tick_params(labelsize=7)
    handles = [Line2D([], [], color=COLORS[p], label=WORDS[p]) for p in COLORS]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _largest(results):
    """Return a class's name and its largest group that `neu-600` divides, for all."""
    grouped = Rows(row for row in results.read(IMAGES) if row["group"] is not None)
    divided = {
        name: [g for g in rows.groups("group").values() if len(g.groups("part")) > 1]
        for name, rows in grouped.groups("class").items()
    }
    return [(name, max(g, key=len).values("image")) for name, g in divided.items()]


def _laid_out(pairs, members):
    """Return the four corners of each image, in pixels from those of the first."""
    import numpy as np

    from rkd_keras.data.reading.placements import Placement

    wanted, links = set(members), {}
    for pair in pairs:
        if pair["first"] in wanted and pair["second"] in wanted:
            names = ("mirrored", "turns", "scale", "left", "top")
            matrix = Placement(**{n: pair[n] for n in names}).matrix((SIDE, SIDE))
            links.setdefault(pair["first"], []).append((pair["second"], matrix))
            inverse = np.linalg.inv(matrix)
            links.setdefault(pair["second"], []).append((pair["first"], inverse))
    corners = np.array([[0, 0, 1], [SIDE, 0, 1], [SIDE, SIDE, 1], [0, SIDE, 1]]).T
    placed, waiting = {members[0]: np.eye(3)}, [members[0]]
    while waiting:
        image = waiting.pop(0)
        for other, matrix in links[image]:
            if other not in placed:
                placed[other] = placed[image] @ matrix
                waiting.append(other)
    return {i: (m @ corners)[:2].T.tolist() for i, m in placed.items()}


@figure("overlaps/shares.png", PAIRS, IMAGES)
def draw_shares(results):
    """Draw for test images the largest share that a training image has of them."""
    from rkd_keras.evaluate.figure_style import BLUE, ORANGE, new_figure

    parts = {row["image"]: row["part"] for row in results.read(IMAGES)}
    largest = {}
    for pair in results.read(PAIRS):
        for image, other in (
            (pair["first"], pair["second"]),
            (pair["second"], pair["first"]),
        ):
            if parts[image] == "test" and parts[other] != "test":
                largest[image] = max(largest.get(image, 0), pair["area"])
    tested = sum(part == "test" for part in parts.values())
    bins = [40, 50, 60, 70, 80, 90, 100]
    counts = Counter(min(int(100 * area) // 10 * 10, 90) for area in largest.values())
    figure = new_figure(6, 3)
    axes = figure.add_subplot()
    names = ["none found", *(f"{low} to {low + 10}" for low in bins[:-1])]
    heights = [tested - len(largest), *(counts[low] for low in bins[:-1])]
    drawn = axes.bar(range(len(names)), heights, color=[BLUE, *[ORANGE] * 6])
    axes.bar_label(drawn, fontsize=8)
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("per cent of its area that a training or validation image shares")
    axes.set_ylabel(f"of {tested} test images")
    return figure
