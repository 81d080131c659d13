"""`rkd-keras measure`: segment, measure and grade defects."""

from rkd_keras.cli.command import INCOMPLETE, command
from rkd_keras.rating.measuring import measure


def show(found):
    """Print what was measured, or how well segmentations agree with masks.

    Args:
        found: as of `rkd_keras.rating.measure`.
    """
    from rich.console import Console

    from rkd_keras.cli import measure_tables as tables
    from rkd_keras.rating.mask_comparison import MaskComparison

    if isinstance(found, MaskComparison):
        tables.print_methods(found)
        return 0
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    for message in found.skipped:
        console.print(f"! {message}")
    if found.skipped:
        total = len(found.skipped) + len(found.images)
        console.print(f"{len(found.skipped)} of {total} images were left out")
    if found.invalid:
        faults = ", ".join(f"{fault} {n}" for fault, n in found.invalid.items())
        total = sum(found.invalid.values())
        console.print(
            f"! {total} pictures cannot be judged, decision invalid: {faults}"
        )
    if found.foreign:
        console.print("the data set is not the one of the model's run: all of it")
    if found.out is None:
        tables.print_images([image.row() for image in found.images])
    else:
        defects = sum(image.measurement.count for image in found.images)
        console.print(
            f"{len(found.images)} images, {defects} defects measured in {found.out}"
        )
    if found.has_classes:
        tables.print_class_table(found.classes, found.separation)
        for name, count in found.left_out.items():
            if count:
                what = "decision" if name == "invalid" else "verdict"
                print(f"left out of the table: {count} images, {what} {name}")
    return INCOMPLETE if found.skipped else 0


measure = command(
    measure, show, "rkd-keras measure strips/ --out measured --mm-per-pixel 0.1"
)
