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

    from rkd_keras.data import open_dataset
    from rkd_keras.data.sample_folder import SampleFolder
    from rkd_keras.models.translate import translate
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.migrate.classes import renamed_classes
    from rkd_keras.studies.migrate.generators import load_for, load_generator

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
    manifest = folder.finish(sheet).manifest
    typer.echo(f"{written} migrated samples written to {out}, listed in {manifest}")
