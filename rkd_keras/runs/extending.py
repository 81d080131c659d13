"""A class more for a finished run, from a few images: nothing is trained again."""

from dataclasses import dataclass
from typing import Annotated, Any

from rkd_keras.errors import InputError
from rkd_keras.options import (
    AnyPath,
    AnySize,
    FalseAlarmRate,
    Option,
    Overwrite,
    Quantize,
    Quiet,
    Seed,
    checked,
)
from rkd_keras.runs.exporting import SUFFIXES, check_quantize

FACTS = "extended.json"


@dataclass(frozen=True)
class Extended:
    """A run that knows a class more.

    Attributes:
        run: the new `Run`; the old one is as it was.
        new: name of the new class.
        images: number of its images.
        facts: dict of how its column was chosen: `kind`, `scale`, `retreat`,
            `rehearsed_recall` and `rehearsed_loss` in [0, 1], see `ClassPrototype`.
        accuracy_before: of the old classes' validation images, in [0, 1].
        accuracy_after: of the same images, the new class being known.
        exported: the `Exported` file for the line.

    Example:
        >>> from rkd_keras.runs import Run
        >>> Extended(Run("runs/student_rust"), "rust", 5, {}, 0.99, 0.99, None).images
        5
    """

    run: Any
    new: str
    images: int
    facts: dict
    accuracy_before: float
    accuracy_after: float
    exported: Any


@checked
def extend(
    run: Annotated[AnyPath, Option("Run directory of a classifier.", positional=True)],
    folder: Annotated[
        AnyPath, Option("Images of the new class, five or more.", positional=True)
    ],
    new: Annotated[str, Option("Name of the new class.")],
    out: Annotated[
        AnyPath | None,
        Option("Run directory to write; beside the old one, with the class's name."),
    ] = None,
    format: Annotated[
        str,
        Option("Format of the exported file.", choices=tuple(SUFFIXES)),
    ] = "tflite",
    quantize: Quantize = None,
    any_size: AnySize = False,
    false_alarm_rate: FalseAlarmRate = 0.01,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> Extended:
    """Teach a finished run one more class from a few images, without training.

    The network stays as it is; its last layer gets a column for the new class, a
    prototype of the images' features, whose bias is as high as the images of the old
    classes allow. How it is made is chosen by rehearsal on the old classes. Calibration
    and the unknown verdict are fitted anew, and the exported file is checked against
    the model. The old run is not changed. The images of the run must still be where
    its split.json says.

    Returns:
        An `Extended`.

    Raises:
        InputError: when the class exists, the folder holds no image, an image of the
            run or one of another size or depth, or the run cannot be extended.

    Example:
        >>> extend("nowhere", "path/to/rust", new="rust")
        Traceback (most recent call last):
        rkd_keras.errors.InputError: nowhere is no run directory; train one first
    """
    from rkd_keras.files.results import check_targets, make_folder
    from rkd_keras.runs.run import Run, open_run
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    check_quantize(format, quantize)
    old, new = open_run(run), new.strip()
    digests = _checked_images(old, folder, new, any_size)
    target = Run(out or old.path.with_name(f"{old.path.name}_{new}"))
    if target.path.resolve() == old.path.resolve():
        raise InputError(f"{old.path} is the old run; give another folder with --out")
    targets = [target.model_path, target.split_path, target.path / FACTS]
    check_targets(targets, [old.path, *digests], overwrite)
    start_tensorflow()
    made = _made(old, digests, new, false_alarm_rate, seed, quiet)
    network, card, facts, split = made
    make_folder(target.path)
    target.write_json("split.json", split)
    target.write_model(network, card["class_names"], card)
    target.write_json(FACTS, {"from": str(old.path), "new": new, **facts})
    exported = target.export(
        format=format, quantize=quantize, overwrite=overwrite, quiet=quiet
    )
    before, after = (facts.pop(f"accuracy_{when}") for when in ("before", "after"))
    return Extended(target, new, facts.pop("images"), facts, before, after, exported)


def _checked_images(run, folder, new, any_size):
    """Refuse what cannot be a new class, before all else; return the files' digests."""
    from rkd_keras.data.reading.identity import digests_of
    from rkd_keras.files.images import list_images, read_image
    from rkd_keras.files.names import printable
    from rkd_keras.predict.verdict import UNKNOWN
    from rkd_keras.runs.image_kinds import check_kinds
    from rkd_keras.runs.parts import PARTS

    if not new or new != printable(new) or "/" in new:
        raise InputError(f"{new!r} is no name of a class; give one with --new")
    if new == UNKNOWN:
        raise InputError(f"{UNKNOWN!r} is a verdict of its own; give another name")
    run.check_finished()
    if new in run.class_names:
        raise InputError(f"the class {new!r} exists already; give another name")
    files = list_images(folder)
    known = {row.get("sha256"): row for part in PARTS for row in run.split[part]}
    digests = dict(zip(files, digests_of(files), strict=True))
    for file, digest in digests.items():
        if digest is not None and digest in known:
            name = run.class_names[known[digest]["label"]]
            raise InputError(
                f"{file} is an image of the run itself, of class {name!r}; give images "
                "of the new class alone"
            )
    if any_size:
        for file in files:
            read_image(file)  # which says what is no image
    else:
        check_kinds([row["file"] for row in run.split["train"]], files)
    return digests


def _made(run, digests, new, false_alarm_rate, seed, quiet):
    """Return the network, its card, facts, and the split with the new images."""
    import numpy as np
    from rich.console import Console

    from rkd_keras.data import evaluation_dataset, load_images, open_images
    from rkd_keras.data.reading.splits import recorded_image
    from rkd_keras.data.streamed_images import joined_images
    from rkd_keras.export import fit_decisions
    from rkd_keras.models.heads import divided, with_head
    from rkd_keras.predict import new_card
    from rkd_keras.runs.parts import labelled_images
    from rkd_keras.trainers.class_prototype import class_prototype

    console = Console(stderr=True, quiet=quiet)
    model = run.model
    body, head = divided(model)
    size, images, labels = model.input_shape[1:3], {}, {}
    with console.status("reading images"):
        for part in ("train", "val"):
            found = labelled_images(run.model_path, None, part)
            if not found.files:
                if part == "train":
                    raise InputError(f"{run.path} has no training image")
                images[part], labels[part] = images["train"], labels["train"]
                continue
            images[part], kept = open_images(found.files, size)
            labels[part] = np.array(found.labels)[kept]
        added, _ = load_images([*digests], size, strict=True)
    with console.status("computing features"):
        features = {
            part: body.predict(evaluation_dataset(each), verbose=0).astype("float32")
            for part, each in {**images, "new": added}.items()
        }
    kernel, bias = head.get_weights()
    made = class_prototype(
        features["new"],
        features["train"],
        labels["train"],
        features["val"],
        labels["val"],
        kernel,
        bias,
        seed,
    )
    kernel = np.concatenate([kernel, made.kernel[:, None]], axis=1)
    bias = np.append(bias, np.float32(made.bias))
    network = with_head(body, kernel, bias, model.name)
    logits = features["val"] @ kernel + bias
    facts = {
        "images": len(digests),
        "accuracy_before": float((logits[:, :-1].argmax(1) == labels["val"]).mean()),
        "accuracy_after": float((logits.argmax(1) == labels["val"]).mean()),
        **{
            name: getattr(made, name)
            for name in (
                *("kind", "scale", "retreat", "rehearsed_recall"),
                "rehearsed_loss",
            )
        },
    }
    label = len(run.class_names)
    card = new_card([*run.class_names, new], model.input_shape[1:])
    # A mirrored image is a second one, which the unknown verdict asks for.
    more = np.concatenate([added, added[:, :, ::-1]]) if len(added) < 2 else added
    with console.status("fitting calibration and the unknown verdict"):
        card = fit_decisions(
            network,
            card,
            images["val"],
            labels["val"],
            joined_images(images["train"], more),
            np.append(labels["train"], np.full(len(more), label)),
            false_alarm_rate,
        )
    rows = [recorded_image(f, label, f.name, d) for f, d in digests.items()]
    split = {**run.split, "class_names": [*run.class_names, new]}
    split["train"] = [*split["train"], *rows]
    return network, card, facts, split
