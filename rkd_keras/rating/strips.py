"""Rate strips window by window, and write their maps."""

from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.rating.strip import RatedStrip, rate_strip

PICTURE, TABLE = "_windows.png", "_windows.json"


@dataclass(frozen=True)
class RatedStrips:
    """Strips that were rated window by window.

    Attributes:
        strips: list of pairs of a file and its `RatedStrip`.
        skipped: tuple of sentences on files that could not be decoded.
        out: folder of their maps, or `None`.

    Example:
        >>> RatedStrips([]).out is None
        True
    """

    strips: list[tuple[Path, RatedStrip]]
    skipped: tuple[str, ...] = ()
    out: Path | None = None


def rate_strips(
    archive,
    out=None,
    model=None,
    normal=None,
    rules=None,
    mm_per_pixel=None,
    min_contrast=None,
    quality_gate=True,
    overwrite=False,
    quiet=False,
):
    """Rate images as `rate_strip` does.

    Args:
        archive: list of images, folders and globs.
        out: folder for a table (JSON) and a picture of each, or `None`.
        model: see `rkd_keras.predict.load`.
        normal: file (`.npz`) or folder of good images, or `None`.
        rules: YAML file or `None`.
        mm_per_pixel: side of a pixel, millimetres, or `None`.
        min_contrast: see `rate_strip`; its default when `None`.
        quality_gate: whether pictures that cannot be judged are looked for.
        overwrite: whether earlier results may be replaced.
        quiet: whether to show no progress.

    Returns:
        A `RatedStrips`.

    Raises:
        InputError: when nothing can be rated, or `out` holds earlier results.
    """
    import json

    from rkd_keras.files.images import list_images, write_image
    from rkd_keras.files.replacing import replacing
    from rkd_keras.files.results import check_targets, make_folder, unique_name
    from rkd_keras.predict import load
    from rkd_keras.progress import tracked
    from rkd_keras.rating.frame import MIN_CONTRAST
    from rkd_keras.rating.normal import open_normal
    from rkd_keras.rating.rules import open_rules

    files = [file for entry in archive for file in list_images(entry)]
    taken = set()
    names = [unique_name(file, taken, (PICTURE, TABLE)) for file in files]
    if out is not None:
        targets = [out / f"{name}{end}" for name in names for end in (PICTURE, TABLE)]
        check_targets(targets, files, overwrite)
        make_folder(out)
    predictor = load(model)
    settings = {
        "rules": open_rules(rules, predictor.class_names),
        "mm_per_pixel": mm_per_pixel,
        "normal": open_normal(normal),
        "min_contrast": MIN_CONTRAST if min_contrast is None else min_contrast,
        "quality_gate": quality_gate,
    }
    strips, skipped = [], []
    rows = list(zip(files, names, strict=True))
    for file, name in tracked(rows, "rating", quiet or len(rows) < 10):
        try:
            strip = rate_strip(file, predictor, **settings)
        except InputError as error:
            if len(rows) == 1:
                raise
            skipped.append(str(error))
            continue
        strips.append((file, strip))
        if out is not None:
            write_image(out / f"{name}{PICTURE}", strip.picture(), is_result=True)
            with replacing(out / f"{name}{TABLE}") as temporary:
                text = json.dumps(strip.to_dict(), indent=1)
                temporary.write_text(text + "\n", encoding="utf-8")
    return RatedStrips(strips, tuple(skipped), out)
