"""Few images: what distillation is worth there."""

from ..numbers import Difference, difference, holm, mean_sd
from ..tables import best, table
from . import query

COUNTS = (10, 20, 50)
METHODS = {
    "teacher": "teacher",
    "unmixed": "alone, not mixed",
    "plain": "alone, mixed",
    "kd": "KD",
    "rkd": "RKD",
    "rkd+kd": "RKD + KD",
}
ALONE = ("unmixed", "plain")
STUDENTS = tuple(method for method in METHODS if method != "teacher")
FILE = "few_cutmix/rows.jsonl"


@query
def few(results, count, method):
    """Return the rows of one method with so many images a class."""
    return results.read(FILE).where(count=count, method=method, part="test")


@query
def few_alone(results, count):
    """Return the method of the better of the two students alone, by test accuracy.

    Taking the better one where the test part has been seen favours it: what is gained
    on it is gained all the more.
    """
    return max(ALONE, key=lambda m: sum(few(results, count, m).values("accuracy")))


@query
def few_difference(results, count, method="rkd+kd", other=None):
    """Return how far a method is ahead of another, by default the better alone."""
    other = other or few_alone(results, count)
    return difference(few(results, count, method), few(results, count, other))


@query
def few_pooled(results, method, other):
    """Return the differences of all numbers of images together."""
    return Difference(
        tuple(
            value
            for count in COUNTS
            for value in few_difference(results, count, method, other).values
        )
    )


@query
def few_table(results):
    """Show accuracy of every method; of the students, the best is bold."""
    lines = []
    for count in COUNTS:
        rows = {method: few(results, count, method) for method in METHODS}
        cells = {m: mean_sd(rows[m].values("accuracy")) for m in METHODS}
        means = [sum(rows[m].values("accuracy")) for m in STUDENTS]
        shown = best(means, [cells[m] for m in STUDENTS])
        lines.append([count, cells["teacher"], *shown])
    return table(["images a class", *METHODS.values()], lines)


PAIRS = (
    ("RKD + KD on the better student alone", "rkd+kd", None),
    ("RKD + KD on the student alone, mixed", "rkd+kd", "plain"),
    ("RKD + KD on KD", "rkd+kd", "kd"),
    ("RKD on the student alone, mixed", "rkd", "plain"),
    ("RKD + KD on the teacher", "rkd+kd", "teacher"),
)


@query
def few_differences_table(results):
    """Show differences seed by seed, their intervals, and p for all of them."""
    found = {
        title: [few_difference(results, count, a, b) for count in COUNTS]
        for title, a, b in PAIRS
    }
    every = [each for row in found.values() for each in row]
    corrected = iter(holm([each.p for each in every]))
    lines = [
        [title, *(f"{each.text}, p {_p(next(corrected))}" for each in row)]
        for title, row in found.items()
    ]
    return table(["gain", *(f"{count} a class" for count in COUNTS)], lines)


def _p(value):
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


@query
def few_tried(results):
    """List what was tried on validation images, every file of it."""
    lines = []
    for name in results.names("few/validation/*.jsonl"):
        for row in results.read(name).where(part="val"):
            if row["method"] == "teacher":
                continue
            lines.append(
                [
                    f"[{name.rpartition('/')[2].removesuffix('.jsonl')}](results/{name})",
                    row["count"],
                    METHODS[row["method"]] if row["mix"] else _unmixed(row["method"]),
                    row["mix"],
                    row["steps"],
                    mean_sd([row["accuracy"]]),
                ]
            )
    titles = ["file", "images a class", "student", "mixing", "steps", "validation %"]
    return table(titles, lines)


def _unmixed(method):
    return "alone" if method in ALONE else METHODS[method]


@query
def tried(results, name, method):
    """Return the accuracy on validation images of one trial."""
    return results.read(f"few/validation/{name}.jsonl").one(method=method)["accuracy"]
