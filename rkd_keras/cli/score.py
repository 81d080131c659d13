"""`rkd-keras score`: classify, measure and grade an archive, to Parquet."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError

ENGINES = ("local", "ray")
PLAN = "plan.json"
SUMMARY = "summary.json"


def score(
    archive: Annotated[
        list[str],
        typer.Argument(help="Folders, packs, TFRecord files, images or globs."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    model: Annotated[
        Path | None,
        typer.Option(
            help=".tflite, .onnx or run directory; the student that comes with the "
            "package when left out."
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="local: this process; ray: actors of Ray Data.")
    ] = "local",
    workers: Annotated[
        int | None,
        typer.Option(help="Actors of --engine ray; one per processor if left out."),
    ] = None,
    ray_address: Annotated[
        str | None,
        typer.Option(
            help="Ray cluster, such as 10.0.0.5:6379 or auto; Ray is started on this "
            "machine when left out."
        ),
    ] = None,
    unit_images: Annotated[
        int, typer.Option(help="Loose images in a unit of work; packs have shards.")
    ] = 500,
    batch_size: Annotated[int, typer.Option(help="Images classified at a time.")] = 32,
    method: o.Segmentation = "default",
    polarity: o.Polarity = "auto",
    min_contrast: o.MinContrast = 0.03,
    mm_per_pixel: o.MmPerPixel = None,
    size: Annotated[
        int | None, typer.Option(help="Resize to squares before measuring.")
    ] = None,
    rules: o.Rules = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue a killed run; skip what is done.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace earlier scores.")
    ] = False,
    quiet: o.Quiet = False,
):
    """Classify, measure and grade every image of an archive, to Parquet.

    Writes scores.parquet/, a file for each unit of work, with class, probability,
    unknown verdict, measurements and grade of each image; an image that cannot be
    read has its reason in the column `error`. plan.json holds the settings and
    summary.json the counts. All engines write the same.

    Example: rkd-keras score archive/ --out scores --engine ray --workers 8

    Example: rkd-keras score archive.pack --out scores --engine ray --ray-address auto
    """
    if engine not in ENGINES:
        raise InputError(f"--engine must be one of {', '.join(ENGINES)}, not {engine}")
    if engine == "local" and (workers is not None or ray_address is not None):
        raise InputError("--workers and --ray-address belong to --engine ray")
    for name, value in (
        ("--workers", workers),
        ("--unit-images", unit_images),
        ("--batch-size", batch_size),
        ("--size", size),
    ):
        if value is not None and value < 1:
            raise InputError(f"{name} must be at least 1, not {value}")
    from rkd_keras.rating.archive.engines import score_locally, score_with_ray
    from rkd_keras.rating.archive.progress import ScoreProgress
    from rkd_keras.rating.archive.table import finished_part, import_parquet, total
    from rkd_keras.rating.archive.units import find_units

    import_parquet()
    out = out.resolve()
    settings = {
        "method": method,
        "polarity": polarity,
        "min_contrast": min_contrast,
        "mm_per_pixel": mm_per_pixel,
        "size": size,
        "batch_size": batch_size,
    }
    settings = _checked(settings, model, rules)
    units = find_units(archive, unit_images)
    _begin(out, settings, units, resume, overwrite)
    facts = [finished_part(out, unit) for unit in units]
    left = [u for u, fact in zip(units, facts, strict=True) if fact is None]
    facts = [fact for fact in facts if fact is not None]
    progress = ScoreProgress(
        sum(unit.images for unit in units), sum(f["images"] for f in facts), quiet
    )
    work = {**settings, "out": str(out)}
    if not left:
        scored = ()
    elif engine == "local":
        scored = score_locally(left, work)
    else:
        scored = score_with_ray(left, work, workers, ray_address)
    try:
        for fact in scored:
            facts.append(fact)
            progress.advance(fact["images"], fact["errors"])
    finally:
        progress.finish()
    summary = {
        **total(facts),
        "engine": engine,
        "workers": workers or (1 if engine == "local" else None),
        "units": len(units),
        "skipped_images": progress.skipped,
        "seconds": round(progress.seconds, 3),
        **_speed(facts),
    }
    _write_json(out / SUMMARY, summary)
    _report(out, summary)


def _checked(settings, model, rules):
    """Complete the settings, and find out here what would fail in every worker."""
    import hashlib

    import numpy as np

    from rkd_keras.measure import GradeRules
    from rkd_keras.predict import load
    from rkd_keras.predict.quiet_stderr import quiet_stderr
    from rkd_keras.rating.archive.unit_scorer import MEASURING
    from rkd_keras.rating.rate import rate
    from rkd_keras.rating.rules import open_rules

    if model is not None and (model / "model.keras").is_file():
        model = model / "model.keras"
    loaded = GradeRules.load(rules)
    blank = np.full((64, 64, 3), 128, np.uint8)
    measuring = {name: settings[name] for name in MEASURING}
    rate(blank, rules=loaded, **measuring)
    with quiet_stderr():
        predictor = load(model)
    open_rules(loaded, predictor.class_names)
    return {
        **settings,
        "model": model if model is None else _whole_path(model),
        "model_sha256": predictor.card["sha256"],
        "rules_source": loaded.source,
        "rules": Path(loaded.source).read_text(encoding="utf-8"),
        "rules_sha256": hashlib.sha256(Path(loaded.source).read_bytes()).hexdigest(),
    }


def _whole_path(model):
    """Return the path as every worker finds it; names of students stay names."""
    return str(model.resolve() if model.exists() else model)


def _begin(out, settings, units, resume, overwrite):
    """Write the plan, or compare with the one that is there."""
    from rkd_keras.rating.archive.table import clear_parts

    path = out / PLAN
    hidden = ("rules", "rules_source", "model")  # their digests are what counts
    plan = {
        "settings": {k: v for k, v in settings.items() if k not in hidden},
        "model": settings["model"],
        "units": [[unit.images, unit.digest] for unit in units],
    }
    if not path.exists():
        if resume:
            raise InputError(f"{out} holds no scores to continue; leave out --resume")
    elif resume:
        _compare(path, plan)
        clear_parts(out, unfinished_only=True)
        return
    elif not overwrite:
        raise InputError(
            f"{out} holds scores already; continue them with --resume or replace "
            "them with --overwrite"
        )
    out.mkdir(parents=True, exist_ok=True)
    clear_parts(out, unfinished_only=False)
    (out / SUMMARY).unlink(missing_ok=True)
    _write_json(path, plan)


def _compare(path, plan):
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
        before, now = earlier["settings"], plan["settings"]
        same_units = earlier["units"] == plan["units"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged; begin again with --overwrite") from error
    other = [name for name in now if before.get(name) != now[name]]
    if other:
        raise InputError(
            f"the scores in {path.parent} were begun with another "
            f"{', '.join(other)}; give the same, or begin again with --overwrite"
        )
    if not same_units:
        raise InputError(
            f"the archive is not the one that the scores in {path.parent} were begun "
            "with; begin again with --overwrite"
        )


def _speed(facts):
    """Return what the units of this run took, without the engine's start."""
    timed = [fact for fact in facts if "started" in fact]
    if not timed:
        return {"scoring_seconds": 0.0, "images_per_second": None, "cpu_seconds": 0.0}
    seconds = max(f["ended"] for f in timed) - min(f["started"] for f in timed)
    return {
        "scoring_seconds": round(seconds, 3),
        "images_per_second": round(sum(f["images"] for f in timed) / seconds, 3),
        "cpu_seconds": round(sum(f["cpu_seconds"] for f in timed), 3),
    }


def _write_json(path, content):
    from rkd_keras.files.replacing import replacing

    with replacing(path) as temporary:
        text = json.dumps(content, indent=1, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _report(out, summary):
    from rkd_keras.rating.archive.progress import duration

    scored = summary["images"] - summary["skipped_images"]
    speed = summary["images_per_second"]
    typer.echo(
        f"{summary['images']:,} images in {out}, {scored:,} of them scored now in "
        f"{duration(summary['seconds'])}"
        + (f", {speed:,.1f} a second" if speed else "")
    )
    for name in ("decisions", "labels"):
        counts = sorted(summary[name].items(), key=lambda item: -item[1])
        typer.echo(f"{name}: " + ", ".join(f"{n} {count:,}" for n, count in counts))
    if summary["errors"]:
        typer.echo(
            f"! could not be scored: {summary['errors']:,}, see the column error; the "
            f"first: {summary['first_error']}",
            err=True,
        )
