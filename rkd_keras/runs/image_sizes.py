"""Images of a size that a run's own do not have."""

from rkd_keras.errors import InputError

# Images of the run whose sizes are looked at.
LOOKED_AT = 40


def check_sizes(run, shapes):
    """Refuse images of other sizes, for texture at another scale is another texture.

    Args:
        run: a `Run` with a split.
        shapes: dict from path to `(height, width)` in pixels.

    Raises:
        InputError: for the first image that is smaller or larger than those of the
            run's training part.
    """
    from rkd_keras.files.images import read_image

    rows = run.split["train"]
    rows = rows[:: -(-len(rows) // LOOKED_AT)]
    seen = [read_image(row["file"]).shape[:2] for row in rows]
    least = [min(side) for side in zip(*seen, strict=True)]
    most = [max(side) for side in zip(*seen, strict=True)]
    for file, shape in shapes.items():
        if not all(a <= x <= b for a, x, b in zip(least, shape, most, strict=True)):
            sizes = f"{least[1]}x{least[0]}"
            if least != most:
                sizes += f" to {most[1]}x{most[0]}"
            raise InputError(
                f"{file} has {shape[1]}x{shape[0]} pixels, and the run's images have "
                f"{sizes}; cut or scale it as these were, or give --any-size"
            )
