"""Rate a whole archive, unit by unit, to Parquet."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from rkd_keras.errors import InputError
from rkd_keras.options import (
    AnyPath,
    AnyPaths,
    MmPerPixel,
    Option,
    Overwrite,
    Polarity,
    QualityGate,
    Quiet,
    Resume,
    Rules,
    Segmentation,
    checked,
)
from rkd_keras.rating.strips import RatedStrips, rate_strips

# Method, polarity and size of the station's segmentation.
_AS_THE_STATION = ("default", "auto", None)


@dataclass(frozen=True)
class RatedArchive:
    """An archive that was rated.

    Attributes:
        path: folder of `scores.parquet/`, `plan.json` and `summary.json`.
        summary: the dict of `summary.json`: counts of images, errors, labels and
            decisions, and what it took.

    Example:
        >>> RatedArchive(Path("scores"), {"images": 3}).parquet.name
        'scores.parquet'
    """

    path: Path
    summary: dict[str, Any]

    @property
    def parquet(self) -> Path:
        """Folder of the Parquet files, a row an image."""
        from rkd_keras.rating.archive.table import FOLDER

        return self.path / FOLDER


@checked
def rate_archive(
    archive: Annotated[
        AnyPaths,
        Option("Folders, packs, TFRecord files, images or globs.", positional=True),
    ],
    out: Annotated[
        AnyPath | None, Option("Folder to write; needed but with --windows.")
    ] = None,
    windows: Annotated[
        bool,
        Option(
            "Rate strips as the station does, window by window: prints the merged "
            "defects, and writes a map of each into --out."
        ),
    ] = False,
    normal: Annotated[
        AnyPath | None,
        Option(
            "With --windows: a folder of good images of the same camera, or the .npz "
            "of a station's device; what is unlike them is a defect without outline."
        ),
    ] = None,
    model: Annotated[
        AnyPath | None,
        Option(
            ".tflite, .onnx or run directory; the student that comes with the package "
            "when left out."
        ),
    ] = None,
    engine: Annotated[
        str,
        Option("local: this process; ray: actors of Ray Data.", ("local", "ray")),
    ] = "local",
    workers: Annotated[
        int | None,
        Option("Actors of --engine ray; one per processor if left out.", at_least=1),
    ] = None,
    ray_address: Annotated[
        str | None,
        Option(
            "Ray cluster, such as 10.0.0.5:6379 or auto; Ray is started on this "
            "machine when left out."
        ),
    ] = None,
    unit_images: Annotated[
        int, Option("Loose images in a unit of work; packs have shards.", at_least=1)
    ] = 500,
    batch_size: Annotated[int, Option("Images classified at a time.", at_least=1)] = 32,
    method: Segmentation = "default",
    polarity: Polarity = "auto",
    min_contrast: Annotated[
        float | None,
        Option(
            "Least contrast of a defect; 0.03, and with --windows 0.06, when left out.",
            at_least=0,
            at_most=1,
        ),
    ] = None,
    mm_per_pixel: MmPerPixel = None,
    size: Annotated[
        int | None,
        Option("Resize to squares of so many pixels before measuring.", at_least=1),
    ] = None,
    rules: Rules = None,
    quality_gate: QualityGate = True,
    resume: Resume = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> RatedArchive | RatedStrips:
    """Classify, measure and grade every image of an archive, to Parquet.

    Writes scores.parquet/, a file for each unit of work, with class, probability,
    unknown verdict, measurements and grade of each image; an image that cannot be
    read has its reason in the column `error`. plan.json holds the settings and
    summary.json the counts. All engines write the same.

    With `windows` the images are strips: see `rkd_keras.rating.rate_strip`.

    Returns:
        A `RatedArchive`, with `windows` a `RatedStrips`.

    Raises:
        InputError: when nothing can be rated, the rules fit neither the unit nor the
            model's classes, or `out` holds something that may not be replaced.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> strips = write_dataset(folder / "strips", per_class=1, size=64, quiet=True)
        >>> rated = rate_archive([strips], folder / "scores", quiet=True)
        >>> rated.summary["images"], sum(rated.summary["decisions"].values())
        (6, 6)
    """
    if windows:
        if engine != "local" or resume or (method, polarity, size) != _AS_THE_STATION:
            raise InputError(
                "--windows rates as the station does, in this process: leave out "
                "--engine, --resume, --method, --polarity and --size"
            )
        return rate_strips(
            archive,
            None if out is None else out.resolve(),
            model,
            normal,
            rules,
            mm_per_pixel,
            min_contrast,
            quality_gate,
            overwrite,
            quiet,
        )
    if normal is not None:
        raise InputError("--normal belongs to --windows")
    if out is None:
        raise InputError("an archive is rated into a folder: give one with --out")
    if engine == "local" and (workers is not None or ray_address is not None):
        raise InputError("--workers and --ray-address belong to --engine ray")
    from rkd_keras.rating.archive.engines import rate_locally, rate_with_ray
    from rkd_keras.rating.archive.plan import SUMMARY, begin, write_json
    from rkd_keras.rating.archive.progress import ScoreProgress
    from rkd_keras.rating.archive.table import finished_part, import_parquet, total
    from rkd_keras.rating.archive.units import find_units

    import_parquet()
    out = out.resolve()
    measuring = {
        "method": method,
        "polarity": polarity,
        "min_contrast": 0.03 if min_contrast is None else min_contrast,
        "mm_per_pixel": mm_per_pixel,
        "size": size,
        "quality_gate": quality_gate,
    }
    settings = _complete({**measuring, "batch_size": batch_size}, model, rules)
    units = find_units(archive, unit_images)
    begin(out, settings, units, resume, overwrite)
    facts = [finished_part(out, unit) for unit in units]
    left = [u for u, fact in zip(units, facts, strict=True) if fact is None]
    facts = [fact for fact in facts if fact is not None]
    progress = ScoreProgress(
        sum(unit.images for unit in units), sum(f["images"] for f in facts), quiet
    )
    work = {**settings, "out": str(out)}
    if not left:
        rated = ()
    elif engine == "local":
        rated = rate_locally(left, work)
    else:
        rated = rate_with_ray(left, work, workers, ray_address)
    try:
        for fact in rated:
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
    write_json(out / SUMMARY, summary)
    return RatedArchive(out, summary)


def _complete(settings, model, rules):
    """Complete the settings, and find out here what would fail in every worker."""
    import hashlib

    from rkd_keras.files.model_file import model_file
    from rkd_keras.predict import load
    from rkd_keras.predict.quiet_stderr import quiet_stderr
    from rkd_keras.rating.archive.unit_rater import MEASURING
    from rkd_keras.rating.measuring import check_settings
    from rkd_keras.rating.rules import open_rules

    model = model if model is None else model_file(model)
    loaded = open_rules(rules)
    check_settings(loaded, **{name: settings[name] for name in MEASURING})
    with quiet_stderr():
        predictor = load(model)
    open_rules(loaded, predictor.class_names)
    text = Path(loaded.source).read_bytes()
    return {
        **settings,
        # The path as every worker finds it; names of students stay names.
        "model": model and str(model.resolve() if model.exists() else model),
        "model_sha256": predictor.card["sha256"],
        "rules_source": loaded.source,
        "rules": text.decode("utf-8"),
        "rules_sha256": hashlib.sha256(text).hexdigest(),
    }


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
