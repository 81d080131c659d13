"""Table 6 under one budget, classical pipelines, and what SADDT is worth."""

import re
import statistics
from pathlib import Path

import rkd_keras
from rkd_keras.studies.comparison.published import TABLE_6

from ..figures import figure
from ..numbers import (
    difference,
    geometric_recall,
    holm,
    interval,
    mean_sd,
    wilson,
)
from ..rows import Rows
from ..tables import table
from . import query

TITLES = {
    "googlenet": "GoogLeNet",
    "densenet121": "DenseNet121",
    "inception_v3": "InceptionV3",
    "squeezenet": "SqueezeNet",
    "mobilenet_v1": "MobileNetV1",
    "resnet101": "ResNet101",
    "resnext50": "ResNeXt50",
    "se_resnet101": "SEResNet101",
    "sarsn101": "SARSN101",
    "resnet18@sarsn101": "ResNet18, distilled",
}
GATES = {
    "resnet34": "ResNet34",
    "se_resnet34": "SEResNet34",
    "sarsn34:threshold=soft": "SARSN34, DRSN's soft threshold",
    "sarsn34:form=paper": "SARSN34, SADDT as printed{}",
    "sarsn34:form=continuous": "SARSN34, SADDT continuous{}",
}
SETS = {"600": "NEU-600", "few10": "NEU-few10"}
PLAIN, SOFT = "resnet34", "sarsn34:threshold=soft"
PRINTED, CONTINUOUS = "sarsn34:form=paper", "sarsn34:form=continuous"
NOISES = "noise_mean"


@query
def table6(results, network):
    """Return the row of a network, with the interval of its accuracy."""
    row = results.read("table6/rows.jsonl").one(label=network)
    matrix = row["confusion_matrix"]
    times = results.read("table6/latency.json")["networks"][network]
    return {
        **row,
        **times,
        "interval": wilson(matrix),
        "geometric": geometric_recall(matrix),
        "paper": TABLE_6[network][1],
    }


@query
def table6_table(results):
    """Show accuracy, sizes and times of all rows of Table 6."""
    titles = ["network", "acc.", "95 %", "paper", "GMean", "geometric", "params"]
    titles += ["MACs", "float32", "int8", "int8 acc."]
    lines = []
    for network, title in TITLES.items():
        row = table6(results, network)
        lines.append(
            [
                title,
                f"{100 * row['accuracy']:.2f}",
                interval(row["interval"]),
                f"{100 * row['paper']:.2f}",
                f"{100 * row['gmean']:.2f}",
                f"{100 * row['geometric']:.2f}",
                f"{row['parameters'] / 1e6:.2f}",
                f"{row['multiply_adds'] / 1e6:,.0f}",
                f"{row['float32_ms']:.2f}",
                f"{row['int8_ms']:.2f}",
                f"{100 * row['int8_accuracy']:.2f}",
            ]
        )
    return table(titles, lines)


@query
def int8_losses(results):
    """Return by how many points each network is worse in int8, most first."""
    found = {
        TITLES[n]: 100
        * (table6(results, n)["accuracy"] - table6(results, n)["int8_accuracy"])
        for n in TITLES
    }
    return sorted(found.items(), key=lambda item: -item[1])


@query
def classical(results, pipeline="gabor+svm"):
    """Return the row of a classical pipeline."""
    return results.read("classical/rows.jsonl").one(label=pipeline)


@query
def classical_table(results):
    """Show recall of each class by classical pipelines."""
    names = {"gabor": "Gabor", "lbp": "LBP", "hog": "HOG"}
    kinds = {"svm": "SVM", "knn": "nearest neighbours"}
    rows = results.read("classical/rows.jsonl")
    classes = list(rows[0]["per_class"])
    lines = []
    for row in rows:
        features, kind = row["label"].split("+")
        lines.append(
            [
                f"{names[features]}, {kinds[kind]}",
                *(f"{100 * row['per_class'][c]:.0f}" for c in classes),
                f"{100 * row['accuracy']:.2f}",
                f"{100 * geometric_recall(row['confusion_matrix']):.2f}",
            ]
        )
    titles = [name.replace("_", " ") for name in classes]
    return table(["features, classifier", *titles, "all", "geometric"], lines)


@query
def gates(results, which, label):
    """Return the rows of a network on one of the two sets, the noises' mean added."""
    rows = results.read(f"thresholds{_folder(which)}/rows.jsonl").where(label=label)
    return Rows(
        {**row, NOISES: statistics.fmean(row["noise"].values())} for row in rows
    )


def _folder(which):
    return {"600": "600", "few10": "_few10"}[which]


@query
def gate_difference(results, which, label, other=PLAIN, of="accuracy"):
    """Return how far a network is ahead of another, seed by seed."""
    return difference(gates(results, which, label), gates(results, which, other), of)


@query
def gates_table(results):
    """Show accuracy of the five networks at depth 34, and the gain on ResNet34."""
    lines = []
    for label, title in GATES.items():
        row = gates(results, "600", label)[0]
        line = [
            title.format(_default(label)),
            f"{row['parameters'] / 1e6:.2f} M",
            f"{row['multiply_adds'] / 1e6:.0f}",
            f"{_seconds(results, label):.1f}",
        ]
        for which in SETS:
            rows = gates(results, which, label)
            line.append(mean_sd(rows.values("accuracy")))
            line.append(
                "" if label == PLAIN else gate_difference(results, which, label).text
            )
        lines.append(line)
    titles = ["network", "parameters", "multiply-adds (M)", "seconds"]
    for title in SETS.values():
        titles += [f"{title} %", "gain on ResNet34"]
    return table(titles, lines)


def _default(label):
    """Mark the form that the code has as its default, without loading Keras."""
    file = Path(rkd_keras.__file__).parent / "layers" / "saddt.py"
    (default,) = re.findall(r'__init__\(self, form="(\w+)"', file.read_text())
    return " (default)" if label.endswith(f"form={default}") else ""


def _seconds(results, label):
    """Return the median seconds of an epoch of NEU-600, of the first seed."""
    name = label.replace(":", ",")
    history = results.read(
        f"thresholds600/history/{name}__cross_entropy__neu-600__seed0.csv"
    )
    return statistics.median(history.values("seconds"))


@query
def gate_slowness(results, label):
    """Return how many times as long as ResNet34 a network trains."""
    return _seconds(results, label) / _seconds(results, PLAIN)


OTHERS = {PLAIN: "ResNet34", "se_resnet34": "SEResNet34", SOFT: "soft threshold"}
FORMS = {PRINTED: "as printed", CONTINUOUS: "continuous"}
COLUMNS = [(which, of) for which in SETS for of in ("accuracy", NOISES)]


def _gate_pairs(results):
    """Return the differences of both forms, and their p values, corrected."""
    found = {
        (title, other): [
            gate_difference(results, which, form, label, of) for which, of in COLUMNS
        ]
        for form, title in FORMS.items()
        for label, other in OTHERS.items()
    }
    every = [each for row in found.values() for each in row]
    return found, holm([each.p for each in every])


def gate_pairs_place(form, other, column=("600", "accuracy")):
    """Return the place of a comparison among all of them, as they are corrected."""
    rows = [(f, o) for f in FORMS.values() for o in OTHERS.values()]
    return rows.index((form, other)) * len(COLUMNS) + COLUMNS.index(column)


@query
def gate_pairs_table(results):
    """Show SADDT's two forms against every other gate, corrected for their number."""
    found, corrected = _gate_pairs(results)
    corrected = iter(corrected)
    titles = [
        SETS[which] + (", noise" if of == NOISES else "") for which, of in COLUMNS
    ]
    lines = [
        [
            f"{form}, on {other}",
            *(f"{each.text}, p {next(corrected):.2f}" for each in row),
        ]
        for (form, other), row in found.items()
    ]
    return table(["SADDT", *titles], lines)


@query
def gate_pairs_p(results):
    """Return the corrected p values of that table."""
    return _gate_pairs(results)[1]


@query
def noise_table(results):
    """Show accuracy under noise of networks that never saw any."""
    lines = []
    for label, title in GATES.items():
        rows = gates(results, "600", label)
        line = [
            title.format(_default(label)),
            mean_sd([row["noise"]["gaussian:10"] for row in rows]),
        ]
        for which in SETS:
            line.append(mean_sd(gates(results, which, label).values(NOISES)))
            line.append(
                ""
                if label == PLAIN
                else gate_difference(results, which, label, PLAIN, NOISES).text
            )
        lines.append(line)
    titles = ["network", "NEU-600, sigma 10 %"]
    for title in SETS.values():
        titles += [f"{title}, mean of six %", "gain on ResNet34"]
    return table(titles, lines)


def _groups(rows):
    from rkd_keras.studies.comparison.report import group_rows

    return group_rows(rows)


@figure("table6/figures/pareto_neu-600.png", "table6/rows.jsonl", "table6/latency.json")
def draw_table6(results):
    """Draw accuracy against time of the paper's networks."""
    from rkd_keras.studies.comparison.figures import plot_pareto

    latency = results.read("table6/latency.json")["networks"]
    return plot_pareto(_groups(results.read("table6/rows.jsonl")), latency)


@figure("classical/figures/per_class_neu-600.png", "classical/rows.jsonl")
def draw_classical(results):
    """Draw recall per class of the classical pipelines."""
    from rkd_keras.studies.comparison.figures import plot_recalls

    return plot_recalls(_groups(results.read("classical/rows.jsonl")))


@figure("thresholds600/figures/depths_neu-600.png", "thresholds600/rows.jsonl")
def draw_gates(results):
    """Draw accuracy of the five networks."""
    from rkd_keras.studies.comparison.figures import plot_depths

    return plot_depths(_groups(results.read("thresholds600/rows.jsonl")))
