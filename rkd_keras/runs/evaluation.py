"""Score a model of any kind on labelled images."""

from typing import Annotated, Any

from rkd_keras.errors import InputError, OptionError
from rkd_keras.options import (
    AnyPath,
    Groups,
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
        AnyPath,
        Option("Run directory, .keras, SavedModel, .tflite, .onnx.", positional=True),
    ],
    data: Annotated[
        AnyPath | None, Option("Labelled images; the run's own when left out.")
    ] = None,
    split: Part = "test",
    protocol: Annotated[
        str | None, Option("Split protocol, where no run's split.json tells.")
    ] = None,
    seed: Seed = 0,
    split_seed: SplitSeed = 0,
    groups: Groups = None,
    noise: Annotated[
        str | None, Option("Corrupt the images: gaussian:25 or salt-pepper:5.")
    ] = None,
    out: Annotated[
        AnyPath | None,
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
    --protocol (and --groups, where the training had them), or everything with
    --split all. A data set that is not the run's is scored whole, and the scores say
    so; they take the place of the run's own only with --overwrite.

    Returns:
        The dict of `metrics.json`: `accuracy`, `macro_recall`, `gmean` in [0, 1],
        `per_class`, `confusion_matrix`, `class_names`, `images` (their number),
        `split` (what was scored), `model`, `data` where the images are not the run's
        own, and `left_out` where so many could not be decoded.

    Raises:
        InputError: when nothing tells which images are meant, the model does not
            know a class, `out` holds scores already, or an image of the run is
            missing or has another content.
        OptionError: for groups without a protocol.

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
    from rkd_keras.evaluate.score_files import score_files
    from rkd_keras.files.model_file import model_file
    from rkd_keras.files.results import make_folder
    from rkd_keras.predict import load
    from rkd_keras.runs.parts import labelled_images
    from rkd_keras.runs.run import Run
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    if groups is not None and protocol is None:
        raise OptionError("groups", "goes with --protocol alone")
    file = model_file(model)
    run = Run(file.parent if out is None else out)
    if out is not None:
        _check_targets(run, noise, [file], overwrite)
    elif not file.exists():
        raise InputError(f"{model} is no file of yours; say where to write with --out")
    if file.suffix == ".keras" or file.is_dir():
        start_tensorflow()
    found = labelled_images(file, data, split, protocol, seed, split_seed, groups)
    foreign = data is not None and not found.own
    if out is None and foreign and not overwrite:
        _keep_own_scores(run, data)
    if found.guessed:
        raise InputError(
            f"nothing tells which images of {data} are the {split} part for {model}; "
            "give the --protocol that it was trained with, such as holdout, or --split "
            "all"
        )
    if out is not None:
        _check_targets(run, noise, found.files, overwrite)
    make_folder(run.path)
    scores, answers = score_files(
        load(file, threads=threads),
        found.files,
        found.labels,
        found.class_names,
        noise,
        seed,
        strict,
        quiet,
    )
    scores.update(split=found.part, model=file.name)
    if foreign:
        scores["data"] = str(data)
    if noise:
        scores["noise"] = noise
    if left_out := len(found.files) - len(answers["files"]):
        scores["left_out"] = left_out
    _write(run, scores, answers, noise)
    return scores


def _keep_own_scores(run, data):
    if run.scores and "data" not in run.scores:
        raise InputError(
            f"{run.path} holds the scores of its own images; write those of {data} "
            "elsewhere with --out, or replace the others with --overwrite"
        )


def _check_targets(run, noise, inputs, overwrite):
    from rkd_keras.files.results import check_targets
    from rkd_keras.runs.figures import NAMES

    figures = () if noise else (run.figures / f"{name}.png" for name in NAMES)
    check_targets([run.path / _name(noise), *figures], inputs, overwrite)


def _name(noise):
    return f"metrics_{noise.replace(':', '_')}.json" if noise else "metrics.json"


def _write(run, scores, answers, noise):
    run.write_json(_name(noise), scores)
    if noise is None:
        from rkd_keras.runs.figures import write_figures

        write_figures(run.figures, scores, answers, run.history_path)
