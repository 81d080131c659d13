"""NEU-few: what distillation is worth where images are few.

For each number of images per class and each seed a teacher is trained on the
few images, and a student on the same: alone, by KD, by RKD, by both. All
students of one number have the same budget; with `--mix` all of them train on mixed
images, but for one that is also alone ("unmixed"). Finished rows are kept in
`rows.jsonl` and skipped when the script is started again. Several processes may
share the folders, each with seeds of its own; start once more at the end for the
whole table.

    python benchmarks/few_shot.py path/to/NEU-DET --out docs/results/few
"""

import argparse
import json
import operator
import shutil
import statistics
import time
from pathlib import Path

from rkd_keras.runs.start_tensorflow import start_tensorflow

start_tensorflow()

import keras  # noqa: E402

from rkd_keras.runs.experiment import Settings, run_experiment  # noqa: E402
from rkd_keras.studies.row_store import RowStore  # noqa: E402

METHODS = {
    "unmixed": None,
    "plain": None,
    "kd": {"distance_weight": 0.0, "angle_weight": 0.0},
    "rkd": {"kd_weight": 0.0},
    "rkd+kd": {},
}
TEACHER = {"model": "sarsn34", "model_options": {"width": 0.5, "stem_stride": 2}}
STUDENT = {"model": "resnet18", "model_options": {"width": 0.25, "stem_stride": 2}}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--out", type=Path, default=Path("docs/results/few"))
    parser.add_argument("--runs", type=Path, default=Path("runs/few"))
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=400, help="of each training")
    parser.add_argument(
        "--student-steps", type=int, help="of each student, --steps if left out"
    )
    parser.add_argument("--part", default="test", choices=["test", "val"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--mix", choices=["mixup", "cutmix"], help="of all students")
    parser.add_argument("--zoom", type=float, help="crops of all students")
    parser.add_argument("--teacher-label-smoothing", type=float)
    parser.add_argument("--hard-weight", type=float, default=1.0)
    parser.add_argument("--temperature", type=float, default=4.0)
    parser.add_argument("--kd-weight", type=float, default=2.0)
    parser.add_argument("--distance-weight", type=float, default=25.0)
    parser.add_argument("--angle-weight", type=float, default=50.0)
    args = parser.parse_args()
    args.student_steps = args.student_steps or args.steps
    if args.mix is None and "unmixed" in args.methods:
        args.methods.remove("unmixed")  # It is "plain".
    return args


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    store = RowStore(
        args.out / "rows.jsonl", operator.itemgetter("count", "seed", "method")
    )
    for count in args.counts:
        for seed in args.seeds:
            teacher = args.runs / f"few{count}_seed{seed}_teacher"
            for method in ["teacher", *args.methods]:
                if (count, seed, method) in store:
                    continue
                key = {"count": count, "seed": seed, "method": method}
                row = {**key, **run(args, count, seed, method, teacher)}
                store.add(row)
                print(json.dumps(row), flush=True)
    write_table(args, list(store.rows.values()))


def run(args, count, seed, method, teacher):
    """Train one network and return its scores."""
    steps_per_epoch = -(-6 * count // 32)
    steps = args.steps if method == "teacher" else args.student_steps
    common = {
        "data": args.data,
        "split": f"neu-few{count}",
        "seed": seed,
        "epochs": steps // steps_per_epoch,
        "evaluate": args.part,
        "quiet": True,
        "resume": True,
    }
    if method == "teacher":
        settings = Settings(
            out=str(teacher),
            label_smoothing=args.teacher_label_smoothing,
            **TEACHER,
            **common,
        )
    else:
        mix = None if method == "unmixed" else args.mix
        distillation = {}
        if METHODS[method] is not None:
            weights = {
                "hard_weight": args.hard_weight,
                "kd_weight": args.kd_weight,
                "distance_weight": args.distance_weight,
                "angle_weight": args.angle_weight,
            }
            off = {k: 0.0 for k, v in METHODS[method].items() if v == 0}
            distillation = {
                "teacher": str(teacher),
                "temperature": args.temperature,
                **weights,
                **off,
            }
            if args.mix:
                # The teacher answers on the mixed images, in every step.
                distillation["teacher_views"] = 0
            else:
                # As many views as epochs: a student alone never sees one twice.
                distillation["teacher_views"] = common["epochs"]
                # The same for all methods of a seed.
                answers = teacher.with_name(f"{teacher.name}_answers")
                distillation["teacher_cache"] = str(answers)
        out = teacher.with_name(teacher.name.replace("teacher", method))
        settings = Settings(
            out=str(out),
            mix=mix,
            zoom=args.zoom,
            **STUDENT,
            **common,
            **distillation,
        )
    keras.backend.clear_session()
    started = time.perf_counter()
    scores = run_experiment(settings).scores
    seconds = time.perf_counter() - started
    if method != "teacher":
        shutil.rmtree(settings.out)
    kept = {k: scores[k] for k in ("accuracy", "macro_recall", "gmean")}
    return {
        **kept,
        "part": args.part,
        "steps": steps,
        "epochs": settings.epochs,
        "seconds": round(seconds),
        "mix": settings.mix,
        "zoom": args.zoom,
        "temperature": args.temperature,
        "weights": [
            settings.hard_weight,
            settings.kd_weight,
            settings.distance_weight,
            settings.angle_weight,
        ]
        if settings.teacher
        else None,
    }


def write_table(args, rows):
    """Write mean and spread over seeds as a Markdown table."""
    lines = [
        "| images per class | method | seeds | accuracy % (mean ± sd) "
        "| gain over plain |",
        "|---|---|---|---|---|",
    ]
    for count in args.counts:
        plain = {
            r["seed"]: r["accuracy"]
            for r in rows
            if r["count"] == count and r["method"] == "plain"
        }
        for method in ["teacher", *args.methods]:
            found = [r for r in rows if r["count"] == count and r["method"] == method]
            if not found:
                continue
            values = [100 * r["accuracy"] for r in found]
            gains = [
                100 * (r["accuracy"] - plain[r["seed"]])
                for r in found
                if r["seed"] in plain
            ]
            spread = statistics.stdev(values) if len(values) > 1 else float("nan")
            gain = f"{statistics.mean(gains):+.2f}" if gains else ""
            lines.append(
                f"| {count} | {method} | {len(found)} | "
                f"{statistics.mean(values):.2f} ± {spread:.2f} | {gain} |"
            )
    (args.out / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
