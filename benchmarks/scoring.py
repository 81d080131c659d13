"""Measure `rkd-keras rate`: one actor against two, and cost over images.

    python benchmarks/scoring.py --out docs/results/scoring.json

Strips are drawn (200 x 200 pixels, six classes of defects) and packed. Drawing
fifty thousand would take longer than scoring them, so `--distinct` strips are
drawn once and packed again and again under other names; every record is read,
decoded, classified, measured and graded anew, and nothing is cached between them.

Every run is the command itself in a process of its own. The throughput is that of
the workers, from the first unit's start to the last one's end; `seconds` is the
whole command. One actor and two take turns; the ratio is the median over the pairs,
for what else the machine does changes from minute to minute. With `--sizes` and no
number behind it only the ratio is measured, and the rest of the file is kept.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "rkd_keras.cli.app", "rate")


def pack_of(count, strips, work, shard_images):
    """Pack `count` images: the drawn ones, repeated under other names."""
    from rkd_keras.data import pack_images

    pack = work / f"pack-{count}-{shard_images}"
    if (pack / "rkd_pack.json").exists():
        return pack
    folder = work / f"files-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    for number in range(count):
        copy, index = divmod(number, len(strips))
        target = folder / f"coil{copy:03d}" / strips[index].name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(strips[index], target)
    pack_images(folder, pack, unlabelled=True, shard_images=shard_images)
    shutil.rmtree(folder)
    return pack


def scored(pack, out, model, *more):
    """Run the command and return its summary."""
    options = ["--out", str(out), "--quiet", "--overwrite"]
    if model is not None:
        options += ["--model", str(model)]
    subprocess.run([*COMMAND, str(pack), *options, *map(str, more)], check=True)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    names = ("images", "errors", "units", "engine", "workers", "seconds")
    names += ("scoring_seconds", "images_per_second", "cpu_seconds")
    return {name: summary[name] for name in names}


def same_bytes(first, second):
    """Tell whether two runs wrote the same Parquet files."""
    folders = (first / "scores.parquet", second / "scores.parquet")
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    return names[0] == names[1] and all(
        (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
        for name in names[0]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results/scoring.json"))
    parser.add_argument("--work", type=Path, default=Path("runs/scoring"))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--distinct", type=int, default=1998)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10000, 50000])
    parser.add_argument("--ratio-images", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    from rkd_keras.data.synthetic import write_dataset
    from rkd_keras.predict import load

    work, model = arguments.work.resolve(), arguments.model
    if not (work / "strips" / "IMAGES").is_dir():
        write_dataset(work / "strips", per_class=arguments.distinct // 6, seed=0)
    strips = sorted((work / "strips" / "IMAGES").iterdir())
    card = load(model).card
    content = {"growth": []}
    if not arguments.sizes and arguments.out.is_file():
        content = json.loads(arguments.out.read_text(encoding="utf-8"))
    content |= {
        "machine": f"{os.cpu_count()} processors, {platform.machine()}, no GPU",
        "model": Path(model).name if model else "the student of the package",
        "input_shape": card["input_shape"],
        "quantization": card["quantization"],
        "distinct_strips": len(strips),
        "seed": 0,
        "one_and_two_actors": [],
    }
    pack = pack_of(arguments.ratio_images, strips, work, 50)
    rates = {1: [], 2: []}
    for _ in range(arguments.repeats):
        for workers in rates:
            more = ("--engine", "ray", "--workers", workers)
            run = scored(pack, work / f"actors-{workers}", model, *more)
            content["one_and_two_actors"].append(run)
            rates[workers].append(run["images_per_second"])
            print(run, flush=True)
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    content["speedups"] = [round(ratio, 3) for ratio in ratios]
    content["speedup_of_two_actors"] = round(statistics.median(ratios), 3)
    content["local"] = scored(pack, work / "local", model)
    content["ray_equals_local"] = all(
        same_bytes(work / "local", work / f"actors-{workers}") for workers in rates
    )
    print(content["speedup_of_two_actors"], content["ray_equals_local"], flush=True)
    for count in arguments.sizes:
        pack = pack_of(count, strips, work, 500)
        more = ("--engine", "ray", "--workers", 2)
        run = scored(pack, work / f"growth-{count}", model, *more)
        run["cpu_milliseconds_per_image"] = round(1000 * run["cpu_seconds"] / count, 3)
        parts = (work / f"growth-{count}" / "scores.parquet").iterdir()
        size = sum(part.stat().st_size for part in parts)
        run["parquet_bytes_per_image"] = round(size / count, 1)
        content["growth"].append(run)
        print(run, flush=True)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1) + "\n"
    arguments.out.write_text(text, encoding="utf-8")
    if content["growth"]:
        print(table(content))


def table(content):
    """Write the growth and the plan for a billion as Markdown."""
    lines = ["| images | seconds | images a second | processor ms an image |"]
    lines.append("|---|---|---|---|")
    for run in content["growth"]:
        rate, cost = run["images_per_second"], run["cpu_milliseconds_per_image"]
        lines.append(
            f"| {run['images']:,} | {run['seconds']:,.0f} | {rate:,.0f} | {cost:.2f} |"
        )
    last = content["growth"][-1]
    days = 1e9 / last["images_per_second"] / 86400
    lines.append(
        f"\nA billion at {last['images_per_second']:,.0f} images a second (two "
        f"actors): {days:,.1f} days; {2 * days:,.0f} actors: one day. Two actors are "
        f"{content['speedup_of_two_actors']:.2f} times as fast as one."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
