"""`rkd-keras data`: look at a data set, draw one, pack and unpack it."""

import typer

from rkd_keras.cli.command import command
from rkd_keras.cli.table import print_table
from rkd_keras.data.packing.packing import pack_images, unpack_images
from rkd_keras.data.reading.check import check
from rkd_keras.data.synthetic.writing import write_dataset
from rkd_keras.runs.doubting import doubt

# Pairs that are told one by one.
SHOWN = 10

app = typer.Typer(help="Look at a data set, make or pack one.", no_args_is_help=True)


def _show_check(found):
    from rich.console import Console
    from rich.markup import escape

    from rkd_keras.files.names import printable

    console = Console()

    def tell(mark, text):
        text = escape(printable(text))
        console.print(f"{mark} {text}", highlight=False, soft_wrap=True)

    tell("read as", found.layout)
    counts = found.counts.items()
    rows = [(name, count, found.boxed[name]) for name, count in counts]
    print_table(("class", "images", "with boxes"), rows)
    for part, counts in found.parts.items():
        total, each = sum(counts.values()), list(counts.values())
        console.print(f"{found.split} {part}: {total} images, {each}")
    if found.overlaps is not None:
        _show_overlaps(console, found.overlaps)
    if found.kept is not None:
        tell(f"{found.split}:", found.kept)
    for note, count in found.notes.items():
        tell("[blue]i[/]", f"{count} images: {note}")
    for sentence in found.unused:
        tell("[dim]-[/]", sentence)
    for finding in found.findings:
        tell("[yellow]![/]", finding)
    for path in (found.manifest, found.sheet):
        if path is not None:
            tell("written:", str(path))
    console.print(f"{found.images} images, {len(found.findings)} findings")


def _show_overlaps(console, overlaps):
    from rich.markup import escape

    from rkd_keras.data.reading.overlap_sheet import describe_pair, worst
    from rkd_keras.files.names import printable

    columns = ("class", "images", "overlapping pairs", "images in groups")
    rows = [
        (name, row["images"], row["pairs"], row["in_groups"])
        for name, row in overlaps.counts.items()
    ]
    print_table(columns, rows)
    for pair in worst(overlaps.pairs)[:SHOWN]:
        names = (printable(overlaps.names[i]) for i in (pair.first, pair.second))
        text = escape(f"{' and '.join(names)}: {describe_pair(pair)}")
        console.print(f"[blue]=[/] {text}", highlight=False, soft_wrap=True)
    images = sum(len(group) for group in overlaps.groups)
    console.print(
        f"{len(overlaps.pairs)} pairs of images share at least {overlaps.least:.0%} of "
        f"their area; {images} images hang together in {len(overlaps.groups)} groups"
    )


def _show_drawn(folder):
    typer.echo(f"{len(list((folder / 'IMAGES').iterdir()))} images written to {folder}")


def _show_pack(manifest):
    size = sum(shard["bytes"] for shard in manifest["shards"])
    typer.echo(
        f"{manifest['images']} images packed into {len(manifest['shards'])} shards, "
        f"{size / 1e6:.1f} MB"
    )


def _show_unpacked(found):
    for fault in found.faults:
        typer.echo(f"! {fault}", err=True)
    typer.echo(f"{len(found.files)} images are in {found.folder}")


def _show_doubts(found):
    from rkd_keras.files.names import printable

    if found.manifest is not None:
        for name, (before, after) in found.changed.items():
            typer.echo(printable(f"{name}: {before} -> {after}"))
        typer.echo(f"{len(found.changed)} labels changed; written: {found.manifest}")
        return
    typer.echo(
        f"{found.images} images, judged by {found.judge}: {found.agreement:.1%} are "
        f"named as they are labelled, {found.doubted} labels are doubted"
    )
    if found.contradictions:
        typer.echo(
            f"{found.contradictions} pairs of images share pixels, but not their class"
        )
    if found.sheet:
        typer.echo(f"look at {found.sheet}")
    typer.echo(
        f"write yes or a class into the column accept of {found.table}, and give it to "
        "--apply"
    )


app.command("check")(
    command(check, _show_check, "rkd-keras data check --data NEU-DET --split neu-600")
)
app.command("synthetic")(
    command(
        write_dataset,
        _show_drawn,
        "rkd-keras data synthetic --out strips --per-class 100",
    )
)
app.command("pack")(
    command(
        pack_images,
        _show_pack,
        "rkd-keras data pack --data strips/ --out strips.pack",
    )
)
app.command("unpack")(
    command(
        unpack_images,
        _show_unpacked,
        "rkd-keras data unpack --data strips.pack --out strips",
    )
)
app.command("doubt")(
    command(
        doubt,
        _show_doubts,
        "rkd-keras data doubt --data NEU-DET --out runs/doubt",
    )
)
