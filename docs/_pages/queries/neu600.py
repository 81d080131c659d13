"""The long runs on NEU-600, and what else is known of the students they made."""

import json
from pathlib import Path

from rkd_keras.studies.comparison.published import DISTILLED, TABLE_6

from ..figures import figure
from ..numbers import geometric_recall, interval, percent, wilson
from ..rows import Rows
from ..sources import source_of
from ..tables import table
from . import query

PRESETS = {"r18_w25": "EdgeResNetSmall", "r18_w19_2122": "EdgeResNetTiny"}
CARDS = {"r18_w25": "edge_resnet_small", "r18_w19_2122": "edge_resnet_tiny"}
# The names of these networks in a comparison: the student alone, and under a teacher.
PARETO = "@sarsn34:width=0.5:stem_stride=2"
COMPARED = {
    "r18_w25": f"resnet18:width=0.25:stem_stride=2{PARETO}",
    "r18_w19_2122": (
        f"resnet18:width=0.1875:stem_stride=2:stage_strides=[2,1,2,2]{PARETO}"
    ),
    "r18_w50": f"resnet18:width=0.5:stem_stride=2{PARETO}",
}


@query
def neu600(results, name=None):
    """Return all finished runs, or the one of a name."""
    runs = results.once(
        neu600,
        lambda: Rows(_run(results, n) for n in results.names("neu600/*/metrics.json")),
    )
    return runs if name is None else runs.one(run=name)


def _run(results, metrics):
    name = Path(metrics).parent.name
    config = results.read(f"neu600/{name}/config.json")
    scores = results.read(metrics)
    history = results.read(f"neu600/{name}/history.csv")
    options = config["model_options"].items()
    network = f"{config['model']}({', '.join(f'{k}={v}' for k, v in options)})"
    size = results.read("network_sizes.csv").one(network=network)
    matrix = scores["confusion_matrix"]
    return {
        "run": name,
        "network": network,
        "parameters": size["parameters"],
        "multiply_adds": size["multiply_adds"],
        "teacher": Path(config["teacher"]).name if config["teacher"] else "",
        "epochs": len(history),
        "crops": config.get("zoom"),
        "views": config.get("teacher_views"),
        "seed": config["seed"],
        "minutes": sum(row["seconds"] for row in history) / 60,
        "train_accuracy": history[-1]["accuracy"],
        "accuracy": scores["accuracy"],
        "gmean": scores["gmean"],
        "geometric": geometric_recall(matrix),
        "interval": wilson(matrix),
        "images": scores["images"],
        "wrong": scores["images"] - sum(row[i] for i, row in enumerate(matrix)),
        "matrix": matrix,
        "classes": scores["class_names"],
        "machine": source_of(results, metrics).machine,
        "commit": source_of(results, metrics).commit,
    }


@query
def named(results, run, truth, as_what):
    """Count the test images of a class that a run names another one."""
    found = neu600(results, run)
    return found["matrix"][found["classes"].index(truth)][
        found["classes"].index(as_what)
    ]


@query
def neu600_table(results):
    """List every finished run: no run is left out."""
    runs = sorted(
        neu600(results), key=lambda r: (bool(r["teacher"]), -r["multiply_adds"])
    )
    marks = {machine: mark for mark, machine in machine_marks(results).items()}
    titles = ["run", "network", "parameters", "teacher", "epochs", "crops", "accuracy"]
    titles += ["95 %", "GMean", "geometric", "minutes", "commit"]
    lines = [
        [
            f"[{run['run']}](results/neu600/{run['run']}/metrics.json) "
            f"{marks[run['machine']]}".strip(),
            f"`{run['network']}`",
            f"{run['parameters'] / 1e6:.2f} M",
            run["teacher"],
            run["epochs"],
            run["crops"],
            percent(run["accuracy"]),
            interval(run["interval"]),
            f"{run['gmean']:.4f}",
            f"{run['geometric']:.4f}",
            f"{run['minutes']:.0f}",
            run["commit"],
        ]
        for run in runs
    ]
    return table(titles, lines)


@query
def machine_marks(results):
    """Return a dict from a mark to the machine that it stands for, most used first."""
    machines = [run["machine"] for run in neu600(results)]
    order = sorted(set(machines), key=lambda m: (-machines.count(m), m))
    return dict(zip(("", "ᵃ", "ᵇ", "ᶜ", "ᵈ"), order, strict=False))


@query
def paper(results, network, of="accuracy"):
    """Return what the paper prints of a network of its Table 6 or section 3.2.2."""
    if network in TABLE_6:
        names = ("name", "accuracy", "parameters", "ms")
        return dict(zip(names, TABLE_6[network], strict=True))[of]
    return DISTILLED[network]


@query
def readings(results, run):
    """Return every accuracy that was read of one trained network, with its file."""
    card = json.loads(
        (results.root.parent / "model_cards" / f"{CARDS[run]}.json").read_text()
    )
    compared = results.read("pareto/latency.json")["networks"][COMPARED[run]]
    link = f"model_cards/{CARDS[run]}.json"
    return Rows(
        (
            {
                "how": "Keras, as trained (bfloat16)",
                "accuracy": neu600(results, run)["accuracy"],
                "file": f"results/neu600/{run}/metrics.json",
            },
            {
                "how": "Keras, float32",
                "accuracy": card["test"]["keras"]["accuracy"],
                "file": link,
            },
            {
                "how": "int8, calibrated for the comparison",
                "accuracy": compared["int8_accuracy"],
                "file": "results/pareto/latency.json",
            },
            {
                "how": "int8, calibrated for the package",
                "accuracy": card["test"]["int8"]["accuracy"],
                "file": link,
            },
        )
    )


@query
def readings_table(results):
    """Show all readings of the two students that come with the package."""
    both = {name: readings(results, run) for run, name in PRESETS.items()}
    lines = [
        [rows[0]["how"], *(f"[{percent(r['accuracy'])}]({r['file']})" for r in rows)]
        for rows in zip(*both.values(), strict=True)
    ]
    return table(["read", *(f"`{name}`" for name in both)], lines)


@query
def reading_range(results, run):
    """Write the least and the most of all readings, as in "99.17 to 99.67 %"."""
    values = [round(100 * row["accuracy"], 2) for row in readings(results, run)]
    if min(values) == max(values):
        return f"{values[0]:.2f} %"
    return f"{min(values):.2f} to {max(values):.2f} %"


@query
def timed(results, run):
    """Return the times of a network in the comparison of small students."""
    networks = results.read("pareto/latency.json")["networks"]
    return networks[COMPARED.get(run, run)]


PARETO_ROWS = (
    "pareto/latency.json",
    *(f"neu600/{run}/metrics.json" for run in COMPARED),
)


@figure("pareto/pareto.png", *PARETO_ROWS)
def draw_pareto(results):
    """Draw accuracy of the int8 files against their time."""
    from rkd_keras.studies.comparison.figures import plot_pareto

    latency = results.read("pareto/latency.json")["networks"]
    groups = {
        (entry, "-", "neu-600"): [
            {
                "accuracy": results.read(f"neu600/{run}/metrics.json")["accuracy"],
                **latency[entry],
            }
        ]
        for run, entry in COMPARED.items()
    }
    return plot_pareto(groups, latency)
