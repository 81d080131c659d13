"""`rkd-keras migrate apply`: write migrated samples that keep their labels."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError

Rename = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Class of line A=class of line B, repeatable; other classes are left out. "
        "All classes under their own names if left out.",
    ),
]


def apply(
    run: Annotated[Path, typer.Option(help="Run directory of migrate train.")],
    data: o.Data,
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    direction: Annotated[str, typer.Option(help="a2b, or b2a.")] = "a2b",
    rename: Rename = None,
    overwrite: o.Overwrite = False,
    quiet: o.Quiet = False,
):
    """Migrate labelled samples of one line to the other.

    Writes images/<class>/, manifest.csv (which sample came from which image) and a
    contact sheet of originals, migrated and reconstructed samples.

    Example: rkd-keras migrate apply --run runs/migrate --data NEU-DET --out migrated
    """
    import numpy as np
    from rich.progress import Progress

    from rkd_keras.cli.quiet_tensorflow import start_tensorflow
    from rkd_keras.cli.sample_folder import SampleFolder
    from rkd_keras.data import open_dataset

    if direction not in ("a2b", "b2a"):
        raise InputError(f"--direction must be a2b or b2a, not {direction!r}")
    start_tensorflow()
    forward = load_generator(run, direction)
    backward = load_generator(run, "b2a" if direction == "a2b" else "a2b")
    index = open_dataset(data)
    names = renamed_classes(index, rename)
    folder = SampleFolder(out, overwrite)
    sheet, written = [], 0
    with Progress(transient=True, disable=quiet) as bar:
        total = sum(int((index.labels == label).sum()) for label in names)
        task = bar.add_task("migrating", total=total)
        for label, name in names.items():
            files = [index.files[i] for i in np.flatnonzero(index.labels == label)]
            images, kept = load_for(forward, files)
            files = [files[i] for i in kept]
            migrated = translate(
                forward, images, progress=lambda count: bar.advance(task, count)
            )
            for file, sample in zip(files, migrated, strict=True):
                folder.add(sample, name, file.stem, "cyclegan", [file])
            written += len(files)
            rebuilt = translate(backward, migrated[:12])
            sheet += [
                (f"{index.class_names[label]}: originals", images[:12]),
                (f"migrated ({name})", migrated[:12]),
                ("reconstructed", rebuilt),
            ]
    manifest = folder.finish(sheet)
    typer.echo(f"{written} migrated samples written to {out}, listed in {manifest}")


def load_generator(run, direction):
    """Load a generator of a run directory.

    Raises:
        InputError: when there is none, or it cannot be opened.
    """
    from rkd_keras.predict.keras_backend import load_keras_model

    file = Path(run) / f"generator_{direction}.keras"
    if not file.is_file():
        raise InputError(
            f"no generator at {file}; train one with rkd-keras migrate train"
        )
    return load_keras_model(file)


def load_for(generator, files):
    """Load images in the size and channels that a generator takes."""
    from rkd_keras.data import load_images
    from rkd_keras.data.domains import grey_images

    height, width, channels = generator.input_shape[1:]
    images, kept = load_images(files, (height, width))
    return (grey_images(images) if channels == 1 else images), kept


def translate(generator, images, batch_size=32, progress=None):
    """Run a generator over images; pixels in and out as uint8."""
    import numpy as np

    made = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size].astype("float32")
        output = np.asarray(generator(batch, training=False))
        made.append(np.clip(np.round(output), 0, 255).astype("uint8"))
        if progress is not None:
            progress(len(batch))
    return np.concatenate(made) if made else images[:0]


def renamed_classes(index, rename):
    """Read `--map`: dict from label to the name that its samples shall have.

    Raises:
        InputError: for an entry without `=` or an unknown class.
    """
    if not rename:
        return dict(enumerate(index.class_names))
    names = {}
    for entry in rename:
        source, equals, target = (part.strip() for part in entry.partition("="))
        if not equals or not target:
            raise InputError(f"--map {entry!r} must be class of line A=class of line B")
        if source not in index.class_names:
            raise InputError(
                f"--map {entry!r}: the data has no class {source!r}; it has "
                f"{', '.join(index.class_names)}"
            )
        names[index.class_names.index(source)] = target
    return names
