"""The paper's claims, each with what the rows say of it."""

from rkd_keras.evaluate.scores import wilson_interval
from rkd_keras.studies.comparison.published import TABLE_6

from ..numbers import Difference, difference, interval, mean_sd, percent
from ..tables import table
from . import query
from .comparison import gate_difference, gate_pairs_p, gate_pairs_place, table6
from .few import few_difference, few_pooled
from .imbalance import imbalance_gain
from .leak import RANDOM, leak
from .measuring import table7
from .migration import figure10, migrated_gain
from .neu600 import neu600, paper, timed
from .published import FIGURE_10, TABLE_7

REPRODUCED, NOT = "reproduced", "not reproduced"
REFUTED, OPEN = "refuted", "cannot be told"


def of_gain(difference, size=None):
    """Judge a claimed gain by the interval of ours.

    Args:
        difference: a `Difference`, above 0 where the claim holds.
        size: the gain that the paper claims, in points, or `None`.
    """
    if difference.low > 0:
        return REPRODUCED
    if difference.high < 0:
        return REFUTED
    return NOT if size is not None and difference.high < size else OPEN


def of_level(low, high, level):
    """Judge a claimed accuracy, in per cent, by the interval of ours.

    Reached is reached: an accuracy above the paper's is not held against it.
    """
    return REPRODUCED if high >= level else NOT


def of_value(low, high, value):
    """Judge a printed value of another's network, which ours should meet."""
    return REPRODUCED if low <= value <= high else REFUTED


@query
def verdict_rows(results):
    """Return a row a claim: claim, verdict, number, interval, where to read on."""
    return [*_networks(results), *_distilling(results), *_data(results)]


@query
def verdict_table(results):
    """Show all claims."""
    lines = [
        [claim, f"**{word}**", number, ends, link]
        for claim, word, number, ends, link in verdict_rows(results)
    ]
    titles = ["the paper claims", "verdict", "here", "95 %", "read on"]
    return table(titles, lines)


@query
def verdict_counts(results):
    """Count the claims of each verdict."""
    words = [row[1] for row in verdict_rows(results)]
    return {word: words.count(word) for word in (REPRODUCED, NOT, REFUTED, OPEN)}


def _ends(difference):
    return f"{difference.low:+.2f} to {difference.high:+.2f}"


def _gained(claim, gain, what, link, size=None, unit="seeds", digits=2):
    """Return the row of a claim that a `Difference` decides, see `of_gain`."""
    number = f"{gain.mean:+.{digits}f} {what}, {len(gain.values)} {unit}"
    return claim, of_gain(gain, size), number, _ends(gain), link


def _networks(results):
    comparison = "[Table 6](results_comparison.md#table-6-under-one-budget)"
    saddt = "[SADDT](results_comparison.md#does-saddt-earn-its-place)"
    classic = "[classical](results_comparison.md#classical-pipelines)"
    deep = neu600(results, "sarsn101_w50")
    low, high = (100 * end for end in deep["interval"])
    published = 100 * paper(results, "sarsn101")
    yield (
        f"SARSN101 reaches {published:.2f} % on NEU (Tables 3, 6)",
        of_level(low, high, published),
        f"{percent(deep['accuracy'])}, at half the width; one seed",
        interval(deep["interval"]),
        "[NEU-600](results.md#neu-600)",
    )
    for network, title in (("resnet101", "ResNet101"), ("inception_v3", "InceptionV3")):
        row = table6(results, network)
        low, high = (100 * end for end in row["interval"])
        yield (
            f"{title} reaches {100 * row['paper']:.2f} % only (Table 6)",
            of_value(low, high, 100 * row["paper"]),
            f"{percent(row['accuracy'])} after eight epochs; one seed",
            interval(row["interval"]),
            comparison,
        )
    plain, se = "resnet34", "se_resnet34"
    form = "sarsn34:form=paper"
    for other, name, deep_name in (
        (plain, "ResNet", "resnet101"),
        (se, "SE-ResNet", "se_resnet101"),
    ):
        size = 100 * (paper(results, "sarsn101") - paper(results, deep_name))
        gain = gate_difference(results, "600", form, other)
        yield _gained(
            f"SARSN is ahead of {name} (Figure 15; by {size:.1f} points at depth 101)",
            gain,
            "points at depth 34",
            saddt,
            size=size,
        )
    gain = gate_difference(results, "600", form, "sarsn34:threshold=soft")
    corrected = gate_pairs_p(results)[gate_pairs_place("as printed", "soft threshold")]
    yield (
        "SADDT improves on the soft threshold (section 2.3)",
        # One of many comparisons: only what is told when it is corrected for them.
        of_gain(gain) if corrected < 0.05 else OPEN,
        f"{gain.mean:+.2f} points, {len(gain.values)} seeds; one of "
        f"{len(gate_pairs_p(results))} comparisons, corrected for them p is "
        f"{corrected:.2f}",
        _ends(gain),
        saddt,
    )
    gain = gate_difference(results, "600", form, "sarsn34:threshold=soft", "noise_mean")
    yield _gained(
        "SADDT is made for noise",
        gain,
        "points under noise against the soft threshold",
        saddt,
    )
    random = leak(results, "gabor_svm", RANDOM).values("accuracy")
    best = paper(results, "sarsn101")
    theirs = [100 * end for end in wilson_interval(round(600 * best), 600)]
    printed = f"{percent(best)} of 600, {theirs[0]:.1f} to {theirs[1]:.1f} %"
    ends = _mean_interval(random)
    yield (
        "SARSN101 is ahead of Gabor filters with an SVM (Figure 17)",
        REFUTED if ends[0] > theirs[1] else NOT if ends[1] > theirs[0] else OPEN,
        f"Gabor and SVM {mean_sd(random)} % in {len(random)} splits at random; the "
        f"paper's SARSN101 {printed}",
        f"{ends[0]:.2f} to {ends[1]:.2f} %",
        classic,
    )
    met = [
        row["parameters"] == TABLE_6[row["label"]][2]
        for row in results.read("table6/rows.jsonl")
    ]
    yield (
        "the parameter counts of Table 6",
        REPRODUCED,
        f"{sum(met)} of {len(met)} to the digit with six classes, the others with the "
        "100 that they were counted with; not all are the networks of their names",
        "",
        "[counts](paper.md#the-networks-by-their-parameter-counts)",
    )


def _mean_interval(values):
    """Return the interval of a mean of shares, in per cent."""
    found = Difference(tuple(100 * value for value in values))
    return found.low, found.high


def _distilling(results):
    few = "[NEU-few](results.md#neu-few-what-distillation-is-worth)"
    long = "[NEU-600](results.md#neu-600)"
    times = "[times](results.md#the-students-time-and-accuracy)"
    size = 100 * (paper(results, "resnet34@sarsn101") - paper(results, "resnet34"))
    alone, taught = neu600(results, "r18_w25_alone"), neu600(results, "r18_w25")
    yield (
        f"distillation brings the student {size:.2f} points (section 3.2.2)",
        OPEN,
        f"{percent(alone['accuracy'])} alone, {percent(taught['accuracy'])} distilled; "
        "one seed, and the student alone without crops is missing",
        f"{interval(alone['interval'])}; {interval(taught['interval'])}",
        long,
    )
    for count in (10, 20, 50):
        gain = few_difference(results, count)
        yield _gained(
            f"the same where images are few: {count} a class",
            gain,
            "points on the better student alone",
            few,
        )
    gain = few_pooled(results, "rkd+kd", "kd")
    yield _gained(
        "relations (RKD) are what transfers",
        gain,
        "points on KD alone",
        few,
        unit="pairs",
    )
    gain = few_pooled(results, "rkd", "plain")
    yield _gained(
        "a student learns from relations alone",
        gain,
        "points on no teacher, same images",
        few,
        unit="pairs",
    )
    deeper = neu600(results, "r18_w25_sarsn101")
    yield (
        "the deeper the teacher, the better the student (Table 4)",
        OPEN,
        f"under SARSN34 {percent(taught['accuracy'])}, under SARSN101 "
        f"{percent(deeper['accuracy'])}; one seed",
        f"{interval(taught['interval'])}; {interval(deeper['interval'])}",
        long,
    )
    student, teacher = timed(results, "resnet18@sarsn101"), timed(results, "sarsn101")
    yield (
        "the student is fit for real time (51 ms on a GTX 1080 Ti)",
        REPRODUCED,
        f"that network takes {student['int8_ms']:.1f} ms in int8, "
        f"{student['float32_ms']:.0f} ms in float32, on one core; its teacher "
        f"{teacher['int8_ms']:.0f} and {teacher['float32_ms']:.0f}",
        "",
        times,
    )


def _data(results):
    balance = "[unbalanced](results_imbalance.md)"
    gain = imbalance_gain(results, 20, "adaptive_gmean_paper")
    yield _gained(
        "the adaptive loss solves imbalance, as printed (eqs. 13 to 17)",
        gain,
        "points of GMean on cross-entropy at imbalance 20",
        balance,
    )
    for ratio in (20, 10):
        gain = imbalance_gain(results, ratio, "adaptive_gmean")
        yield _gained(
            f"the same, mended, at imbalance {ratio}",
            gain,
            "points of GMean on cross-entropy",
            balance,
        )
    gain = imbalance_gain(results, 20, "adaptive_gmean", "logit_adjusted")
    yield _gained(
        "its weights should adapt while training",
        gain,
        "points of GMean on fixed logit adjustment at imbalance 20",
        balance,
    )
    gain = imbalance_gain(
        results, 20, "cross_entropy+mosaic+fusion", "cross_entropy+copy"
    )
    yield _gained(
        "mosaic and fusion make new samples (section 3.1.2)",
        gain,
        "points of GMean on mere copies at imbalance 20",
        balance,
    )
    crossing = "[migration](results_migration.md)"
    shots = "[few labels](results_migration.md#does-it-help-a-line-with-few-labels)"
    original, migrated = (figure10(results, w) for w in ("original", "migrated"))
    lost = difference(migrated, original)
    printed = 100 * (FIGURE_10["migrated"] - FIGURE_10["original"])
    yield (
        f"migrated samples keep their class: {printed:+.1f} points (Figure 10)",
        REPRODUCED if lost.high >= printed else NOT,
        f"{lost.mean:+.1f} points, {len(lost.values)} seeds; another pair of lines, a "
        "CycleGAN of three classes",
        _ends(lost),
        f"{crossing[:-1]}#the-papers-figure-10)",
    )
    for count in (5, 20):
        gain = migrated_gain(results, "cyclegan", count)
        yield _gained(
            f"they solve the lack of samples on a new line ({count} real ones)",
            gain,
            "points on real samples alone",
            shots,
            digits=1,
        )
    rows = table7(results, 64, "paper")
    ratios = [row["area_ratio"] for row in rows.values()]
    printed = [ratio for ratio, *_ in TABLE_7.values()]
    yield (
        f"areas of {min(printed):.0f} to {max(printed):.0f} % tell the classes apart "
        "(Table 7)",
        NOT,
        f"{min(ratios):.0f} to {max(ratios):.0f} % by the paper's steps, which split "
        "any image in two; 100 images a class",
        "",
        "[Table 7](results_measure.md#table-7)",
    )
