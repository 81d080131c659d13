"""Keep finished runs: copy their raw files and write one table of them.

Of every run directory that holds `metrics.json` the settings, the history and the
scores are copied; weights and logs are not. `table.md` has a row a run, with the
command that makes it again.

    python benchmarks/collect_runs.py runs/neu600 docs/results/neu600
"""

import argparse
import csv
import json
import shutil
from pathlib import Path

from rkd_keras.runs.settings import Settings

KEPT = ("config.json", "history.csv", "metrics.json", "exports.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for run in sorted(args.runs.iterdir()):
        if not (run / "metrics.json").is_file():
            continue
        kept = args.out / run.name
        kept.mkdir(exist_ok=True)
        for name in KEPT:
            if (run / name).is_file():
                shutil.copyfile(run / name, kept / name)
    rows = [describe(path.parent) for path in sorted(args.out.glob("*/metrics.json"))]
    lines = [
        "| run | network | teacher | epochs | seed | minutes | accuracy | macro recall "
        "| GMean |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|",
        *(row["line"] for row in rows),
        "",
        "```",
        *(row["command"] for row in rows),
        "```",
    ]
    (args.out / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def describe(folder):
    """Return a run's row and the command that makes it."""
    config = json.loads((folder / "config.json").read_text())
    scores = json.loads((folder / "metrics.json").read_text())
    with (folder / "history.csv").open(newline="") as file:
        history = list(csv.DictReader(file))
    minutes = sum(float(row["seconds"]) for row in history) / 60
    options = ", ".join(f"{k}={v}" for k, v in config["model_options"].items())
    teacher = Path(config["teacher"]).name if config["teacher"] else ""
    line = (
        f"| {folder.name} | `{config['model']}({options})` | {teacher} "
        f"| {len(history)} | {config['seed']} | {minutes:.0f} "
        f"| {100 * scores['accuracy']:.2f} % | {100 * scores['macro_recall']:.2f} % "
        f"| {scores['gmean']:.4f} |"
    )
    return {"line": line, "command": Settings.from_config(config).command("NEU-DET")}


if __name__ == "__main__":
    main()
