"""`rkd-keras augment`: new samples out of the samples of a class."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError

app = typer.Typer(
    help="Make new samples of the classes that have too few.", no_args_is_help=True
)

Out = Annotated[Path, typer.Option(help="Folder to write.")]
PerClass = Annotated[int, typer.Option(help="New samples of each class.")]
Balance = Annotated[
    bool,
    typer.Option(
        "--balance",
        help="Fill every class up to the largest one instead of --per-class.",
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        help="Make samples of this protocol's training part alone; the manifest then "
        "lists the original images and their parts too. All images if left out."
    ),
]
Size = Annotated[int, typer.Option(help="Side of the samples in pixels, even.")]


@app.command()
def mosaic(
    data: o.Data,
    out: Out,
    per_class: PerClass = 100,
    balance: Balance = False,
    split: Split = None,
    size: Size = 64,
    seam: Annotated[
        int, typer.Option(help="Pixels on each side of a seam that are blurred, even.")
    ] = 2,
    kernel_size: Annotated[
        int, typer.Option(help="Window of the median along the seams, odd.")
    ] = 3,
    match_brightness: Annotated[
        bool, typer.Option(help="Whether to even out the levels of the four images.")
    ] = True,
    seed: o.Seed = 0,
    split_seed: o.SplitSeed = 0,
    overwrite: o.Overwrite = False,
):
    """Join four samples of one class 2x2 and shrink them to the size of one.

    Writes images/<class>/, manifest.csv (which sample came from which images) and
    a contact sheet.

    Example: rkd-keras augment mosaic --data NEU-DET --out mosaics --per-class 100
    """
    from functools import partial

    from rkd_keras.runs.start_tensorflow import start_tensorflow

    start_tensorflow()
    from rkd_keras.data.samples.mosaic import mosaic as join
    from rkd_keras.layers import MedianBlur2D

    try:
        blur = MedianBlur2D(kernel_size, padding="valid")
    except ValueError as error:
        raise InputError(f"--kernel-size must be odd, not {kernel_size}") from error
    options = {"seam": seam, "match_brightness": match_brightness}
    made = partial(join, blur=blur, **options)
    _write(
        data, out, "mosaic", made, per_class, balance, split, size, seed, split_seed,
        overwrite,
    )  # fmt: skip


@app.command()
def fusion(
    data: o.Data,
    out: Out,
    per_class: PerClass = 100,
    balance: Balance = False,
    split: Split = None,
    size: Size = 64,
    sharpness: Annotated[
        float, typer.Option(help="0 is the plain mean, large values switch.")
    ] = 4.0,
    seed: o.Seed = 0,
    split_seed: o.SplitSeed = 0,
    overwrite: o.Overwrite = False,
):
    """Blend two samples of one class so that both their defects stay visible.

    Writes images/<class>/, manifest.csv (which sample came from which images) and
    a contact sheet.

    Example: rkd-keras augment fusion --data NEU-DET --out fusions --per-class 100
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    start_tensorflow()
    from rkd_keras.data.samples.fusion import fusion as fuse

    def made(groups):
        return fuse(groups[:, 0], groups[:, 1], sharpness=sharpness)

    _write(
        data, out, "fusion", made, per_class, balance, split, size, seed, split_seed,
        overwrite,
    )  # fmt: skip


def _write(
    data,
    out,
    method,
    make,
    per_class,
    balance,
    split,
    size,
    seed,
    split_seed,
    overwrite,
):
    import numpy as np
    from rich.progress import Progress

    from rkd_keras.data import load_images, open_dataset
    from rkd_keras.data.sample_folder import SampleFolder
    from rkd_keras.data.samples.oversampling import make_samples

    if per_class < 1:
        raise InputError(f"--per-class must be at least 1, not {per_class}")
    if size < 16 or size % 2:
        raise InputError(f"--size must be even and at least 16, not {size}")
    index = open_dataset(data)
    parts = _parts(index, split, seed, split_seed)
    members = np.flatnonzero(parts == "train")
    counts = index.counts(members)
    if not counts.all():
        name = index.class_names[int(np.argmin(counts))]
        raise InputError(f"class {name!r} of {data} has no image to make samples of")
    wanted = counts.max() - counts if balance else np.full(len(counts), per_class)
    folder = SampleFolder(out, overwrite)
    if split is not None:
        for file, label, part in zip(index.files, index.labels, parts, strict=True):
            if part:
                folder.list_original(file, index.class_names[label], part)
    sheet = []
    part = "train" if split is not None else ""
    with Progress(transient=True) as bar:
        task = bar.add_task(f"{method} samples", total=int(wanted.sum()))
        for label, name in enumerate(index.class_names):
            own = members[index.labels[members] == label]
            images, kept = load_images([index.files[i] for i in own], (size, size))
            files = [index.files[own[i]] for i in kept]
            count = int(wanted[label])
            try:
                samples, sources = make_samples(
                    images, count, method, [seed, label], make=make
                )
            except ValueError as error:
                raise InputError(str(error)) from error
            for i, (sample, (_, used)) in enumerate(
                zip(samples, sources, strict=True), start=1
            ):
                used = [files[j] for j in used]
                folder.add(sample, name, f"{method}_{i:05}", method, used, part)
                bar.advance(task)
            sheet += [(f"{name}: originals", images[:12]), (method, samples[:12])]
    manifest = folder.finish(sheet)
    typer.echo(
        f"{int(wanted.sum())} samples of {len(index.class_names)} classes written to "
        f"{out}; train on them with --data {manifest}"
        + (" --split given" if split is not None else "")
    )


def _parts(index, split, seed, split_seed):
    """Each image's part under the protocol; all are trained on without one."""
    import numpy as np

    from rkd_keras.data import make_split

    parts = np.full(len(index), "" if split else "train", dtype=object)
    if split is not None:
        chosen = make_split(index, split, seed, split_seed)
        for part in ("train", "val", "test"):
            parts[getattr(chosen, part)] = part
    return parts
