"""How the preset `fast` was chosen: variants on NEU-few20's validation part.

NEU-600 is saturated, so settings are told apart where images are few. The test
part is not looked at. Finished rows are kept and skipped at a restart. Several
processes may share one `--out`, each with seeds of its own; start once more at the
end for the whole table.

    python benchmarks/fast_preset.py path/to/NEU-DET --out docs/results/fast_preset
"""

import argparse
import operator
import statistics
from pathlib import Path

from rkd_keras.runs.start_tensorflow import start_tensorflow

start_tensorflow()

import keras  # noqa: E402

from rkd_keras.runs.experiment import Settings, run_experiment  # noqa: E402
from rkd_keras.studies.row_store import RowStore  # noqa: E402

BASE = {"learning_rate": 1e-3, "label_smoothing": 0.1, "zoom": 0.0}
VARIANTS = {
    "base": {},
    "no label smoothing": {"label_smoothing": 0.0},
    "zoom 0.25": {"zoom": 0.25},
    "zoom 0.5": {"zoom": 0.5},
    "learning rate 3e-3": {"learning_rate": 3e-3},
    "learning rate 3e-4": {"learning_rate": 3e-4},
    "cutmix": {"mix": "cutmix"},
    "mixup": {"mix": "mixup"},
    "zoom 0.25, cutmix": {"zoom": 0.25, "mix": "cutmix"},
    "zoom 0.25, learning rate 3e-3": {"zoom": 0.25, "learning_rate": 3e-3},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--out", type=Path, default=Path("docs/results/fast_preset"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[10, 11])
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--split", default="neu-few20")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    store = RowStore(
        args.out / "rows.jsonl", operator.itemgetter("variant", "seed", "epochs")
    )
    for seed in args.seeds:
        for variant in args.variants:
            if (variant, seed, args.epochs) in store:
                continue
            keras.backend.clear_session()
            run = run_experiment(
                Settings(
                    data=args.data,
                    out=f"runs/fast_preset/{seed}_{variant.replace(' ', '_')}",
                    model="resnet18",
                    model_options={"width": 0.25, "stem_stride": 2},
                    split=args.split,
                    seed=seed,
                    epochs=args.epochs,
                    evaluate="val",
                    overwrite=True,
                    quiet=True,
                    **{**BASE, **VARIANTS[variant]},
                )
            )
            key = {"variant": variant, "seed": seed, "epochs": args.epochs}
            row = {**key, "val_accuracy": run.scores["accuracy"]}
            store.add(row)
            print(row, flush=True)
    rows = list(store.rows.values())
    lines = [
        "| variant | seeds | validation accuracy % (mean, range) |",
        "|---|---|---|",
    ]
    for variant in dict.fromkeys(row["variant"] for row in rows):
        found = [100 * r["val_accuracy"] for r in rows if r["variant"] == variant]
        lines.append(
            f"| {variant} | {len(found)} | {statistics.mean(found):.2f} "
            f"({min(found):.2f} to {max(found):.2f}) |"
        )
    (args.out / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
