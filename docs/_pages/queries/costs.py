"""What things cost: steps, images a second, times, loads."""

from ..numbers import percent
from ..tables import table
from . import query


@query
def step_table(results):
    """Show images a second of each way to distil."""
    ways = results.read("distillation_step.json")["ways"]
    names = {
        "plain": "the student alone",
        "RKD + KD, stored teacher answers": "`RKDTrainer`, RKD + KD, stored answers",
        "RKD + KD, running teacher": "`RKDTrainer`, RKD + KD, running teacher",
        "keras Distiller, KD only": (
            "`keras.distillation.Distiller`, KD only, running teacher"
        ),
    }
    lines = [
        [names[name], way["images_per_second"], f"{way['ratio_to_plain']:.2f}"]
        for name, way in ways.items()
    ]
    return table(["way", "images a second", "to plain"], lines)


@query
def workers_table(results):
    """Show images a second of one worker and of two."""
    names = {
        "1 worker, batch 32": "1 worker, batch 32",
        "2 workers, batch 32 (16 each)": "2 workers, batch 32 in all",
        "2 workers, batch 64 (32 each)": "2 workers, batch 32 each",
        "2 workers, batch 64, synchronised batch norm": (
            "2 workers, batch 32 each, `--sync-batch-norm`"
        ),
    }
    ways = results.read("multi_worker.json")["ways"]
    lines = [
        [
            names[name],
            f"{way['images_per_second']:.0f} "
            f"({way['range'][0]:.0f} to {way['range'][1]:.0f})",
            f"{way['ratio_to_one_worker']:.2f}",
        ]
        for name, way in ways.items()
    ]
    return table(["", "images a second", "against one worker"], lines)


@query
def mosaic_table(results):
    """Show images a second of the pipeline with mosaic and fusion."""
    names = {
        "batch": "batches alone",
        "mosaic of all": "a mosaic of every image",
        "fusion of all": "a fusion of every image",
        "augment": "classic augmentation",
        "augment, mosaic of all": "classic augmentation, then a mosaic of every image",
        "augment, fusion of all": "classic augmentation, then a fusion of every image",
    }
    content = results.read("mosaic.json")
    lines = [[names[name], f"{rate:,}"] for name, rate in content["rates"].items()]
    title = f"pipeline, batches of {content['batch_size']} images of 64 x 64"
    return table([title, "images a second"], lines)


STREAMING = "streaming.json"
WAYS = {
    "ndarray": "memory",
    "memory": "memory",
    "store": "store on disk",
    "anew": "decoded anew",
    "StreamedImages": "decoded anew",
}


@query
def streaming_table(results):
    """Show memory and speed of decoded and of streamed images."""
    rows = results.read(STREAMING)["rows"]
    speeds = ["images_per_processor_second", "trained_per_processor_second"]
    memory = ["memory_mb_with_an_epoch", "memory_mb_training"]
    memory += ["memory_mb_features", "memory_mb_answers"]
    titles = {
        "images_per_processor_second": "images a second",
        "trained_per_processor_second": "trained a second",
        "memory_mb_with_an_epoch": "MB, an epoch",
        "memory_mb_training": "MB, training",
        "memory_mb_features": "MB, features",
        "memory_mb_answers": "MB, answers",
    }
    names = [name for name in (*speeds, *memory) if any(name in row for row in rows)]
    lines = [
        [f"{row['images']:,}", WAYS[row["way"]]]
        + [f"{row[name]:,}" if name in row else "" for name in names]
        for row in rows
    ]
    return table(["images", "read from", *(titles[name] for name in names)], lines)


def _trained(results):
    rows = results.read(STREAMING)["rows"]
    return [row for row in rows if "trained_per_processor_second" in row]


@query
def streaming_is_of_trainings(results):
    """Tell whether networks were trained, not batches made alone."""
    return bool(_trained(results))


@query
def streaming_images(results):
    """Return the largest number of images that was trained on."""
    return max(row["images"] for row in _trained(results))


@query
def streaming_ratio(results):
    """Return the training's speed from the store, as a share of that from memory."""
    speed = {
        row["way"]: row["trained_per_processor_second"]
        for row in _trained(results)
        if row["images"] == streaming_images(results)
    }
    return speed["store"] / speed["memory"]


@query
def benchmark_table(results):
    """Show times of the package's students on one core and on two."""
    one, two = (
        results.read(f"benchmark/threads_{threads}.json")["results"]
        for threads in (1, 2)
    )
    names = ("`EdgeResNetSmall`", "`EdgeResNetTiny`")
    lines = []
    for name, *rows in zip(names, one, two, strict=True):
        cells = [
            cell
            for row in rows
            for cell in (f"{row['median_ms']:.3f} ms", f"{row['images_per_s']:,.0f}")
        ]
        lines.append([name, *cells])
    titles = ["one core: an image", "images a second"]
    titles += ["two cores: an image", "images a second"]
    return table(["preset", *titles], lines)


@query
def student_sizes_table(results):
    """Show what each student for the line holds and costs."""
    names = {
        "edge_resnet_nano": "`EdgeResNetNano`",
        "edge_resnet_tiny": "`EdgeResNetTiny`",
        "edge_resnet_small": "`EdgeResNetSmall`",
        "edge_resnet_medium": "`EdgeResNetMedium`",
    }
    lines = [
        [
            names[row["network"]],
            f"{row['parameters']:,}",
            f"{row['multiply_adds'] / 1e6:.1f} M",
            f"{row['int8_bytes'] / 1000:.0f} kB",
        ]
        for row in results.read("student_sizes.csv")
    ]
    titles = ["preset", "parameters", "multiply-adds", "int8 file, card included"]
    return table(titles, lines)


@query
def pipelines_table(results):
    """Show what one command came to on each data set."""
    lines = []
    for row in results.read("pipelines.csv"):
        teacher = f"{row['teacher']}, {percent(row['teacher_accuracy'])}"
        start = "" if row["start"] == "none" else f", from {row['start']}"
        alone = row["alone_accuracy"]
        more = f" + {row['unlabelled']}" if int(row["unlabelled"] or 0) else ""
        cells = [
            f"{row['images']}{more} / {row['test_images']}",
            teacher,
            f"{row['model']} at {row['size']}{start}",
            f"{row['student_epochs']}",
            percent(alone) if alone else "",
            percent(row["accuracy"]),
            percent(row["int8_accuracy"]),
            f"{row['minutes']:.0f}",
        ]
        lines.append([row["name"], *cells])
    titles = ["data", "images to train (+ without label) / test", "teacher"]
    titles += ["student", "epochs"]
    titles += ["alone", "distilled", "int8", "minutes"]
    return table(titles, lines)


@query
def pipeline_choices_table(results):
    """Show what each trial of a pipeline's student came to on held-out images."""
    rows = results.read("pipeline_choices/rows.jsonl")
    lines = [
        [
            f"{row['data']}, {row['images']} images",
            row["trial"],
            "side by side" if row["batch_parts"] > 1 else "whole",
            f"{row['image_steps']:,}",
            percent(row["teacher_accuracy"]),
            percent(row["accuracy"]),
        ]
        for row in rows
    ]
    titles = ["held out of", "the student's trial", "batches", "images shown"]
    return table([*titles, "teacher", "student"], lines)


@query
def cores_table(results):
    """Show how much faster two cores train than one."""
    lines = [
        [
            row["model"],
            f"{row['batch']}",
            f"{row['one_core']:.0f}",
            f"{row['two_cores']:.0f}",
            f"{row['ratio']:.2f}",
        ]
        for row in results.read("both_cores.json")
    ]
    titles = ["student", "batch", "images a second, one core", "two cores", "ratio"]
    return table(titles, lines)


@query
def edge_ms(results, machine, width, stage_strides, stem_stride=2):
    """Return the milliseconds of a shape on one core, int8, as text."""
    row = next(
        row
        for row in results.read(f"edge_latency/{machine}/rows.json")["rows"]
        if (row["width"], row["stage_strides"], row["stem_stride"])
        == (width, stage_strides, stem_stride)
    )
    return f"{row['median_ms']:.2f}"


LOADS = {
    "latency": "nothing else runs",
    "latency_busy_3": "load {:.0f} to {:.0f}",
    "latency_busy_1": "load {:.0f} to {:.0f}",
    "latency_busy_2": "load {:.0f} to {:.0f}",
}


@query
def station(results, name="latency"):
    """Return what was measured of the station under a load."""
    return results.read(f"station/{name}.json")


@query
def station_table(results):
    """Show the station's times from when a frame was due, and from its receipt."""
    columns, titles = [], []
    for name, title in LOADS.items():
        row = station(results, name)
        load = sorted(row["load_average"])
        titles.append(
            f"{title.format(load[0], load[-1])}, {row['seconds'] / 60:.0f} minutes"
        )
        due, received = row["latency_from_due_ms"], row["latency_ms"]
        memory = row["memory_mb"]
        columns.append(
            [
                f"{row['frames_due']:,}, {row['frames_stored']:,}, {row['lost']}",
                *(f"{due[key]:.0f} ms" for key in ("p50", "p95")),
                f"**{due['p99']:.0f} ms**",
                f"{due['max'] / 1000:.1f} s",
                f"{received['p50']:.0f}, {received['p99']:.0f} ms",
                f"{memory['first']:.0f} to {memory['last']:.0f} MB",
            ]
        )
    names = ["frames due, answered, lost", "median from when the frame was due"]
    names += ["95th percentile", "99th percentile", "longest"]
    names += ["from sending alone: median, 99th", "memory, first to last"]
    lines = [[name, *cells] for name, *cells in zip(names, *columns, strict=True)]
    return table(["four devices at 25 frames/s", *titles], lines)


@query
def sensitivity(results, least=0.06):
    """Return the row of one contrast, and how many images each share is of."""
    content = results.read("station/sensitivity.json")
    row = next(row for row in content["rows"] if row["min_contrast"] == least)
    return {**row, "images": content["images"]}
