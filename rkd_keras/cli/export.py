"""`rkd-keras export`: write a model for the line, checked in its own runtime."""

from rkd_keras.cli.command import command
from rkd_keras.runs.exporting import export


def show(exported):
    """Print what was written and how well it agrees."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if exported.note:
        text = f"! no calibration and no unknown verdict: {exported.note}"
        console.print(text, markup=False)
    if exported.repair:
        console.print(exported.repair, markup=False)
    for path in exported.layer_errors:
        console.print(f"{path}: what the rounding of each layer costs", markup=False)
    console.print(
        f"{exported.path} ({exported.size_bytes / 1e6:.2f} MB): "
        f"{exported.equal_verdicts:.1%} equal verdicts on {exported.images} images, "
        f"largest difference of a probability {exported.largest_difference:.1e}",
        markup=False,
    )


export = command(
    export,
    show,
    "rkd-keras export runs/student --out student.tflite --quantize int8",
)
