"""`rkd-keras evaluate`: score a model of any kind on labelled images."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError

PARTS = ("test", "val", "train", "all")


def evaluate(
    model: Annotated[
        Path, typer.Argument(help="Run directory, .keras, SavedModel, .tflite, .onnx.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(help="Labelled images; the run's own when left out."),
    ] = None,
    split: Annotated[
        str, typer.Option(help="Part to score: test, val, train or all.")
    ] = "test",
    protocol: Annotated[
        str | None,
        typer.Option(help="Split protocol, where no run's split.json tells."),
    ] = None,
    seed: o.Seed = 0,
    split_seed: o.SplitSeed = 0,
    noise: Annotated[
        str | None,
        typer.Option(help="Corrupt the images: gaussian:25 or salt-pepper:5."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for metrics.json and figures; the run's if left out"),
    ] = None,
    threads: Annotated[int, typer.Option(help="Processor threads.")] = 2,
    strict: o.Strict = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier metrics.json.")
    ] = False,
):
    """Score a model and write metrics.json and figures.

    The images are those of the run's split.json beside the model. Without one,
    or with --data, they come from --data: its own test folder, or a split by
    --protocol, or everything with --split all.

    Example: rkd-keras evaluate runs/student --split test
    """
    from rkd_keras.cli.report_scores import print_scores

    if split not in PARTS:
        raise InputError(f"--split must be one of {', '.join(PARTS)}, not {split!r}")
    if model.is_dir() and (model / "model.keras").is_file():
        model = model / "model.keras"
    if model.suffix not in (".tflite", ".onnx"):
        from rkd_keras.runs.start_tensorflow import start_tensorflow

        start_tensorflow()
    files, labels, class_names = labelled_files(
        model, data, split, protocol, seed, split_seed
    )
    scores, answers = score_files(
        model, files, labels, class_names, noise, seed, threads, strict
    )
    scores.update(split=split, model=model.name)
    if noise:
        scores["noise"] = noise
    folder = _folder(model, out, overwrite)
    write_scores(folder, scores, answers, noise)
    print_scores(scores, folder)


def labelled_files(model, data, part, protocol=None, seed=0, split_seed=0):
    """Return files, labels and class names of one part.

    Args:
        model: the model's path; a `split.json` beside it decides the parts.
        data: folder or manifest, or `None` for the run's own files.
        part: `"test"`, `"val"`, `"train"` or `"all"`.
        protocol: split protocol without `split.json`.
        seed: seed of the protocol.
        split_seed: seed of the protocol's test part.

    Raises:
        InputError: when nothing tells which images are meant.
    """
    import json

    from rkd_keras.data import make_split, open_dataset

    split_path = Path(model).parent / "split.json"
    recorded = None
    if split_path.is_file() and protocol is None:
        recorded = json.loads(split_path.read_text(encoding="utf-8"))
    if data is None:
        if recorded is None:
            raise InputError(f"there is no {split_path}; give the images with --data")
        rows = _recorded_rows(recorded, part)
        return (
            [Path(row["file"]) for row in rows],
            [row["label"] for row in rows],
            recorded["class_names"],
        )
    index = open_dataset(data)
    if part == "all":
        members = range(len(index))
    elif recorded is not None:
        wanted = {Path(row["file"]).name for row in _recorded_rows(recorded, part)}
        members = [i for i, f in enumerate(index.files) if f.name in wanted]
    elif protocol is None and any(p is not None for p in index.parts):
        members = [i for i, p in enumerate(index.parts) if p == part]
    else:
        split = make_split(index, protocol or "holdout", seed, split_seed)
        members = getattr(split, part)
    if len(members) == 0:
        raise InputError(f"{data} holds no image of the {part} part; try --split all")
    return (
        [index.files[i] for i in members],
        [int(index.labels[i]) for i in members],
        list(index.class_names),
    )


def _recorded_rows(recorded, part):
    parts = ("train", "val", "test") if part == "all" else (part,)
    return [row for name in parts for row in recorded[name]]


def score_files(model, files, labels, class_names, noise, seed, threads, strict):
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
            for i in track(batches, "classifying", transient=True)
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


def _folder(model, out, overwrite):
    folder = out or model.parent
    path = folder / "metrics.json"
    if out is not None and path.exists() and not overwrite:
        raise InputError(
            f"{path} exists already; replace it with --overwrite or give another --out"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_scores(folder, scores, answers, noise=None):
    """Write `metrics.json` and the figures of an evaluation.

    Args:
        folder: where to write.
        scores: dict of `classification_scores`.
        answers: dict of `score_files`.
        noise: the corruption; it becomes part of the file's name.
    """
    import json

    name = "metrics.json"
    if noise:
        name = f"metrics_{noise.replace(':', '_')}.json"
    (folder / name).write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    if noise is None:
        from rkd_keras.runs.figures import write_figures

        write_figures(folder / "figures", scores, answers, folder / "history.csv")
