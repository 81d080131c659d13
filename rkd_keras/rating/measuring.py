"""Segment, measure and grade the defects of many images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from rkd_keras.errors import InputError
from rkd_keras.options import (
    AnyPath,
    AnyPaths,
    MinContrast,
    MmPerPixel,
    Option,
    Overwrite,
    Part,
    Polarity,
    QualityGate,
    Quiet,
    Rules,
    Segmentation,
    SplitSeed,
    Strict,
    checked,
)
from rkd_keras.rating.mask_comparison import MaskComparison, compare_masks
from rkd_keras.rating.measured import NESTED, TABLES, Measured, MeasuredImage
from rkd_keras.rating.rate import rate

FIGURES = ("none", "overlays", "panels", "all")
ENDINGS = {
    "none": (),
    "overlays": (".png",),
    "panels": ("_panels.png",),
    "all": (".png", "_panels.png"),
}


@checked
def measure(
    images: Annotated[
        AnyPaths | None, Option("Images, folders or globs.", positional=True)
    ] = None,
    out: Annotated[AnyPath | None, Option("Folder for tables and pictures.")] = None,
    model: Annotated[
        AnyPath | None,
        Option(
            "Model that names the class: run directory or model file; the student "
            "that comes with the package when left out."
        ),
    ] = None,
    classify: Annotated[
        bool,
        Option(
            "Name the class; --data knows it already.",
            flag="--classify/--no-classify",
        ),
    ] = True,
    data: Annotated[
        AnyPath | None, Option("Labelled data set to measure, for Table 7.")
    ] = None,
    split: Part = "test",
    protocol: Annotated[
        str | None, Option("Split protocol of --data, such as neu-600.")
    ] = None,
    split_seed: SplitSeed = 0,
    method: Segmentation = "default",
    polarity: Polarity = "auto",
    min_contrast: MinContrast = 0.03,
    mm_per_pixel: MmPerPixel = None,
    size: Annotated[
        int | None,
        Option(
            "Resize to squares of so many pixels first; the paper has 64.", at_least=1
        ),
    ] = None,
    rules: Rules = None,
    quality_gate: QualityGate = True,
    prior: Annotated[
        bool, Option("Weigh the surface by the model's heat map.")
    ] = False,
    figures: Annotated[
        str, Option("Pictures to write: none, overlays, panels or all.", FIGURES)
    ] = "overlays",
    masks: Annotated[
        AnyPath | None,
        Option("True masks of the images: compare segmentations with them instead."),
    ] = None,
    methods: Annotated[
        str, Option("For --masks: names with commas between, or all.")
    ] = "default,paper",
    quiet: Quiet = False,
    strict: Strict = False,
    overwrite: Overwrite = False,
) -> Measured | MaskComparison:
    """Segment, measure and grade the defects of images.

    Writes images.csv and defects.csv, both as JSON in measurements.json, pictures
    with outlines, boxes and centroids, and, where classes are known from --model
    or --data, classes.csv (the paper's Table 7) and what separates the classes.

    Returns:
        `Measured`; with `masks` a `MaskComparison`.

    Raises:
        InputError: when nothing can be measured, the rules fit neither the unit nor
            the classes, or a result would replace an input or an earlier result.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> strips = write_dataset(tempfile.mkdtemp(), per_class=1, size=64, quiet=True)
        >>> found = measure([strips / "IMAGES"], classify=False, quiet=True)
        >>> len(found.images), found.images[0].measurement.unit
        (6, 'px')
    """
    if masks is not None:
        if not images or len(images) != 1:
            raise InputError("--masks needs one folder of images to compare with")
        return compare_masks(images[0], masks, methods, out, quiet, overwrite)
    if bool(images) == (data is not None):
        raise InputError("give images to measure, or a labelled data set with --data")
    if prior and model is None:
        raise InputError("--prior needs a model; give --model")
    if out is not None and (out / NESTED).exists() and not overwrite:
        raise InputError(
            f"{out} holds measurements already; replace them with --overwrite or "
            "give another --out"
        )
    from rkd_keras.files.model_file import model_file
    from rkd_keras.files.results import check_targets, make_folder
    from rkd_keras.rating.rules import open_rules

    model = model if model is None else model_file(model)
    settings = {
        "method": method,
        "polarity": polarity,
        "min_contrast": min_contrast,
        "mm_per_pixel": mm_per_pixel,
        "size": size,
        "quality_gate": quality_gate,
    }
    found_rules = open_rules(rules)
    check_settings(found_rules, **settings)
    by_default = classify and data is None
    predictor = _predictor(model) if model is not None or by_default else None
    known = () if predictor is None else predictor.class_names
    if known:
        open_rules(found_rules, known)
    files, classes, class_names, foreign = _listed(
        images, data, model, split, protocol, split_seed
    )
    if class_names:
        open_rules(found_rules, {*class_names, *known})
    endings = ENDINGS[figures] if out is not None else ()
    names = _named(files, endings or (".png",))
    if out is not None:
        targets = [out / f"{name}{ending}" for name in names for ending in endings]
        inputs = [*files, *(p for p in (data, rules, model) if isinstance(p, Path))]
        check_targets([*(out / t for t in TABLES), *targets], inputs, overwrite)
    work = _Work(
        predictor,
        found_rules,
        settings,
        _heat_maps(model) if prior else None,
        None if out is None else make_folder(out),
        endings,
    )
    rows = list(zip(files, names, classes, strict=True))
    measured, skipped = _measure_all(work, rows, quiet, strict)
    result = Measured(
        measured, {**settings, "prior": prior}, tuple(skipped), out, foreign
    )
    if out is not None:
        result.write(out)
    return result


def check_settings(rules, **settings):
    """Find out on a blank image what would fail for every image.

    Args:
        rules: `GradeRules`.
        **settings: of `rate`.

    Raises:
        InputError: when a setting cannot be used, or the rules are in another unit.
    """
    import numpy as np

    settings |= {"quality_gate": False}
    rate(np.full((64, 64, 3), 128, np.uint8), rules=rules, **settings)


@dataclass
class _Work:
    """What every image is measured with."""

    predictor: Any
    rules: Any
    settings: dict
    heat: Any
    out: Path | None
    endings: tuple

    def __call__(self, image, file, name, true_class):
        from rkd_keras.files.images import resize_image

        heat = None
        if self.heat is not None:
            scaled = resize_image(image, self.heat.model.input_shape[1:3])
            heat = self.heat(scaled[None])[0][0]
        rating = rate(image, self.predictor, self.rules, prior=heat, **self.settings)
        parts = rating.verdict, rating.measurement, rating.grade
        measured = MeasuredImage(file, name, true_class, *parts)
        self._draw(rating, measured)
        return measured

    def _draw(self, rating, measured):
        from rkd_keras.files.images import write_image
        from rkd_keras.measure import overlay, six_panels

        image, mask, found = rating.image, rating.mask, rating.measurement
        for ending in self.endings:
            if ending == ".png":
                picture = overlay(image, mask, found, _caption(measured))
            else:
                picture = six_panels(image, mask, found)
            write_image(self.out / f"{measured.name}{ending}", picture, is_result=True)


def _caption(measured):
    """Describe an image; the decision first, for what is too long is cut."""
    from rkd_keras.measure import INVALID

    found, grade = measured.measurement, measured.grade
    if grade.decision == INVALID:
        return f"{grade.decision}: {grade.decisive}  {measured.name}"
    text = f"{grade.decision} {grade.severity}  {found.count} defects  "
    text += f"{found.area_ratio:.1f} %  "
    if found.k is not None:
        text += f"K {found.k:.3f}  "
    return text + measured.name


def _predictor(model):
    from rkd_keras.predict import load

    return load(model)


def _heat_maps(model):
    if model.suffix != ".keras":
        raise InputError("--prior needs a .keras model: heat maps take its gradients")
    from rkd_keras.predict.quiet_stderr import quiet_stderr

    with quiet_stderr():
        from rkd_keras.explain import GradCAM
        from rkd_keras.models import load_model

        return GradCAM(load_model(model))


def _listed(images, data, model, split, protocol, split_seed):
    """List the files and their classes, and whether the data set is another's."""
    from rkd_keras.data.reading.labelled import find_labelled, read_recorded
    from rkd_keras.files.images import list_images

    if data is None:
        files = list_images(images)
        return files, [None] * len(files), (), False
    recorded = None
    if model is not None and protocol is None:
        recorded = read_recorded(model.parent / "split.json")
    record = None if model is None else model.parent
    found = find_labelled(data, split, recorded, record, protocol, 0, split_seed)
    names = found.class_names
    foreign = recorded is not None and not found.own and split != "all"
    return found.files, [names[label] for label in found.labels], names, foreign


def _named(files, endings):
    from rkd_keras.files.results import unique_name

    taken = set()
    return [unique_name(file, taken, endings) for file in files]


def _measure_all(work, rows, quiet, strict):
    """Measure file by file; unreadable ones are told and left out."""
    from rkd_keras.files.images import read_image
    from rkd_keras.progress import tracked

    measured, skipped = [], []
    for row in tracked(rows, "measuring", quiet or len(rows) < 10):
        try:
            image = read_image(row[0])
        except InputError as error:
            if strict or len(rows) == 1:
                raise
            skipped.append(str(error))
        else:
            measured.append(work(image, *row))
    if not measured:
        raise InputError(f"none of {len(rows)} images could be decoded")
    return measured, skipped
