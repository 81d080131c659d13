"""`rkd-keras explain`: show and score where a classifier looks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError

EXAMPLES_PER_CLASS = 2


def explain(
    images: Annotated[
        list[str] | None, typer.Argument(help="Images, folders or globs.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Run directory or .keras file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for pictures and tables.")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(help="grad_cam or grad_cam++; may be repeated. Both if left out."),
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(help="Layer to look at; may be repeated. What is pooled if not."),
    ] = None,
    class_name: Annotated[
        str | None,
        typer.Option("--class", help="Class to explain; the predicted one if not."),
    ] = None,
    feature_maps: Annotated[
        bool, typer.Option("--feature-maps", help="Also draw the maps of each stage.")
    ] = False,
    evaluate: Annotated[
        bool,
        typer.Option("--evaluate", help="Score the heat maps by the boxes of --data."),
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="NEU-DET folder with boxes, for --evaluate.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="Part to score: test, val, train or all.")
    ] = "test",
    quiet: o.Quiet = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace earlier pictures and tables.")
    ] = False,
):
    """Draw heat maps of what a model bases its verdict on, or score them.

    With --evaluate the heat maps for the true class are compared with the boxes
    of a data set: how often the hottest pixel lies in a box (pointing game), and
    which share of the heat lies in the boxes, beside what chance would give.

    Example: rkd-keras explain strips/ --model runs/student --out explained

    Example: rkd-keras explain --evaluate --model runs/student --data NEU-DET
    --out explained
    """
    if model is None or out is None:
        raise InputError("give the model with --model and a folder with --out")
    if evaluate == bool(images):
        raise InputError("give images to explain, or --evaluate with --data")
    if evaluate and data is None:
        raise InputError("--evaluate needs a data set with boxes; give --data")
    if class_name is not None and evaluate:
        raise InputError("--evaluate explains the true class; leave out --class")
    name = "localization.json" if evaluate else "explanations.csv"
    if (out / name).exists() and not overwrite:
        raise InputError(
            f"{out / name} exists already; replace it with --overwrite or give "
            "another --out"
        )
    if model.is_dir():
        model = model / "model.keras"
    if not model.is_file() or model.suffix != ".keras":
        raise InputError(f"{model} is no .keras model; heat maps need its gradients")

    from rkd_keras.predict import read_card

    class_names = read_card(model)["class_names"]
    if class_name is not None and class_name not in class_names:
        raise InputError(
            f"the model knows no class {class_name!r}; it knows "
            f"{', '.join(class_names)}"
        )
    network = load_network(model)
    from rkd_keras.explain import VARIANTS, GradCAM

    unknown = [v for v in variant or () if v not in VARIANTS]
    if unknown:
        raise InputError(f"--variant must be one of {', '.join(VARIANTS)}")
    cams = {name: GradCAM(network, name) for name in layer or [None]}
    methods = _Methods(cams, tuple(variant or VARIANTS))
    out.mkdir(parents=True, exist_ok=True)
    if evaluate:
        _evaluate(methods, network, model, data, split, class_names, out, quiet)
    else:
        chosen = None if class_name is None else class_names.index(class_name)
        _explain(methods, network, images, chosen, class_names, feature_maps, out)


@dataclass
class _Methods:
    """Heat maps by several layers and variants, each layer computed once."""

    cams: dict
    variants: tuple

    def __call__(self, images, classes):
        heats = {}
        for layer, cam in self.cams.items():
            found, explained = cam.compare(images, classes)
            for variant in self.variants:
                heats[f"{variant} {layer or ''}".strip()] = found[variant]
        return heats, explained

    def resolutions(self):
        return {layer or "pooled": list(c.resolution) for layer, c in self.cams.items()}


def load_network(path):
    """Load a `.keras` model of the package, quietly.

    Args:
        path: the file.

    Returns:
        A `keras.Model`.
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    start_tensorflow()
    from rkd_keras.models import load_model

    return load_model(path)


def _explain(methods, network, patterns, chosen, class_names, feature_maps, out):
    import cv2
    from rich.console import Console
    from rich.progress import track

    from rkd_keras.explain import explanation_grid, feature_sheet, heat_overlay
    from rkd_keras.files.images import (
        list_images,
        read_image,
        resize_image,
        to_rgb_uint8,
    )
    from rkd_keras.measure import write_table

    console = Console(stderr=True)
    size = network.input_shape[1:3]
    rows, names = [], set()
    for file in track(list_images(patterns), "explaining", console=console):
        try:
            image = to_rgb_uint8(read_image(file))
        except InputError as error:
            console.print(f"! {error}", markup=False, highlight=False, soft_wrap=True)
            continue
        name = unique_name(file, names)
        scaled = resize_image(image, size)
        pictures = []
        heats, classes = methods(scaled[None], chosen)
        for method, heat in heats.items():
            pictures.append((f"{method}", heat_overlay(image, heat[0])))
            rows.append(
                {
                    "file": str(file),
                    "class": class_names[int(classes[0])],
                    "method": method,
                    **_hottest(heat[0], image.shape),
                    "picture": f"{name}.png",
                }
            )
        title = f"{name[:18]}: {rows[-1]['class']}"
        grid = explanation_grid([[(title, image), *pictures]], side=320)
        cv2.imwrite(str(out / f"{name}.png"), grid[..., ::-1])
        if feature_maps:
            sheet = feature_sheet(network, scaled)
            cv2.imwrite(str(out / f"{name}_features.png"), sheet[..., ::-1])
    if not rows:
        raise InputError("none of the images could be decoded")
    write_table(out / "explanations.csv", rows)
    console.print(f"{len(names)} images explained in {out}", markup=False)


def unique_name(file, names):
    """Return a file's stem, numbered when `names` has it already; adds it."""
    name, number = file.stem, 2
    while name in names:
        name, number = f"{file.stem}_{number}", number + 1
    names.add(name)
    return name


def _hottest(heat, shape):
    """Where an image is hottest, in its own pixels."""
    import numpy as np

    if not heat.max() > 0:
        return {"hottest_x": None, "hottest_y": None}
    y, x = np.unravel_index(np.argmax(heat), heat.shape)
    return {
        "hottest_x": round((float(x) + 0.5) * shape[1] / heat.shape[1] - 0.5, 1),
        "hottest_y": round((float(y) + 0.5) * shape[0] / heat.shape[0] - 0.5, 1),
    }


def _evaluate(methods, network, model, data, split, class_names, out, quiet):
    import json

    import cv2
    from rich.console import Console
    from rich.progress import track

    from rkd_keras.data import load_images, open_dataset
    from rkd_keras.explain import (
        LocalizationScores,
        explanation_grid,
        heat_overlay,
        resize_heat,
    )
    from rkd_keras.files.images import read_image, to_rgb_uint8
    from rkd_keras.runs.parts import labelled_files

    boxes = boxes_by_name(open_dataset(data))
    files, labels, names = labelled_files(model, data, split)
    labels = [class_names.index(names[label]) for label in labels]
    kept = [i for i, file in enumerate(files) if file.name in boxes]
    if not kept:
        raise InputError(f"{data} has no boxes for the images of the {split} part")
    files, labels = [files[i] for i in kept], [labels[i] for i in kept]
    scaled, _ = load_images(files, network.input_shape[1:3], strict=True)
    scores = {}
    examples = {}
    shown = range(0, len(files), 32)
    console = Console(stderr=True)
    for start in track(shown, "explaining", console=console, disable=quiet):
        part = slice(start, start + 32)
        heats, _ = methods(scaled[part], labels[part])
        for i, file in enumerate(files[part]):
            image = to_rgb_uint8(read_image(file))
            label, box = labels[start + i], boxes[file.name]
            for method, maps in heats.items():
                heat = resize_heat(maps[i], image.shape[:2])
                if method not in scores:
                    scores[method] = LocalizationScores(tuple(class_names))
                scores[method].add(label, heat, box)
            rows = examples.setdefault(label, [])
            if len(rows) < EXAMPLES_PER_CLASS:
                plain = heat_overlay(image, maps[i], strength=0, boxes=box)
                rows.append(
                    [
                        (file.stem, plain),
                        *((m, heat_overlay(image, h[i])) for m, h in heats.items()),
                    ]
                )
    tables = {method: result.table() for method, result in scores.items()}
    content = {
        "model": model.parent.name if model.name == "model.keras" else model.stem,
        "network": network.name,
        "split": split,
        "images": len(files),
        "resolution": methods.resolutions(),
        "scores": tables,
    }
    text = json.dumps(content, indent=1) + "\n"
    (out / "localization.json").write_text(text, encoding="utf-8")
    grid = explanation_grid([sum(examples[key], []) for key in sorted(examples)])
    cv2.imwrite(str(out / "examples.png"), grid[..., ::-1])
    for method, table in tables.items():
        _print_scores(method, table)
    console.print(f"localization.json and examples.png written to {out}", markup=False)


def boxes_by_name(index):
    """Return a data set's boxes by file name."""
    return {index.files[i].name: boxes for i, boxes in index.boxes.items()}


def _print_scores(method, table):
    from rich.console import Console
    from rich.table import Table

    shown = Table("class", "images", "pointing", "energy", "chance", title=method)
    for row in table:
        values = (f"{100 * row[k]:.1f} %" for k in ("pointing", "energy", "chance"))
        shown.add_row(row["class"], str(row["images"]), *values)
    Console().print(shown)
