"""Say in plain words what the scores mean to someone who runs a line."""

from typing import Any

from rkd_keras.evaluate.scores import wilson_interval

# Lowest accuracy that the test still allows (lower end of its 95 % interval),
# the grade's name for colours, and the words.
GRADES = (
    (0.985, "good", "Reliable on these images"),
    (0.95, "good", "Good, with an occasional slip"),
    (0.85, "fair", "Helpful, but a person should check its answers"),
    (0.0, "poor", "Not ready to be relied on"),
)
# A class that occurs less often than this is too rare to be judged.
FEW_IMAGES = 30


def summarize(scores: dict[str, Any]) -> dict[str, Any]:
    """Put the scores into sentences.

    The grade follows from the lower end of the accuracy's 95 % interval
    (Wilson), so that a perfect score on a handful of images is no triumph:
    at least 98.5 %, 95 %, 85 %, or below.

    Args:
        scores: dict as in `metrics.json`.

    Returns:
        Dict with `grade` (`"good"`, `"fair"` or `"poor"`), `headline`,
        `sentences` (list of text), `correct`, `images` and `interval`.

    Example:
        >>> from rkd_keras.evaluate import classification_scores
        >>> scores = classification_scores([0, 1], [[1, 0], [0, 1]], ["in", "sc"])
        >>> summarize(scores)["headline"]
        'Not ready to be relied on'
    """
    matrix = scores["confusion_matrix"]
    images = sum(map(sum, matrix))
    correct = sum(row[i] for i, row in enumerate(matrix))
    low, high = wilson_interval(correct, images)
    grade, headline = next(
        (grade, words) for least, grade, words in GRADES if low >= least
    )
    sentences = [
        f"The model named {correct} of {images} {_part(scores)} images correctly "
        f"({percent(correct / images)}).",
        _expectation(low, high),
    ]
    sentences += _weakest(scores)
    sentences += _confusion(scores)
    few = [
        name for name, row in scores["per_class"].items() if row["support"] < FEW_IMAGES
    ]
    if few:
        sentences.append(
            f"Fewer than {FEW_IMAGES} images were seen of {_list(few)}: too few to "
            "judge."
        )
    return {
        "grade": grade,
        "headline": headline,
        "sentences": sentences,
        "correct": correct,
        "images": images,
        "interval": (low, high),
    }


def percent(share, digits=1):
    """Write a share as percent; 100 % only where nothing is missing.

    Args:
        share: number in [0, 1].
        digits: digits after the point. Defaults to 1.

    Returns:
        Text such as `"99.5 %"`.

    Example:
        >>> percent(0.9996), percent(1.0), percent(0.5)
        ('99.9 %', '100 %', '50.0 %')
    """
    if share >= 1:
        return "100 %"
    step = 10**-digits
    return f"{min(100 * share, 100 - step):.{digits}f} %"


def _part(scores):
    return {"val": "validation", "train": "training", "all": "labelled"}.get(
        scores.get("split"), "test"
    )


def _expectation(low, high):
    fewest, most = 100 * (1 - high), 100 * (1 - low)
    if most < 0.5:
        return (
            "Of 1000 such images it should name at most "
            f"{max(1, round(10 * most))} wrongly."
        )
    return (
        f"Of 100 such images, expect {_number(fewest)} to {_number(most)} to be "
        "named wrongly."
    )


def _number(value):
    return f"{value:.1f}" if value < 3 else f"{value:.0f}"


def _weakest(scores):
    """Name the class that is found least often, when it stands out."""
    seen = {n: r for n, r in scores["per_class"].items() if r["support"]}
    lowest = min(row["recall"] for row in seen.values())
    weakest = [name for name, row in seen.items() if row["recall"] == lowest]
    if lowest == 1:
        return ["Every class was found without a miss."]
    if len(weakest) > 1:
        return [
            f"The classes found least often are {_list(weakest)}: "
            f"{percent(1 - lowest)} of each were called something else."
        ]
    support = seen[weakest[0]]["support"]
    return [
        f"The class found least often is {weakest[0]}: "
        f"{support - round(lowest * support)} of {support} were called something else."
    ]


def _confusion(scores):
    matrix, names = scores["confusion_matrix"], scores["class_names"]
    cells = [
        (matrix[i][j], names[i], names[j])
        for i in range(len(names))
        for j in range(len(names))
        if i != j and matrix[i][j]
    ]
    if not cells:
        return []
    count, truth, answer = max(cells, key=lambda cell: cell[0])
    if count < 2:
        return []
    return [f"The commonest mix-up: {truth} called {answer}, {count} times."]


def _list(names):
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
