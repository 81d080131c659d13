"""`rkd-keras data`: look at a data set, draw one, pack and unpack it."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError

app = typer.Typer(help="Look at a data set, make or pack one.", no_args_is_help=True)


@app.command()
def check(
    data: o.Data,
    split: Annotated[
        str | None, typer.Option(help="Also try this split protocol.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when anything was found.")
    ] = False,
):
    """Count the images of each class and report what would spoil a training.

    Files that cannot be decoded, empty classes, classes that only the test part
    has, and files that stand in two parts are named, one line each.

    Example: rkd-keras data check --data NEU-DET --split neu-600
    """
    from rich.console import Console
    from rich.table import Table

    from rkd_keras.data import find_duplicates, make_split, open_dataset

    console = Console()
    index = open_dataset(data)
    findings = _damaged_shards(data) + _undecodable(index)
    findings += _empty_classes(data, index)
    findings += _test_only(index)
    for group in find_duplicates(index):
        names = ", ".join(str(index.files[i]) for i in group)
        parts = {index.parts[i] for i in group}
        labels = {index.class_names[index.labels[i]] for i in group}
        if len(labels) > 1:
            findings.append(f"the same file in classes {sorted(labels)}: {names}")
        elif len(parts) > 1:
            findings.append(
                f"the same file in parts {sorted(map(str, parts))}: {names}"
            )
        else:
            findings.append(f"the same file twice: {names}")
    table = Table("class", "images", "with boxes")
    boxed = [index.class_names[index.labels[i]] for i in index.boxes]
    for name, count in zip(index.class_names, index.counts(), strict=True):
        table.add_row(name, str(count), str(boxed.count(name)))
    console.print(table)
    if split is not None:
        parts = make_split(index, split)
        for part in ("train", "val", "test"):
            counts = index.counts(getattr(parts, part)).tolist()
            console.print(f"{split} {part}: {sum(counts)} images, {counts}")
    for finding in findings:
        console.print(f"[yellow]![/] {finding}", highlight=False, soft_wrap=True)
    console.print(f"{len(index)} images, {len(findings)} findings")
    if strict and findings:
        raise InputError(f"{len(findings)} findings in {data}; mend them first")


def _damaged_shards(data):
    from rkd_keras.files.packs import is_pack, open_pack

    return list(open_pack(data).damaged_shards()) if is_pack(data) else []


def _undecodable(index):
    from rich.progress import track

    from rkd_keras.files.images import read_image

    findings = []
    for file in track(index.files, "decoding", transient=True):
        try:
            read_image(file)
        except InputError as error:
            findings.append(str(error))
    return findings


def _empty_classes(data, index):
    if not data.is_dir() or index.boxes:
        return []
    return [
        f"the folder {folder} holds no image"
        for folder in sorted(p for p in data.rglob("*") if p.is_dir())
        if not any(p.is_file() or p.is_dir() for p in folder.iterdir())
    ]


def _test_only(index):
    findings = []
    for label, name in enumerate(index.class_names):
        parts = {
            p for p, y in zip(index.parts, index.labels, strict=True) if y == label
        }
        if parts == {"test"}:
            findings.append(f"class {name!r} is seen in test only")
    return findings


@app.command()
def synthetic(
    out: Annotated[str, typer.Option(help="Folder to write, in NEU-DET's layout.")],
    per_class: Annotated[int, typer.Option(help="Images of each class.")] = 100,
    size: Annotated[int, typer.Option(help="Side in pixels.")] = 200,
    seed: o.Seed = 0,
):
    """Draw strips with six classes of defects, with boxes.

    Example: rkd-keras data synthetic --out strips --per-class 100
    """
    from rkd_keras.data.synthetic import write_dataset

    out = Path(out)
    if out.exists() and any(out.iterdir()):
        raise InputError(f"{out} is not empty; give another folder")
    write_dataset(out, per_class=per_class, size=size, seed=seed)
    typer.echo(f"{6 * per_class} images written to {out}")


@app.command()
def pack(
    data: o.Data,
    out: Annotated[Path, typer.Option(help="Folder to write the pack to.")],
    shard_images: Annotated[int, typer.Option(help="Images in a shard.")] = 1000,
    unlabelled: Annotated[
        bool,
        typer.Option("--unlabelled", help="Pack all images; look for no classes."),
    ] = False,
    quiet: o.Quiet = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier pack.")
    ] = False,
):
    """Pack many images into few files: TFRecords with checksums and a manifest.

    A pack is given to any command in place of the folder that was packed. The
    images' own bytes, names, classes, parts and boxes are kept.

    Example: rkd-keras data pack --data strips/ --out strips.pack
    """
    from rkd_keras.data import pack_images

    if out.exists() and any(out.iterdir()):
        _clear_pack(out, overwrite)
    with _shown("packing", quiet) as progress:
        manifest = pack_images(data, out, not unlabelled, shard_images, progress)
    size = sum(shard["bytes"] for shard in manifest["shards"])
    typer.echo(
        f"{manifest['images']} images packed into {len(manifest['shards'])} shards of "
        f"{out}, {size / 1e6:.1f} MB"
    )


@app.command()
def unpack(
    data: Annotated[Path, typer.Option(help="The pack.")],
    out: Annotated[Path, typer.Option(help="Folder to write the images to.")],
    quiet: o.Quiet = False,
):
    """Write a pack's images as files again: the same bytes under the same names.

    Example: rkd-keras data unpack --data strips.pack --out strips
    """
    from rkd_keras.data import unpack_images

    if out.exists() and any(out.iterdir()):
        raise InputError(f"{out} is not empty; give another folder")
    with _shown("unpacking", quiet) as progress:
        faults = unpack_images(data, out, progress)
    for fault in faults:
        typer.echo(f"! {fault}", err=True)
    if faults:
        raise InputError(f"{len(faults)} images of {data} could not be restored")
    typer.echo(f"the images of {data} are in {out}")


def _clear_pack(out, overwrite):
    """Remove an earlier pack, and nothing else."""
    from rkd_keras.files.packs import MANIFEST, Pack, is_pack

    if not overwrite or not is_pack(out):
        raise InputError(f"{out} is not empty; give another folder")
    shards = Pack(out).manifest["shards"]
    (out / MANIFEST).unlink()
    for shard in shards:
        for name in (shard["file"], shard["index"]):
            (out / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _shown(title, quiet):
    """Give a function of images done and of all that moves a bar."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    hidden = quiet or not console.is_terminal
    with Progress(console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
