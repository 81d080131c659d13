"""`rkd-keras migrate blend`: blend line A's defects into line B's images."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.cli.migrate_apply import Rename
from rkd_keras.errors import InputError

REGIONS = ("auto", "boxes", "masks", "segment")


def blend(
    data: o.Data,
    background: Annotated[
        list[Path],
        typer.Option(help="Defect-free images of line B: folder or glob; repeatable."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    per_class: Annotated[int, typer.Option(help="Samples of each class.")] = 100,
    size: Annotated[
        int | None,
        typer.Option(help="Side of the samples in pixels (the background's own)."),
    ] = None,
    region: Annotated[
        str,
        typer.Option(
            help="Where the defects are: boxes of the data set, masks of --masks, "
            "segment (found by contrast), auto (boxes where there are any)."
        ),
    ] = "auto",
    masks: Annotated[
        Path | None, typer.Option(help="Folder of masks, named as the images.")
    ] = None,
    mode: Annotated[
        str,
        typer.Option(help="mixed (keeps line B's texture) or normal."),
    ] = "mixed",
    rename: Rename = None,
    seed: o.Seed = 0,
    overwrite: o.Overwrite = False,
    quiet: o.Quiet = False,
):
    """Blend the defects of line A into defect-free images of line B (Poisson).

    The cheap rival of migrate train and apply. Writes images/<class>/,
    manifest.csv (which sample came from which two images) and a contact sheet.

    Example: rkd-keras migrate blend --data NEU-DET --background lineB/clean
    --out blended --per-class 200
    """
    import numpy as np
    from rich.progress import Progress

    from rkd_keras.data import load_images, open_dataset
    from rkd_keras.data.sample_folder import SampleFolder
    from rkd_keras.data.samples.blending import MODES, blend_samples
    from rkd_keras.files.images import list_images, read_image
    from rkd_keras.studies.migrate.classes import renamed_classes
    from rkd_keras.studies.migrate.defects import defects

    if region not in REGIONS:
        raise InputError(
            f"--region must be one of {', '.join(REGIONS)}, not {region!r}"
        )
    if mode not in MODES:
        raise InputError(f"--mode must be one of {', '.join(MODES)}, not {mode!r}")
    if (masks is None) == (region == "masks"):
        raise InputError("--masks and --region masks belong together; give both")
    if per_class < 1:
        raise InputError(f"--per-class must be at least 1, not {per_class}")
    index = open_dataset(data)
    names = renamed_classes(index, rename)
    backgrounds = list_images(background)
    shape = (size, size) if size else read_image(backgrounds[0]).shape[:2]
    targets, kept = load_images(backgrounds, shape)
    backgrounds = [backgrounds[i] for i in kept]
    folder = SampleFolder(out, overwrite)
    sheet = []
    with Progress(transient=True, disable=quiet) as bar:
        task = bar.add_task("blending", total=per_class * len(names))
        for label, name in names.items():
            members = np.flatnonzero(index.labels == label)
            sources, regions, members = defects(index, members, shape, region, masks)
            try:
                samples, used = blend_samples(
                    sources,
                    regions,
                    targets,
                    per_class,
                    [seed, label],
                    mode,
                    progress=lambda: bar.advance(task),
                )
            except ValueError as error:
                raise InputError(
                    f"no defect of class {index.class_names[label]!r} has a region; "
                    "try another --region"
                ) from error
            for i, (sample, (source, target)) in enumerate(
                zip(samples, used, strict=True), start=1
            ):
                origin = [index.files[members[source]], backgrounds[target]]
                folder.add(sample, name, f"blend_{i:05}", f"blend_{mode}", origin)
            sheet += [
                (f"{index.class_names[label]}: originals", sources[:12]),
                (f"blended ({name})", samples[:12]),
            ]
    manifest = folder.finish(sheet).manifest
    typer.echo(
        f"{per_class * len(names)} blended samples written to {out}, listed in "
        f"{manifest}"
    )
