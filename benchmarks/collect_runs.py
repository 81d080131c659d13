"""Keep finished runs: copy their raw files and write one table of them.

Of every run directory that holds `metrics.json` the settings, the history and the
scores are copied; weights and logs are not. `table.md` has a row a run, with the
command that makes it again.

    python benchmarks/collect_runs.py runs/neu600 docs/results/neu600
"""

import argparse
import shutil
from pathlib import Path

from rkd_keras.runs import open_run

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
    run = open_run(folder)
    settings, scores, seconds = run.settings, run.scores, run.history["seconds"]
    options = ", ".join(f"{k}={v}" for k, v in settings.model_options.items())
    teacher = Path(settings.teacher).name if settings.teacher else ""
    line = (
        f"| {folder.name} | `{settings.model}({options})` | {teacher} "
        f"| {len(seconds)} | {settings.seed} | {seconds.sum() / 60:.0f} "
        f"| {100 * scores['accuracy']:.2f} % | {100 * scores['macro_recall']:.2f} % "
        f"| {scores['gmean']:.4f} |"
    )
    return {"line": line, "command": settings.command("NEU-DET")}


if __name__ == "__main__":
    main()
