"""Score where trained networks look, by the boxes of NEU-DET.

Runs `rkd-keras explain --evaluate` on the test part of each run directory, by
Grad-CAM and Grad-CAM++, on what is pooled and on the third stage. Pictures stay in
`RUN/explain`, the scores are copied to `--out/RUN.json`, and `--out/table.md` is
written anew from all that lie there. Runs that are scored already are skipped, so
that a killed command goes on where it was and later runs are added by calling it
again.

    python benchmarks/explain.py path/to/NEU-DET runs/neu600/sarsn34 runs/neu600/small
"""

import argparse
import json
import shutil
from pathlib import Path

from rkd_keras.runs import explain

LAYERS = ("pooled", "stage3_out")


def score(run, data, layers):
    """Score one run's heat maps; return the file of scores."""
    from rkd_keras.explain import VARIANTS

    out = run / "explain"
    found = out / "localization.json"
    if not found.is_file():
        explain(
            model=run,
            data=data,
            out=out,
            evaluate=True,
            variant=list(VARIANTS),
            layer=[None if layer == "pooled" else layer for layer in layers],
        )
    return found


def table(folder):
    """Return a Markdown table of all scores in a folder: hit rate / energy, in %."""
    lines = []
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for method, rows in content["scores"].items():
            if not lines:
                names = [row["class"] for row in rows]
                lines = ["| run | map | " + " | ".join(names) + " |"]
                lines.append("|---|---|" + "---:|" * len(names))
            cells = [
                f"{100 * row['pointing']:.0f} / {100 * row['energy']:.0f}"
                for row in rows
            ]
            lines.append(f"| {path.stem} | {method} | " + " | ".join(cells) + " |")
        chance = [f"{100 * row['chance']:.0f}" for row in rows]
    lines.append("| | chance | " + " | ".join(chance) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("docs/results/explain"))
    parser.add_argument("--layers", nargs="+", default=list(LAYERS))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for run in args.runs:
        target = args.out / f"{run.name}.json"
        if target.is_file():
            print(f"{run}: scored already in {target}")
            continue
        if not (run / "model.keras").is_file():
            print(f"{run}: no model.keras yet, left out")
            continue
        shutil.copyfile(score(run, args.data, args.layers), target)
    if any(args.out.glob("*.json")):
        (args.out / "table.md").write_text(table(args.out), encoding="utf-8")
        print(table(args.out))


if __name__ == "__main__":
    main()
