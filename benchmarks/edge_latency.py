"""Which shapes of ResNet18 one processor core affords; nothing is trained.

    nice -n -5 python benchmarks/edge_latency.py path/to/NEU-DET

Each shape is built with fresh weights, exported as int8 and timed beside the others,
in one process, in turns of 50 images, so that a busy machine slows all alike. The
10th percentile is about what an idle core gives.
"""

import argparse
import json
import math
import time
from pathlib import Path

from rkd_keras.runs.start_tensorflow import start_tensorflow

start_tensorflow()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402

from rkd_keras.data import load_images, open_dataset  # noqa: E402
from rkd_keras.export.serving_model import serving_model  # noqa: E402
from rkd_keras.export.tflite import convert_to_tflite  # noqa: E402
from rkd_keras.export.timing.machine import processor  # noqa: E402
from rkd_keras.models import ResNet18, count_multiply_adds  # noqa: E402

# width, stem_stride, stage_strides
SHAPES = (
    (1.0, 1, (1, 2, 2, 2)),
    (0.5, 2, (1, 2, 2, 2)),
    (0.5, 2, (2, 2, 2, 2)),
    (0.375, 2, (1, 2, 2, 2)),
    (0.25, 2, (1, 2, 2, 2)),
    (0.25, 2, (2, 1, 2, 2)),
    (0.25, 2, (2, 2, 2, 1)),
    (0.25, 2, (2, 2, 2, 2)),
    (0.1875, 2, (1, 2, 2, 2)),
    (0.1875, 2, (2, 1, 2, 2)),
    (0.1875, 2, (2, 2, 2, 1)),
    (0.1875, 2, (2, 2, 2, 2)),
    (0.125, 2, (1, 2, 2, 2)),
    (0.125, 2, (2, 1, 2, 2)),
    (0.125, 2, (2, 2, 2, 1)),
    (0.125, 2, (2, 2, 2, 2)),
    (0.25, 4, (1, 2, 2, 2)),
    (0.25, 4, (2, 2, 2, 2)),
)
TURN = 50


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("runs/edge_latency"))
    parser.add_argument("--files", type=Path, default=Path("runs/edge_latency"))
    args = parser.parse_args()
    files = open_dataset(args.data).files[::90]
    images, _ = load_images(files)
    rows = []
    for shape in SHAPES:
        keras.backend.clear_session()
        rows.append(exported(shape, images, args.files))
    time_in_turns(rows, images, args.runs)
    write(args.out, rows, args.runs)


def exported(shape, images, folder):
    """Build and convert a shape, or find it; return its row."""
    width, stem_stride, stage_strides = shape
    model = ResNet18(width=width, stem_stride=stem_stride, stage_strides=stage_strides)
    name = f"{width}_{stem_stride}_{''.join(map(str, stage_strides))}"
    path = folder / f"{name}.tflite"
    if not path.is_file():
        # Fresh moving averages would leave layers without a range to quantize.
        for _ in range(20):
            model(images.astype("float32"), training=True)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(convert_to_tflite(serving_model(model), "int8", images))
    return {
        "width": width,
        "stem_stride": stem_stride,
        "stage_strides": list(stage_strides),
        "parameters": sum(math.prod(w.shape) for w in model.trainable_weights),
        "multiply_adds": count_multiply_adds(model),
        "int8_bytes": path.stat().st_size,
        "path": path,
    }


def time_in_turns(rows, images, runs):
    """Time all files, put percentiles of a single image into the rows."""
    interpreters = []
    for row in rows:
        interpreter = Interpreter(model_path=str(row.pop("path")), num_threads=1)
        interpreter.allocate_tensors()
        entry = interpreter.get_input_details()[0]["index"]
        outputs = [output["index"] for output in interpreter.get_output_details()]
        interpreters.append((interpreter, entry, outputs, []))
    for _ in range(-(-runs // TURN)):
        for interpreter, entry, outputs, times in interpreters:
            for _ in range(3):  # the others have emptied the caches
                interpreter.invoke()
            for index in range(TURN):
                image = images[index % len(images)][None]
                started = time.perf_counter()
                interpreter.set_tensor(entry, image)
                interpreter.invoke()
                for output in outputs:
                    interpreter.get_tensor(output)
                times.append(time.perf_counter() - started)
    for row, (*_, times) in zip(rows, interpreters, strict=True):
        for name, percentile in (("p10", 10), ("median", 50), ("p95", 95)):
            row[f"{name}_ms"] = round(1000 * float(np.percentile(times, percentile)), 4)


def write(folder, rows, runs):
    """Write rows as JSON and as a table."""
    rows.sort(key=lambda row: row["median_ms"])
    folder.mkdir(parents=True, exist_ok=True)
    content = {"processor": processor(), "threads": 1, "runs": runs, "rows": rows}
    text = json.dumps(content, indent=2) + "\n"
    (folder / "rows.json").write_text(text, encoding="utf-8")
    lines = [
        "| width | stem stride | stage strides | parameters | multiply-adds | int8 "
        "| median ms | 10th percentile |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['width']} | {row['stem_stride']} | {tuple(row['stage_strides'])} "
            f"| {row['parameters'] / 1e3:.0f} k | {row['multiply_adds'] / 1e6:.1f} M "
            f"| {row['int8_bytes'] / 1e3:.0f} kB | {row['median_ms']:.3f} "
            f"| {row['p10_ms']:.3f} |"
        )
    (folder / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
