"""What the station finds by squares that are unlike the normal surface."""

from ..numbers import percent
from ..tables import table
from . import query

CR7, NEU = "station/windows_cr7.json", "station/windows_neu.json"
LOOKED_AT = "station/strips_looked_at.csv"
TEXTURES = ("crazing", "pitted_surface")
NAMES = {"oil": "oil spots"}
WAYS = {
    "marks": "marks alone",
    "marks and squares": "and squares unlike those around the boxes of three classes",
    "marks and named windows": "and windows that the model knows",
}


@query
def cold_rolled(results):
    """Return what was counted on cr7."""
    return results.read(CR7)


@query
def cold_rolled_table(results):
    """Show misses and alarms on each class's strips."""
    lines = []
    for name, row in results.read(CR7)["by_class"].items():
        alarms, squares = (
            row["unmarked_squares_that_alarm"],
            row["unmarked_squares"],
        )
        lines.append(
            [
                NAMES.get(name, name),
                row["images"],
                row["images"] - row["images_with_a_mark"],
                row["images"] - row["images_with_a_finding"],
                f"{alarms} of {squares:,}",
                f"{row['squares_apart_from_marks_that_alarm']} of "
                f"{row['squares_apart_from_marks']:,}",
            ]
        )
    titles = ["class", "strips", "missed by marks alone", "missed with squares"]
    titles += ["odd squares without a mark", "of these a square or more from any mark"]
    return table(titles, lines)


@query
def looked_at(results):
    """Count by what was seen the odd squares that lie apart from marks.

    Raises:
        ValueError: when others alarm than those that were looked at.
    """
    seen, found = {}, {}
    for row in results.read(LOOKED_AT):
        found[row["strip"]] = found.get(row["strip"], 0) + row["squares"]
        seen[row["shows"]] = seen.get(row["shows"], 0) + row["squares"]
    if found != results.read(CR7)["strips"]["where_they_alarm"]:
        raise ValueError(f"{CR7} has other alarms than those of {LOOKED_AT}")
    return {**seen, "all": sum(found.values())}


@query
def hot_rolled(results, part="unseen", way="marks and named windows"):
    """Return what was counted on NEU, with the shares of a way."""
    row = results.read(NEU)["parts"][part][way]
    pitted = row["said"]["pitted_surface"]
    return {
        **row,
        "right": row["named_rightly"] / row["images"],
        "pitted": pitted.get("pitted_surface", 0) / sum(pitted.values()),
        "touched": row["boxes_touched"] / row["boxes"],
    }


@query
def hot_rolled_table(results):
    """Show what was named and boxed on NEU by each way, unseen images first."""
    lines = []
    for part, title in (("unseen", "not trained on"), ("seen", "trained on")):
        for way, words in WAYS.items():
            row = hot_rolled(results, part, way)
            area = row["annotated_area_boxed"]
            lines.append(
                [
                    f"{row['images']:,} {title}: {words}",
                    f"{percent(row['right'], 1)}, {percent(row['pitted'], 1)}",
                    row["decisions"].get("accept", 0),
                    f"{row['boxes_touched']:,} of {row['boxes']:,} "
                    f"({percent(row['touched'], 1)})",
                    ", ".join(percent(area[name], 1) for name in TEXTURES),
                    percent(row["other_area_boxed"], 1),
                ]
            )
    titles = ["NEU images", "named rightly: all, pitted surface", "accepted"]
    titles += ["boxes touched"]
    titles += ["annotated area boxed: crazing, pitted surface", "other area boxed"]
    return table(titles, lines)
