"""Segmentation, measuring, and where the networks look."""

import math

from ..tables import table
from . import query
from .published import TABLE_7

SEGMENTED = "measure/segmentation.json"
CLASSES = {"In": "inclusion", "Pa": "patches", "Sc": "scratches"}
METHODS = {
    "default": "**default**",
    "default not refined": "default, outline not refined",
    "default plane only": "default, planar background only",
    "default local only": "default, local background only",
    "paper": "**paper**: bilateral filter, stretch, Otsu",
    "otsu plane": "Otsu on the planar residual",
    "otsu local": "Otsu on the local residual",
    "yen plane": "Yen on the planar residual",
    "yen local": "Yen on the local residual",
    "triangle local": "triangle on the local residual",
    "chan-vese plane": "Chan-Vese on the planar residual",
    "chan-vese local": "Chan-Vese on the local residual",
    "random walker local": "random walker, local",
    "grabcut after default": "GrabCut from the default's mask",
}
NUMBERS = ("elongation", "k", "longest", "count", "steepness", "area", "area_ratio")
NUMBERS = (*NUMBERS, "perimeter")


@query
def segmentation_table(results):
    """Show intersection over union of every method that was tried."""
    methods = results.read(SEGMENTED)["methods"]
    order = sorted(methods, key=lambda m: -methods[m]["all"]["mean"])
    lines = []
    for name in order:
        row = methods[name]
        mean = f"{row['all']['mean']:.3f}"
        lines.append(
            [
                METHODS.get(name, name),
                *(f"{row['all'][short]:.3f}" for short in CLASSES),
                f"**{mean}**" if name == "default" else mean,
                *(f"{row[half]['mean']:.3f}" for half in ("tune", "check")),
            ]
        )
    titles = ["method", *CLASSES.values(), "mean", "half for tuning"]
    return table([*titles, "half for checking"], lines)


@query
def picture_quality_table(results):
    """Show what the features of real and of broken pictures are."""
    sets = results.read("measure/picture_quality.json")["sets"]
    keys = list(sets[0]["lowest"])
    lines = []
    for row in sets:
        spans = (f"{row['lowest'][k]:.3g} to {row['highest'][k]:.3g}" for k in keys)
        lines.append([row["name"], str(row["pictures"]), str(row["invalid"]), *spans])
    return table(["pictures", "number", "invalid", *keys], lines)


@query
def robustness_table(results):
    """Show the same on images that were changed."""
    rows = results.read("measure/robustness.json")["rows"]
    lines = [
        [row["change"], *(f"{row[m]['mean']:.3f}" for m in ("default", "paper"))]
        for row in rows
    ]
    return table(["change", "default", "paper"], lines)


@query
def measuring_speed_table(results):
    """Show milliseconds of segmenting and of measuring an image."""
    machines = {
        "speed": "AVX512 core",
        "speed_avx2": "AVX2 core (EPYC)",
    }
    lines = []
    for name, title in machines.items():
        content = results.read(f"measure/{name}.json")
        for way, words in (("fastest", "fastest of the repeats"), ("median", "median")):
            row = content[way]
            lines.append(
                [
                    f"{title}, {words}",
                    f"{row['segment_ms']:.2f}",
                    f"{row['measure_ms']:.2f}",
                    f"{row['images_per_second']:.0f}",
                    f"{1000 / row['measure_ms']:.0f}",
                ]
            )
    titles = ["", "`segment`", "`measure`", "images a second, both"]
    return table([*titles, "with a mask given"], lines)


@query
def table7(results, size=64, method="default"):
    """Return a dict from class to what was measured of it."""
    content = results.read(f"measure/table7_{size}_{method}.json")
    return {row["class"]: row for row in content["classes"]}


@query
def table7_table(results):
    """Show area ratio and K at 64 pixels by both methods, and the paper's."""
    ours, theirs = table7(results), table7(results, 64, "paper")

    def cells(row):
        return (
            f"{row['area_ratio']:.1f} ± {row['area_ratio_sd']:.1f}",
            f"{row['k']:.2f} ± {row['k_sd']:.2f}",
        )

    lines = [
        [name, *cells(ours[name]), *cells(theirs[name]), f"{ratio:.2f}", f"{k:.3f}"]
        for name, (ratio, k, _, _) in TABLE_7.items()
    ]
    titles = ["class", "area ratio %, ours", "K", "area ratio %, paper's steps", "K"]
    return table([*titles, "the paper's one image: ratio %", "K"], lines)


@query
def table7_full_table(results):
    """Show all numbers at 200 pixels."""
    digits = {"area": 0, "perimeter": 0, "area_ratio": 1, "k": 3, "count": 1}
    lines = [
        [
            name,
            *(f"{row[n]:.{d}f} ± {row[f'{n}_sd']:.{d}f}" for n, d in digits.items()),
            row["without_defect"],
        ]
        for name, row in table7(results, 200).items()
    ]
    titles = ["class", "area", "perimeter", "area ratio %", "K", "defects", "without"]
    return table(titles, lines)


@query
def circle(results, class_name):
    """Return the perimeter of a circle of the area that the paper prints."""
    return math.sqrt(4 * math.pi * TABLE_7[class_name][3])


def _separation(results, size, method):
    return results.read(f"measure/table7_{size}_{method}.json")["separation"]


@query
def separation_table(results):
    """Show how much of the variance of each number lies between classes."""
    ours = _separation(results, 200, "default")["explained"]
    theirs = _separation(results, 64, "paper")["explained"]
    lines = [
        [name, *(f"{100 * found[name]:.0f} %" for found in (ours, theirs))]
        for name in sorted(NUMBERS, key=lambda n: -ours[n])
    ]
    return table(["number", "default, 200 px", "paper's steps, 64 px"], lines)


@query
def separation_best(results):
    """Return the number that tells most by the paper's method, and its share."""
    found = _separation(results, 64, "paper")["explained"]
    name = max(NUMBERS, key=lambda n: found[n])
    return name, found[name]


@query
def pairs_table(results):
    """Show the best number for each two classes."""
    lines = [
        [" / ".join(pair["classes"]), pair["feature"], f"{pair['auc']:.3f}"]
        for pair in _separation(results, 200, "default")["pairs"]
    ]
    return table(["classes", "number", "area"], lines)


RUNS = ("r18_w25", "resnet34_w50", "sarsn34_w50")


@query
def looked(results, run, way):
    """Return the means of a map: hits and energy in per cent."""
    rows = results.read(f"explain/{run}.json")["scores"][way]
    row = next(row for row in rows if row["class"] == "mean")
    return {n: 100 * row[n] for n in ("pointing", "energy", "chance")}


@query
def looked_ways(results):
    """Return the names of the maps."""
    return list(results.read(f"explain/{RUNS[0]}.json")["scores"])


@query
def looked_table(results):
    """Show hit rate and energy of every map, class and run."""
    lines = []
    for run in RUNS:
        for way, rows in results.read(f"explain/{run}.json")["scores"].items():
            cells = [
                f"{100 * row['pointing']:.0f} / {100 * row['energy']:.0f}"
                for row in rows
            ]
            lines.append([run, way, *cells])
    chance = [f"{100 * row['chance']:.0f}" for row in rows]
    lines.append(["", "chance", *chance])
    return table(["run", "map", *(row["class"] for row in rows)], lines)
