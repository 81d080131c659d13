"""`rkd-keras measure`: segment, measure and grade defects."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError

FIGURES = ("none", "overlays", "panels", "all")


def measure(
    images: Annotated[
        list[str] | None, typer.Argument(help="Images, folders or globs.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for tables and pictures.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Model that names the class: run directory or model file; the "
            "student that comes with the package when left out."
        ),
    ] = None,
    classify: Annotated[
        bool,
        typer.Option(
            "--classify/--no-classify", help="Name the class; --data knows it already."
        ),
    ] = True,
    data: Annotated[
        Path | None, typer.Option(help="Labelled data set to measure, for Table 7.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="Part of --data: test, val, train or all.")
    ] = "test",
    protocol: Annotated[
        str | None, typer.Option(help="Split protocol of --data, such as neu-600.")
    ] = None,
    split_seed: o.SplitSeed = 0,
    method: o.Segmentation = "default",
    polarity: o.Polarity = "auto",
    min_contrast: o.MinContrast = 0.03,
    mm_per_pixel: o.MmPerPixel = None,
    size: Annotated[
        int | None, typer.Option(help="Resize to squares first; the paper has 64.")
    ] = None,
    rules: o.Rules = None,
    prior: Annotated[
        bool,
        typer.Option("--prior", help="Weigh the surface by the model's heat map."),
    ] = False,
    figures: Annotated[
        str, typer.Option(help="Pictures to write: none, overlays, panels or all.")
    ] = "overlays",
    masks: Annotated[
        Path | None,
        typer.Option(help="True masks of the images: print the IoU table instead."),
    ] = None,
    methods: Annotated[
        str, typer.Option(help="For --masks: names with commas between, or all.")
    ] = "default,paper",
    quiet: o.Quiet = False,
    strict: o.Strict = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace earlier tables and pictures.")
    ] = False,
):
    """Segment, measure and grade the defects of images.

    Writes images.csv and defects.csv, both as JSON in measurements.json, pictures
    with outlines, boxes and centroids, and, where classes are known from --model
    or --data, classes.csv (the paper's Table 7) and what separates the classes.

    Example: rkd-keras measure strips/ --out measured --mm-per-pixel 0.1

    Example: rkd-keras measure --data NEU-DET --protocol neu-600 --size 64 --out table7

    Example: rkd-keras measure masks/images --masks masks/masks --methods all
    """
    if masks is not None:
        _compare_masks(images, masks, methods, out, quiet, overwrite)
        return
    if bool(images) == (data is not None):
        raise InputError("give images to measure, or a labelled data set with --data")
    if figures not in FIGURES:
        raise InputError(f"--figures must be one of {', '.join(FIGURES)}")
    if prior and model is None:
        raise InputError("--prior needs a model; give --model")
    if size is not None and size < 1:
        raise InputError(f"--size must be at least 1, not {size}")
    if out is not None and (out / "measurements.json").exists() and not overwrite:
        raise InputError(
            f"{out} holds measurements already; replace them with --overwrite or "
            "give another --out"
        )
    from rkd_keras.measure import GradeRules
    from rkd_keras.rating.rules import open_rules

    if model is not None and (model / "model.keras").is_file():
        model = model / "model.keras"
    settings = {
        "method": method,
        "polarity": polarity,
        "min_contrast": min_contrast,
        "mm_per_pixel": mm_per_pixel,
        "size": size,
        "prior": prior,
    }
    grade_rules = GradeRules.load(rules)
    # Before the first image: it would fail for every one.
    grade_rules.check_unit("px" if mm_per_pixel is None else "mm")
    predictor = _predictor(model, classify and data is None)
    predicted = () if predictor is None else predictor.class_names
    if predictor is not None:
        open_rules(grade_rules, predicted)
    work = {
        "rules": grade_rules,
        "predictor": predictor,
        "heat": _heat_maps(model) if prior else None,
        "figures": figures if out is not None else "none",
        "out": out,
    }
    files, classes, names = _files(images, data, model, split, protocol, split_seed)
    if data is not None:
        open_rules(grade_rules, {*names, *predicted})
    results = _measure_all(files, classes, settings, work, quiet, strict)
    if out is None:
        _print_images(results)
    else:
        _write(out, results, settings)
    _report_classes(out, results, settings)


def _predictor(model, by_default):
    if model is None and not by_default:
        return None
    from rkd_keras.predict import load

    return load(model)


def _heat_maps(model):
    if model.suffix != ".keras":
        raise InputError("--prior needs a .keras model: heat maps take its gradients")
    from rkd_keras.cli.explain import load_network

    network = load_network(model)
    from rkd_keras.explain import GradCAM

    return GradCAM(network)


def _files(images, data, model, split, protocol, split_seed):
    from rkd_keras.files.images import list_images

    if data is None:
        files = list_images(images)
        return files, [None] * len(files), []
    from rkd_keras.runs.parts import labelled_files

    files, labels, names = labelled_files(
        model or data / "model", data, split, protocol, 0, split_seed
    )
    return files, [names[label] for label in labels], names


def _measure_all(files, classes, settings, work, quiet, strict):
    """Measure file by file; unreadable ones are named and left out."""
    from rich.console import Console
    from rich.progress import track

    from rkd_keras.cli.explain import unique_name

    console = Console(stderr=True)
    results, skipped, names = [], [], set()
    if work["out"] is not None:
        work["out"].mkdir(parents=True, exist_ok=True)
    shown = track(
        list(zip(files, classes, strict=True)),
        "measuring",
        console=console,
        transient=True,
        disable=quiet or len(files) < 10,
    )
    for file, true_class in shown:
        try:
            result = _measure_one(file, settings, work)
        except InputError as error:
            if strict or len(files) == 1:
                raise
            skipped.append(str(error))
            continue
        image, mask, result = result
        result.update(name=unique_name(file, names), true_class=true_class)
        _draw(image, mask, result, work)
        results.append(result)
    for message in skipped:
        console.print(f"! {message}", markup=False, highlight=False, soft_wrap=True)
    if not results:
        raise InputError(f"none of {len(files)} images could be decoded")
    if skipped:
        console.print(f"{len(skipped)} of {len(files)} images were left out")
    return results


def _measure_one(file, settings, work):
    from rkd_keras.files.images import read_image, resize_image
    from rkd_keras.rating import rate

    image = read_image(file)
    heat = None
    if work["heat"] is not None:
        cam = work["heat"]
        scaled = resize_image(image, cam.model.input_shape[1:3])
        heat = cam(scaled[None])[0][0]
    rating = rate(
        image,
        work["predictor"],
        work["rules"],
        prior=heat,
        **{name: value for name, value in settings.items() if name != "prior"},
    )
    result = {
        "file": str(file),
        "verdict": rating.verdict,
        "measurement": rating.measurement,
        "grade": rating.grade,
    }
    return rating.image, rating.mask, result


def _draw(image, mask, result, work):
    import cv2

    from rkd_keras.measure import overlay, six_panels

    figures, measurement = work["figures"], result["measurement"]
    folder = work["out"]
    if figures in ("overlays", "all"):
        decision = result["grade"]
        # The decision first: what is too long is cut at its end.
        text = f"{decision.decision} {decision.severity}  {measurement.count} defects  "
        text += f"{measurement.area_ratio:.1f} %  "
        if measurement.k is not None:
            text += f"K {measurement.k:.3f}  "
        text += result["name"]
        picture = overlay(image, mask, measurement, text)
        cv2.imwrite(str(folder / f"{result['name']}.png"), picture[..., ::-1])
    if figures in ("panels", "all"):
        picture = six_panels(image, mask, measurement)
        cv2.imwrite(str(folder / f"{result['name']}_panels.png"), picture[..., ::-1])


def _row(result):
    verdict = result["verdict"]
    row = {"file": result["file"], "true_class": result["true_class"]}
    if verdict is not None:
        row.update(label=verdict.label, class_name=verdict.class_name)
        row["probability"] = verdict.probability
    return {**row, **result["measurement"].to_dict(), **result["grade"].to_dict()}


def _write(out, results, settings):
    from rich.console import Console

    from rkd_keras.measure import write_table

    defects = [
        {"file": result["file"], **defect.to_dict()}
        for result in results
        for defect in result["measurement"].defects
    ]
    rows = [_row(result) for result in results]
    write_table(out / "images.csv", rows)
    write_table(out / "defects.csv", defects or [{"file": None}])
    nested = [
        {**row, "defects": [d.to_dict() for d in result["measurement"].defects]}
        for row, result in zip(rows, results, strict=True)
    ]
    content = {"settings": settings, "images": nested}
    write_table(out / "measurements.json", content)
    message = f"{len(rows)} images, {len(defects)} defects measured in {out}"
    Console(stderr=True).print(message, markup=False)


def _report_classes(out, results, settings):
    """Print and write Table 7, over the images that the model gets right.

    An unknown verdict names no class, whatever the nearest one is.
    """
    from rkd_keras.cli.measure_tables import print_class_table
    from rkd_keras.measure import class_separation, class_table, write_table
    from rkd_keras.predict.verdict import UNKNOWN
    from rkd_keras.rating.rules import class_for_rules

    known = []
    for result in results:
        verdict, true_class = result["verdict"], result["true_class"]
        found = true_class if verdict is None else class_for_rules(verdict)
        if found in (None, UNKNOWN) or true_class not in (None, found):
            continue
        known.append((found, result["measurement"]))
    # One image is no summary.
    if len(known) < 2:
        return
    table, separation = class_table(known), class_separation(known)
    print_class_table(table, separation)
    if out is not None:
        write_table(out / "classes.csv", table)
        content = {"settings": settings, "classes": table, "separation": separation}
        write_table(out / "classes.json", content)


def _print_images(results):
    from rkd_keras.cli.measure_tables import print_images

    print_images([_row(result) for result in results])


def _compare_masks(images, masks, methods, out, quiet, overwrite):
    from rkd_keras.cli.measure_tables import compare_masks

    if not images or len(images) != 1:
        raise InputError("--masks needs one folder of images to compare with")
    compare_masks(images[0], masks, methods, out, quiet, overwrite)
