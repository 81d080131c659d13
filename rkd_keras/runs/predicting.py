"""Classify images with a model of any kind; needs no TensorFlow for `.tflite`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rkd_keras.errors import InputError, OptionError
from rkd_keras.options import (
    AnyPath,
    AnyPaths,
    Option,
    Overwrite,
    Quiet,
    Runtime,
    Strict,
    Threads,
    checked,
)

if TYPE_CHECKING:
    from rkd_keras.predict import Verdict


@dataclass(frozen=True)
class Predictions:
    """The verdicts of `predict`; iterating gives pairs (file, `Verdict`).

    Attributes:
        rows: list of pairs of a file and its `Verdict`, in the order of the images.
        skipped: list of sentences on images that could not be decoded.
        class_names: the classes' names, in the order of `Verdict.probabilities`.
        path: the file that was written, or `None`.
        answers: number of the lines of `watch` and `stdin`, which are not kept;
            `None` elsewhere.
        errors: number of those that hold an `error`.

    Example:
        >>> list(Predictions())
        []
    """

    rows: list[tuple[Path, "Verdict"]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    class_names: tuple[str, ...] = ()
    path: Path | None = None
    answers: int | None = None
    errors: int = 0

    def __iter__(self) -> Iterator[tuple[Path, "Verdict"]]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Return the number of verdicts."""
        return len(self.rows)


@checked
def predict(
    images: Annotated[
        AnyPaths | None, Option("Images, folders or globs.", positional=True)
    ] = None,
    model: Annotated[
        AnyPath | None,
        Option(
            ".tflite, .onnx, .keras, SavedModel or run directory; the student "
            "that comes with the package when left out."
        ),
    ] = None,
    out: Annotated[
        AnyPath | None,
        Option(
            ".csv or .json file; a table when left out. With --watch and --stdin a "
            ".jsonl file that is added to; what it holds is not answered again."
        ),
    ] = None,
    watch: Annotated[
        AnyPath | None,
        Option("Folder whose images are answered as they arrive, by JSON lines."),
    ] = None,
    stdin: Annotated[
        bool,
        Option(
            "Answer standard input by JSON lines: a path a line, or a number and, "
            "from the next line on, that many bytes of an image."
        ),
    ] = False,
    existing: Annotated[
        bool, Option("Answer what is in the watched folder at the start, too.")
    ] = True,
    settle: Annotated[
        float,
        Option(
            "Seconds for which a file's size and time must stay the same before it is "
            "read from the watched folder.",
            above=0,
        ),
    ] = 0.5,
    batch_size: Annotated[int, Option("Images at a time.", at_least=1)] = 32,
    threads: Threads = 1,
    runtime: Runtime = None,
    providers: Annotated[
        list[str] | None,
        Option(
            "What ONNX Runtime runs on, such as CUDA; may be repeated, the preferred "
            "one first. The processor when left out.",
            flag="--provider",
        ),
    ] = None,
    delegate: Annotated[
        AnyPath | None,
        Option("Shared library with a delegate for LiteRT; its own when left out."),
    ] = None,
    strict: Strict = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> Predictions:
    """Classify images: files, folders or globs, or those that come in.

    Every image gets a class with a calibrated probability, or the verdict
    "unknown" where the surface is none of the classes. TFLite and ONNX files
    need no TensorFlow.

    With --watch or --stdin images are answered one at a time, as they come, until
    SIGTERM, Ctrl-C or the end of the input: a line of JSON for each on standard
    output, and in the file of --out, where with --quiet alone. After a restart with
    the same --out no file is answered twice.

    Returns:
        A `Predictions`.

    Raises:
        InputError: when there are no images, none of them (or, with `strict`, one of
            them) can be decoded, the model cannot be opened, or `out` exists; with
            `watch`, when there is no such folder.
        OptionError: when `out` has another suffix, a number is out of range, or two
            options do not go together.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     strips = write_dataset(folder, per_class=2, size=64)
        ...     found = predict(strips / "IMAGES" / "*", quiet=True)
        >>> len(found), found.class_names[:2]
        (12, ('crazing', 'inclusion'))
    """
    from rkd_keras.files.images import list_images
    from rkd_keras.files.model_file import model_file
    from rkd_keras.files.results import check_targets
    from rkd_keras.predict import load
    from rkd_keras.predict.quiet_stderr import quiet_stderr

    _check(images, out, watch, stdin, strict, overwrite)
    model = None if model is None else model_file(model)

    def opened():
        with quiet_stderr():
            return load(model, threads, runtime, providers, delegate)

    if watch is not None or stdin:
        from rkd_keras.runs.answering import answer

        return answer(opened, watch, existing, settle, out, quiet)
    if out is not None:
        check_targets([out], [] if model is None else [model], overwrite)
    files = list_images(images)
    predictor = opened()
    rows, skipped = _classified(predictor, files, batch_size, strict, quiet)
    if not rows:
        raise InputError(f"none of {len(files)} images could be decoded")
    if out is not None:
        _write(out, rows, predictor.class_names)
    return Predictions(rows, skipped, predictor.class_names, out)


def _check(images, out, watch, stdin, strict, overwrite):
    is_live = watch is not None or stdin
    if not is_live and not images:
        raise OptionError("images", "must be given, or watch or stdin in their place")
    if is_live and (images or (watch is not None and stdin)):
        name = "stdin" if watch is None else "watch"
        raise OptionError(name, "takes no other images beside it; leave these out")
    for name, value in (("strict", strict), ("overwrite", overwrite)):
        if is_live and value:
            raise OptionError(name, "does not go with watch and stdin; leave it out")
    suffixes = (".jsonl",) if is_live else (".csv", ".json")
    if out is not None and out.suffix.lower() not in suffixes:
        raise OptionError(
            "out", f"must end in {' or '.join(suffixes)}, not {out.name!r}"
        )


def _classified(predictor, files, batch_size, strict, quiet):
    from rkd_keras.progress import tracked

    kept, skipped = [], []

    def readable():
        for file in tracked(files, "classifying", quiet or len(files) < 100):
            try:
                image = predictor.prepare(file)
            except InputError as error:
                if strict:
                    raise
                skipped.append(str(error))
                continue
            kept.append(file)
            yield image

    verdicts = list(predictor.stream(readable(), batch_size))
    return list(zip(kept, verdicts, strict=True)), skipped


def _write(out, rows, class_names):
    import csv
    import json
    from dataclasses import asdict

    from rkd_keras.files.names import printable
    from rkd_keras.files.replacing import replacing
    from rkd_keras.files.results import make_folder

    make_folder(out.parent)
    with replacing(out) as temporary:
        if out.suffix.lower() == ".json":
            content = [{"file": printable(file), **asdict(v)} for file, v in rows]
            text = json.dumps(content, indent=1, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")
            return
        with temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(
                ["file", "label", "class_name", "probability", "unknown_score"]
                + [f"p_{name}" for name in class_names]
            )
            for file, v in rows:
                score = "" if v.unknown_score is None else f"{v.unknown_score:.6g}"
                values = [f"{p:.6f}" for p in (v.probability, *v.probabilities)]
                row = [printable(file), v.label, v.class_name, values[0], score]
                writer.writerow([*row, *values[1:]])
