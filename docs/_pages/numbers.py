"""Numbers over seeds: means, paired differences with intervals, and their words."""

import math
import statistics
from dataclasses import dataclass

from scipy import stats

from rkd_keras.evaluate.scores import wilson_interval

LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """A mean of paired differences, in points, with its interval of 95 % (Student's t).

    Attributes:
        values: the differences, in points.
    """

    values: tuple

    @property
    def mean(self):
        return statistics.fmean(self.values)

    @property
    def sd(self):
        return statistics.stdev(self.values) if len(self.values) > 1 else math.nan

    @property
    def half(self):
        """Half of the interval; without an end for a single pair."""
        count = len(self.values)
        if count < 2:
            return math.inf
        return stats.t.ppf((1 + LEVEL) / 2, count - 1) * self.sd / math.sqrt(count)

    @property
    def low(self):
        return self.mean - self.half

    @property
    def high(self):
        return self.mean + self.half

    @property
    def p(self):
        """Of the paired t-test, two-sided."""
        if self.sd == 0:
            return 1.0 if self.mean == 0 else 0.0
        statistic = self.mean / (self.sd / math.sqrt(len(self.values)))
        return float(2 * stats.t.sf(abs(statistic), len(self.values) - 1))

    @property
    def ahead(self):
        """How many of the pairs are above 0."""
        return sum(value > 0 for value in self.values)

    @property
    def text(self):
        """The mean and the interval, as in "+1.50 (+0.40 to +2.60)"."""
        if len(self.values) < 2:
            return f"{self.mean:+.2f} (one pair)"
        return f"{self.mean:+.2f} ({self.low:+.2f} to {self.high:+.2f})"

    @property
    def told(self):
        """What the interval says: "ahead", "behind" or "not told apart"."""
        if self.low > 0:
            return "ahead"
        return "behind" if self.high < 0 else "not told apart"

    @property
    def sentence(self):
        """The same, to stand in a sentence, with the numbers."""
        ends = f"{self.low:+.2f} to {self.high:+.2f}"
        return f"{self.told} ({self.mean:+.2f} points, {ends})"


def difference(rows, others, name="accuracy", scale=100, seed="seed"):
    """Return the `Difference` of two sets of rows, seed by seed."""
    mine, theirs = rows.by_seed(name, seed), others.by_seed(name, seed)
    shared = [key for key in mine if key in theirs]
    if not shared:
        raise LookupError("the rows have no seed in common")
    return Difference(tuple(scale * (mine[key] - theirs[key]) for key in shared))


def holm(p_values):
    """Return p values corrected for their number (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[i]))
        corrected[i] = highest
    return corrected


def mean_sd(values, digits=2, scale=100):
    """Write the mean and, of several, the sample standard deviation."""
    values = [scale * value for value in values]
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    mean, sd = statistics.fmean(values), statistics.stdev(values)
    return f"{mean:.{digits}f} ± {sd:.{digits}f}"


def mean(values, digits=2, scale=100):
    """Write the mean."""
    return f"{scale * statistics.fmean(values):.{digits}f}"


def percent(share, digits=2):
    """Write a share as per cent."""
    return f"{100 * share:.{digits}f} %"


def wilson(matrix):
    """Return the shares between which an accuracy lies, from its confusion matrix."""
    right = sum(row[i] for i, row in enumerate(matrix))
    return wilson_interval(right, sum(map(sum, matrix)))


def interval(ends, digits=1):
    """Write an interval of shares as per cent, as in "98.5 to 99.8 %"."""
    return " to ".join(f"{100 * end:.{digits}f}" for end in ends) + " %"


def recalls(matrix):
    """Return the recall of each class of a confusion matrix."""
    return [row[i] / sum(row) for i, row in enumerate(matrix)]


def geometric_recall(matrix):
    """Return the geometric mean of the classes' recalls.

    It is 0 where a class is never found. The mean of sqrt(TPR TNR), which the paper
    calls GMean, hardly moves there.
    """
    return statistics.geometric_mean(recalls(matrix)) if all(recalls(matrix)) else 0.0


def spoken(number):
    """Write a small number in letters."""
    words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight"]
    words += ["nine", "ten", "eleven", "twelve"]
    return words[number] if 0 <= number < len(words) else f"{number:,}"
