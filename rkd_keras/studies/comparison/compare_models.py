"""Models, losses and splits under one budget: the public function."""

import inspect
from typing import Annotated, Any

from rkd_keras.errors import OptionError
from rkd_keras.options import AnyPath, AnyPaths, Data, Option, checked
from rkd_keras.runs.settings import Settings
from rkd_keras.studies.comparison.comparison import Compared

# What holds for all rows alike; the options are those of a training.
COMMON = (
    *("epochs", "preset", "batch_size", "learning_rate", "width", "stem_stride"),
    *("size", "groups", "split_seed", "val_fraction", "precision"),
    *("resume", "overwrite", "strict", "quiet"),
)
OTHERS = tuple(set(inspect.signature(Settings).parameters) - set(COMMON))


@checked(of=Settings, without=OTHERS)
def compare(
    data: Data,
    out: Annotated[AnyPath, Option("Folder of the comparison.")],
    models: Annotated[
        str | None,
        Option(
            "Sets (paper, fig15, thresholds, classical, distilled, edge) and names, "
            "separated by commas: resnet18:width=0.5, resnet18@sarsn34 (a student and "
            "its teacher), lbp+svm; resnet18 when left out."
        ),
    ] = None,
    losses: Annotated[
        str, Option("Loss names, NAME+SAMPLING (see train), or all.")
    ] = "cross_entropy",
    split: Annotated[str, Option("Split protocols, separated by commas.")] = "holdout",
    seeds: Annotated[int, Option("Trainings of each, seeds 0, 1, ...", at_least=1)] = 1,
    noise: Annotated[bool, Option("Score on noisy test images as well.")] = False,
    teachers: Annotated[
        AnyPaths | None,
        Option("Run directory, or folder of them, to take teachers from."),
    ] = None,
    finished: Annotated[
        AnyPaths | None,
        Option(
            "Run directory, or folder of them: take these runs as the rows and train "
            "nothing. --models, when given, and --split choose among them."
        ),
    ] = None,
    latency: Annotated[bool, Option("Export and time the networks at the end.")] = True,
    latency_only: Annotated[
        bool, Option("Train nothing; size and time fresh networks.")
    ] = False,
    runs: Annotated[int, Option("Timed single images of each.", at_least=1)] = 1000,
    **common: Any,
) -> Compared:
    """Train, score and time models under one budget, beside the paper's numbers.

    Every finished row is written at once; a killed comparison goes on with
    --resume, which may also add models, losses, splits and seeds. Ends with
    report.md, figures and, for networks, latency.json. The set edge ends in the
    Pareto plot of accuracy against int8 latency, beside the paper's two networks.

    Each row is trained in a process of its own. Width and stem stride hold for the
    networks that have none of their own: options of an entry go before them, and
    the edge networks stay as they are.

    Returns:
        A `Compared`: the folder, the finished rows and the times.

    Raises:
        OptionError: for an option outside of its range.
        InputError: when the data cannot be used, another process works in the
            folder, or a row failed; what is finished is kept.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = tempfile.mkdtemp()
        >>> data = write_dataset(f"{folder}/data", per_class=8, size=32)
        >>> compared = compare(
        ...     data, f"{folder}/out", "hog+knn", size=32, quiet=True
        ... )
        >>> [row["label"] for row in compared.rows]
        ['hog+knn']
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.comparison import entries
    from rkd_keras.studies.comparison.comparison import Comparison
    from rkd_keras.studies.comparison.finished import finished_rows
    from rkd_keras.studies.comparison.grid import make_rows

    # Without its devices: they are for the rows' own processes.
    start_tensorflow(find_devices=lambda: None)
    settings = Settings(data, out, **common)
    splits = entries.parse_names(split, "--split")
    taken = None
    if finished:
        if len(splits) > 1:
            raise OptionError("split", "must be one where finished runs are compared")
        taken = finished_rows(finished, entries.parse_wanted(models), splits[0])
    rows = list(taken or ()) or make_rows(
        entries.parse_models(models or "resnet18"),
        entries.parse_losses(losses),
        splits,
        range(seeds),
    )
    comparison = Comparison(settings, rows, teachers or (), noise, taken)
    with comparison.begin():
        if latency_only:
            comparison.time(runs, trained=False)
        else:
            comparison.take() if taken else comparison.train()
            if latency and any(row.network for row in rows):
                pair = entries.published_pair(models, comparison.rows)
                comparison.time(runs, more=pair)
        return comparison.result()
