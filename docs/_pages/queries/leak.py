"""Images of NEU that share pixels, and what that does to classifiers."""

from ..numbers import difference, mean_sd
from ..rows import Rows
from ..tables import table
from . import query

RANDOM, GROUPED = "neu-600", "neu-600-grouped"
NEU = "overlaps/neu.json"
PAIRS, IMAGES = "overlaps/neu_pairs.csv", "overlaps/neu_images.csv"
ROWS = "leak/rows.csv"
LEVELS = (40, 60, 80)
NAMES = {
    "gabor_svm": "Gabor filters and an SVM",
    "imagenet_head": "head on frozen EfficientNet-Lite0",
    "resnet34": "`ResNet34(width=0.5, stem_stride=2)`",
    "sarsn34": "`SARSN34(width=0.5, stem_stride=2)`",
    "edge_resnet_small": "`EdgeResNetSmall` alone",
    "edge_resnet_small@sarsn34": "`EdgeResNetSmall` distilled from that SARSN34",
}


@query
def overlaps(results):
    """Return what was counted of NEU's overlapping images."""
    return results.read(NEU)


@query
def overlaps_table(results):
    """Show pairs and images in groups of each class."""
    counted = overlaps(results)
    lines = [
        [
            name.replace("_", " "),
            row["images"],
            *(row[f"at_least_{level}"] for level in LEVELS),
            row["turned"],
            row["in_groups"],
        ]
        for name, row in counted["classes"].items()
    ]
    lines.append(
        [
            "**all**",
            counted["images"],
            *(counted[f"at_least_{level}"] for level in LEVELS),
            counted["turned"],
            counted["images_in_groups"],
        ]
    )
    titles = ["class", "images"]
    titles += [f"pairs that share {level} % or more" for level in LEVELS]
    return table([*titles, "of these turned or mirrored", "images in a group"], lines)


@query
def copies(results):
    """Count pairs that are one image: all of its area, and no difference."""
    whole = [row for row in results.read(PAIRS) if row["area"] == 1]
    return sum(row["difference"] == 0 and not row["turns"] for row in whole)


@query
def spoilt(results, split=RANDOM, part="test", level=40, seed=0):
    """Count images of a part that share so much with what is learnt from."""
    rows = Rows(overlaps(results)["splits"][split])
    return rows.one(seed=seed)[f"{part}_at_least_{level}"]


@query
def spoilt_table(results):
    """Show over several split seeds how many images share pixels with others' parts."""
    lines = []
    for split, rows in overlaps(results)["splits"].items():
        for part in ("test", "val"):
            cells = []
            for level in LEVELS:
                values = [row[f"{part}_at_least_{level}"] for row in rows]
                cells.append(
                    f"{min(values)} to {max(values)}" if max(values) else "none"
                )
            lines.append([f"`{split}`", part, rows[0][part], *cells])
    titles = ["split", "part", "images"]
    titles += [f"share {level} % or more" for level in LEVELS]
    return table(titles, lines)


@query
def likest(results, count=5):
    """List the pairs of most shared area that were neither turned nor mirrored."""
    rows = [r for r in results.read(PAIRS) if not r["turns"] and not r["mirrored"]]
    parts = {row["image"]: row["part"] for row in results.read(IMAGES)}
    lines = [
        [
            f"`{row['first']}`",
            parts[row["first"]],
            f"`{row['second']}`",
            parts[row["second"]],
            f"{100 * row['area']:.1f} %",
            f"{row['difference']:.2f}",
        ]
        for row in rows
        if {parts[row["first"]], parts[row["second"]]} == {"test", "train"}
    ][:count]
    titles = ["image", "part", "image", "part", "shared area"]
    return table([*titles, "difference, grey values"], lines)


@query
def leak(results, model, split):
    """Return the rows of a model on a split; none before they were measured.

    Where a model was trained for several numbers of epochs, those of the most seeds.
    """
    if not results.exists(ROWS):
        return Rows()
    rows = results.read(ROWS).where(model=model, split=split)
    if not rows:
        return rows
    return max(rows.groups("epochs").values(), key=len)


@query
def leak_models(results):
    """Return the models that were trained on both splits with one seed or more."""
    rows = results.read(ROWS) if results.exists(ROWS) else Rows()
    found = dict.fromkeys(row["model"] for row in rows)
    return [
        model
        for model in (*NAMES, *(m for m in found if m not in NAMES))
        if model in found and leak_effect(results, model) is not None
    ]


@query
def leak_effect(results, model, of="accuracy"):
    """Return how far the split by groups is from that at random, seed by seed."""
    grouped, random = leak(results, model, GROUPED), leak(results, model, RANDOM)
    seeds = set(grouped.values("seed")) & set(random.values("seed"))
    return difference(grouped, random, of) if seeds else None


@query
def leak_names(results, model):
    """Return what a model is called on a page."""
    return NAMES.get(model, f"`{model}`")


@query
def leak_missing(results):
    """Return what the models are called that have no rows yet."""
    return [NAMES[model] for model in NAMES if model not in leak_models(results)]


@query
def planted_count(results):
    """Return how many overlaps of each kind were planted."""
    rows = results.read("overlaps/planted.json")["rows"]
    return next(iter(rows.values()))["planted"]


@query
def planted_recall(results):
    """Return the share of planted overlaps that were found, of the kinds in reach."""
    kinds = results.read("overlaps/planted.json")["rows"].items()
    rows = [row for kind, row in kinds if not kind.startswith("too small")]
    return sum(row["found"] for row in rows) / sum(row["planted"] for row in rows)


@query
def planted_table(results):
    """Show how many of the planted overlaps were found."""
    rows = results.read("overlaps/planted.json")["rows"]
    lines = [
        [kind, row["planted"], row["found"], f"{row['largest_error_of_area']:.3f}"]
        for kind, row in rows.items()
    ]
    return table(["kind", "planted", "found", "largest error of the area"], lines)


@query
def leak_table(results):
    """Show accuracy at random and by groups of every model that was measured."""
    lines = []
    for model in leak_models(results):
        both = [leak(results, model, split) for split in (RANDOM, GROUPED)]
        effect = leak_effect(results, model)
        known, others = _rights(both[0])
        lines.append(
            [
                NAMES.get(model, f"`{model}`"),
                len(effect.values),
                *(mean_sd(rows.values("accuracy")) for rows in both),
                effect.text,
                f"{len(effect.values) - effect.ahead} of {len(effect.values)}",
                f"{known:.2f}",
                f"{others:.2f}",
            ]
        )
    titles = ["classifier", "seeds", "`neu-600`, %", "`neu-600-grouped`, %"]
    titles += ["difference, points", "lower", "overlapping, %", "others, %"]
    return table(titles, lines)


def _rights(rows):
    """Return accuracy, in per cent, on test images that overlap and on the others."""
    known = sum(rows.values("overlapping"))
    others = sum(rows.values("test_images")) - known
    right = (sum(rows.values(f"right_of_{w}")) for w in ("overlapping", "others"))
    return [100 * r / n for r, n in zip(right, (known, others), strict=True)]


@query
def leak_sentence(results, model):
    """Say of a model what the split by groups does to it, with the numbers."""
    random, grouped = (leak(results, model, s) for s in (RANDOM, GROUPED))
    effect = leak_effect(results, model)
    return (
        f"{mean_sd(random.values('accuracy'))} % at random and "
        f"{mean_sd(grouped.values('accuracy'))} % by groups, a difference of "
        f"{effect.text} points over {len(effect.values)} split seeds"
    )
