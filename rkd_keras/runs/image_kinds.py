"""Images of a size or a depth that a run's own do not have."""

from rkd_keras.errors import InputError

# Images of the run that are looked at.
LOOKED_AT = 40


def check_kinds(known, files, strict=True):
    """Refuse images of other sizes or depths than those that a run learns from.

    Texture at another scale is another texture, and a camera of more bits is another
    camera: nearly black, where it uses the lower ones alone.

    Args:
        known: list of paths of the run's training part.
        files: list of paths of other images.
        strict: whether one that cannot be read is refused; else it is passed over.
            Defaults to `True`.

    Raises:
        InputError: for the first image that is smaller, larger or deeper than the
            run's, or under `strict` cannot be read.
    """
    from rkd_keras.files.image_kind import image_kind
    from rkd_keras.files.threads import in_threads

    looked_at = known[:: -(-len(known) // LOOKED_AT)] if known else []
    if not looked_at:
        return

    def kind(file):
        try:
            return image_kind(file)
        except InputError:
            if strict:
                raise
            return None

    seen = [found for found in map(kind, looked_at) if found]
    if not seen:
        return
    least, most, depths = _range(seen)
    for file, found in zip(files, in_threads(kind, files), strict=True):
        if found is None:
            continue
        *shape, bits = found
        if not all(a <= x <= b for a, x, b in zip(least, shape, most, strict=True)):
            sizes = f"{least[1]}x{least[0]}"
            if least != most:
                sizes += f" to {most[1]}x{most[0]}"
            raise InputError(
                f"{file} has {shape[1]}x{shape[0]} pixels, and the run's images have "
                f"{sizes}; cut or scale it as these were, or give --any-size"
            )
        if bits not in depths:
            shown = " or ".join(map(str, sorted(depths)))
            raise InputError(
                f"{file} has {bits} bits a channel, and the run's images have {shown}; "
                "save it with as many, or give --any-size"
            )


def _range(kinds):
    """Return the least and the most `[height, width]`, and the set of depths."""
    heights, widths, depths = zip(*kinds, strict=True)
    sides = heights, widths
    return [min(each) for each in sides], [max(each) for each in sides], {*depths}
