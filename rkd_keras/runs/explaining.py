"""Draw heat maps of what a model bases its verdict on, or score them by boxes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from rkd_keras.errors import InputError, OptionError
from rkd_keras.explain.variants import VARIANTS
from rkd_keras.options import AnyPath, AnyPaths, Option, Overwrite, Part, Quiet, checked
from rkd_keras.progress import tracked

EXAMPLES_PER_CLASS = 2
TABLE, SCORES, EXAMPLES = "explanations.csv", "localization.json", "examples.png"


@dataclass(frozen=True)
class Explained:
    """What `explain` found.

    Attributes:
        path: folder of the pictures and tables.
        rows: list of the rows of `explanations.csv`: for each image and method where
            it is hottest, in the image's own pixels; empty when boxes were scored.
        scores: dict from method to the list of its scores by class, see
            `LocalizationScores.table`; empty when images were explained.
        skipped: list of sentences on images that could not be decoded.

    Example:
        >>> Explained(Path("explained")).scores
        {}
    """

    path: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    scores: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


@checked
def explain(
    images: Annotated[
        AnyPaths | None, Option("Images, folders or globs.", positional=True)
    ] = None,
    model: Annotated[AnyPath | None, Option("Run directory or .keras file.")] = None,
    out: Annotated[AnyPath | None, Option("Folder for pictures and tables.")] = None,
    variant: Annotated[
        list[str] | None,
        Option("grad_cam or grad_cam++; may be repeated. Both if left out.", VARIANTS),
    ] = None,
    layer: Annotated[
        list[str] | None,
        Option("Layer to look at; may be repeated. What is pooled if not."),
    ] = None,
    class_name: Annotated[
        str | None,
        Option("Class to explain; the predicted one if not.", flag="--class"),
    ] = None,
    feature_maps: Annotated[bool, Option("Also draw the maps of each stage.")] = False,
    evaluate: Annotated[
        bool, Option("Score the heat maps by the boxes of --data.")
    ] = False,
    data: Annotated[
        AnyPath | None, Option("NEU-DET folder with boxes, for --evaluate.")
    ] = None,
    split: Part = "test",
    quiet: Quiet = False,
    overwrite: Overwrite = False,
) -> Explained:
    """Draw heat maps of what a model bases its verdict on, or score them.

    With --evaluate the heat maps for the true class are compared with the boxes
    of a data set: how often the hottest pixel lies in a box (pointing game), and
    which share of the heat lies in the boxes, beside what chance would give.

    Returns:
        An `Explained`.

    Raises:
        InputError: when the model has no gradients or knows no such class or layer,
            there are no boxes, or a result would replace an input or an earlier
            result.
        OptionError: for a value out of range, or a class that the model does not know.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> from rkd_keras.models import ResNet18
        >>> from rkd_keras.predict import new_card, write_card
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> strips = write_dataset(folder / "strips", per_class=1, size=64, quiet=True)
        >>> model = folder / "model.keras"
        >>> ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3)).save(model)
        >>> card = write_card(model, new_card(["dent", "scratches"], (32, 32, 3)))
        >>> images = [strips / "IMAGES"]
        >>> found = explain(images, model, folder / "explained", quiet=True)
        >>> len(found.rows), sorted(found.rows[0])[:3]
        (12, ['class', 'file', 'hottest_x'])
    """
    if model is None or out is None:
        raise InputError("give the model with --model and a folder with --out")
    if evaluate == bool(images):
        raise InputError("give images to explain, or --evaluate with --data")
    if evaluate and data is None:
        raise InputError("--evaluate needs a data set with boxes; give --data")
    if class_name is not None and evaluate:
        raise InputError("--evaluate explains the true class; leave out --class")
    from rkd_keras.files.model_file import model_file
    from rkd_keras.files.results import check_targets
    from rkd_keras.predict import read_card

    main = out / (SCORES if evaluate else TABLE)
    check_targets([main], [data] if data else [], overwrite)
    file = model_file(model)
    if not file.is_file() or file.suffix != ".keras":
        raise InputError(f"{model} is no .keras model; heat maps need its gradients")
    class_names = read_card(file)["class_names"]
    chosen = None
    if class_name is not None:
        if class_name not in class_names:
            known = ", ".join(class_names)
            raise OptionError(
                "class_name",
                f"{class_name!r} is no class of the model; it knows {known}",
            )
        chosen = class_names.index(class_name)
    maps = _open(file, class_names, layer or [None], variant or VARIANTS)
    if evaluate:
        return _scored(maps, file, data, split, out, quiet, overwrite)
    return _drawn(maps, images, chosen, feature_maps, out, quiet, overwrite)


def _open(file, class_names, layers, variants):
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    start_tensorflow()
    from rkd_keras.explain.heat_maps import HeatMaps
    from rkd_keras.models import load_model

    return HeatMaps(load_model(file), class_names, layers, variants)


def _drawn(maps, patterns, chosen, feature_maps, out, quiet, overwrite):
    from rkd_keras.explain import explanation_grid, feature_sheet, heat_overlay
    from rkd_keras.files.images import list_images, read_image, resize_image
    from rkd_keras.files.images import write_image as write
    from rkd_keras.files.names import printable
    from rkd_keras.files.results import check_targets, make_folder, unique_name
    from rkd_keras.measure import write_table

    files = list_images(patterns)
    endings = (".png", "_features.png") if feature_maps else (".png",)
    taken = set()
    names = [unique_name(file, taken, endings) for file in files]
    targets = [out / f"{name}{ending}" for name in names for ending in endings]
    check_targets(targets, files, overwrite)
    make_folder(out)
    rows, skipped = [], []
    for file, name in tracked(
        list(zip(files, names, strict=True)), "explaining", quiet
    ):
        try:
            image = read_image(file)
        except InputError as error:
            skipped.append(str(error))
            continue
        scaled = resize_image(image, maps.size)
        heats, classes = maps(scaled[None], chosen)
        found = maps.class_names[int(classes[0])]
        for method, heat in heats.items():
            rows.append(
                {
                    "file": printable(file),
                    "class": found,
                    "method": method,
                    **_hottest(heat[0], image.shape),
                    "picture": f"{name}.png",
                }
            )
        cells = [(m, heat_overlay(image, heat[0])) for m, heat in heats.items()]
        grid = explanation_grid([[(f"{name[:18]}: {found}", image), *cells]], side=320)
        write(out / f"{name}.png", grid, is_result=True)
        if feature_maps:
            sheet = feature_sheet(maps.network, scaled)
            write(out / f"{name}_features.png", sheet, is_result=True)
    if not rows:
        raise InputError("none of the images could be decoded")
    write_table(out / TABLE, rows)
    return Explained(out, rows, skipped=skipped)


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


def _scored(maps, model, data, split, out, quiet, overwrite):
    from rkd_keras.data import load_images
    from rkd_keras.explain import (
        LocalizationScores,
        explanation_grid,
        heat_overlay,
        resize_heat,
    )
    from rkd_keras.files.images import read_image, write_image
    from rkd_keras.files.results import check_targets, make_folder
    from rkd_keras.measure import write_table

    files, labels, boxes, part = _boxed(maps, model, data, split)
    check_targets([out / EXAMPLES], files, overwrite)
    make_folder(out)
    scaled, _ = load_images(files, maps.size, strict=True)
    scores, examples = {}, {}
    for start in tracked(range(0, len(files), 32), "explaining", quiet):
        batch = slice(start, start + 32)
        heats, _ = maps(scaled[batch], labels[batch])
        for i, file in enumerate(files[batch]):
            image = read_image(file)
            label, box = labels[start + i], boxes[start + i]
            for method, found in heats.items():
                if method not in scores:
                    scores[method] = LocalizationScores(tuple(maps.class_names))
                heat = resize_heat(found[i], image.shape[:2])
                scores[method].add(label, heat, box)
            rows = examples.setdefault(label, [])
            if len(rows) < EXAMPLES_PER_CLASS:
                first = next(iter(heats.values()))[i]
                plain = heat_overlay(image, first, strength=0, boxes=box)
                cells = [(m, heat_overlay(image, h[i])) for m, h in heats.items()]
                rows.append([(file.stem, plain), *cells])
    tables = {method: result.table() for method, result in scores.items()}
    in_run = model.name == "model.keras"
    content = {
        "model": model.parent.name if in_run else model.stem,
        "network": maps.network.name,
        "split": part,
        "images": len(files),
        "resolution": maps.resolutions,
        "scores": tables,
    }
    write_table(out / SCORES, content)
    grid = explanation_grid([sum(examples[key], []) for key in sorted(examples)])
    write_image(out / EXAMPLES, grid, is_result=True)
    return Explained(out, scores=tables)


def _boxed(maps, model, data, split):
    """Return the part's files that have boxes, their labels and boxes."""
    from rkd_keras.data import open_dataset
    from rkd_keras.runs.parts import labelled_images

    index = open_dataset(data)
    boxes = {index.files[i]: found for i, found in index.boxes.items()}
    found = labelled_images(model, data, split)
    strange = sorted(set(found.class_names) - set(maps.class_names))
    if strange:
        raise InputError(
            f"the model does not know the class {', '.join(strange)}; it knows "
            f"{', '.join(maps.class_names)}"
        )
    order = [maps.class_names.index(name) for name in found.class_names]
    kept = [
        (file, order[label])
        for file, label in zip(found.files, found.labels, strict=True)
        if file in boxes
    ]
    if not kept:
        raise InputError(f"{data} has no boxes for the images of the {split} part")
    files, labels = map(list, zip(*kept, strict=True))
    return files, labels, [boxes[file] for file in files], found.part
