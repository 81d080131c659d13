"""Score a model of any kind on labelled images."""

from pathlib import Path
from typing import Annotated, Any

from rkd_keras.errors import InputError
from rkd_keras.options import (
    Option,
    Overwrite,
    Part,
    Quiet,
    Seed,
    SplitSeed,
    Strict,
    Threads,
    checked,
)


@checked
def evaluate(
    model: Annotated[
        Path,
        Option("Run directory, .keras, SavedModel, .tflite, .onnx.", positional=True),
    ],
    data: Annotated[
        Path | None, Option("Labelled images; the run's own when left out.")
    ] = None,
    split: Part = "test",
    protocol: Annotated[
        str | None, Option("Split protocol, where no run's split.json tells.")
    ] = None,
    seed: Seed = 0,
    split_seed: SplitSeed = 0,
    noise: Annotated[
        str | None, Option("Corrupt the images: gaussian:25 or salt-pepper:5.")
    ] = None,
    out: Annotated[
        Path | None,
        Option("Folder for metrics.json and figures; the run's if left out."),
    ] = None,
    threads: Threads = 2,
    strict: Strict = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> dict[str, Any]:
    """Score a model and write metrics.json and figures.

    The images are those of the run's split.json beside the model. Without one,
    or with --data, they come from --data: its own test folder, or a split by
    --protocol, or everything with --split all. A data set that is not the run's
    is scored whole, and the scores say so.

    Returns:
        The dict of `metrics.json`: `accuracy`, `macro_recall`, `gmean` in [0, 1],
        `per_class`, `confusion_matrix`, `class_names`, `images` (their number),
        `split` (what was scored), `model`, and
        `data` where the images are not the run's own.

    Raises:
        InputError: when nothing tells which images are meant, the model does not
            know a class, or `out` holds scores already.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> data = write_dataset(folder / "strips", per_class=3, size=64)
        >>> scores = evaluate(
        ...     "edge_resnet_tiny", data, split="all", out=folder / "scores", quiet=True
        ... )
        >>> scores["images"], sorted(scores["per_class"])[0]
        (18, 'crazing')
    """
    from rkd_keras.files.model_file import model_file
    from rkd_keras.runs.parts import labelled_images
    from rkd_keras.runs.run import Run
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    file = model_file(model)
    run = Run(file.parent if out is None else out)
    if out is not None:
        _check_target(run, noise, overwrite)
    elif not file.exists():
        raise InputError(f"{model} is no file of yours; say where to write with --out")
    if file.suffix == ".keras" or file.is_dir():
        start_tensorflow()
    found = labelled_images(file, data, split, protocol, seed, split_seed)
    scores, answers = score_files(
        file,
        found.files,
        found.labels,
        found.class_names,
        noise,
        seed,
        threads,
        strict,
        quiet,
    )
    scores.update(split=found.part, model=file.name)
    if not found.own and data is not None:
        scores["data"] = str(data)
    if noise:
        scores["noise"] = noise
    _write(run, scores, answers, noise)
    return scores


def _check_target(run, noise, overwrite):
    path = run.path / _name(noise)
    if path.exists() and not overwrite:
        raise InputError(
            f"{path} exists already; replace it with --overwrite or give another --out"
        )


def _name(noise):
    return f"metrics_{noise.replace(':', '_')}.json" if noise else "metrics.json"


def score_files(
    model, files, labels, class_names, noise, seed, threads, strict, quiet=False
):
    """Run a model over files and score it.

    Returns:
        The scores, and a dict with `files`, `labels`, `probabilities` and the
        decoded `images`.
    """
    import numpy as np
    from rich.progress import track

    from rkd_keras.data import add_noise, load_images
    from rkd_keras.evaluate import classification_scores
    from rkd_keras.predict import load

    predictor = load(model, threads=threads)
    unknown = sorted(set(class_names) - set(predictor.class_names))
    if unknown:
        raise InputError(
            f"the model does not know the class {', '.join(unknown)}; it knows "
            f"{', '.join(predictor.class_names)}"
        )
    images, kept = load_images(files, predictor.input_shape[:2], strict)
    clean = images
    if noise:
        kind, _, amount = noise.partition(":")
        try:
            images = add_noise(images, kind, float(amount), seed)
        except ValueError as error:
            raise InputError(f"--noise {noise}: {error}") from error
    order = [predictor.class_names.index(name) for name in class_names]
    labels = np.array([order[label] for label in np.asarray(labels)[kept]])
    batches = range(0, len(images), 64)
    probabilities = np.concatenate(
        [
            predictor.predict_batch(images[i : i + 64])[0]
            for i in track(batches, "classifying", transient=True, disable=quiet)
        ]
    )
    scores = classification_scores(labels, probabilities, predictor.class_names)
    scores["images"] = len(labels)
    answers = {
        "files": [files[i] for i in kept],
        "labels": labels,
        "probabilities": probabilities,
        "images": clean,
    }
    return scores, answers


def _write(run, scores, answers, noise):
    run.path.mkdir(parents=True, exist_ok=True)
    run.write_json(_name(noise), scores)
    if noise is None:
        from rkd_keras.runs.figures import write_figures

        write_figures(run.figures, scores, answers, run.history_path)
