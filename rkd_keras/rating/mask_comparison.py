"""Compare segmentations with masks drawn by hand, over a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "segmentation.json"


@dataclass(frozen=True)
class MaskComparison:
    """How well segmentations agree with masks.

    Attributes:
        count: number of images.
        methods: dict from a method's name to its scores, see
            `rkd_keras.measure.benchmark.score_segmentation`: `all`, `tune` and
            `check` (dicts from class, and `mean`, to IoU in [0, 1]) and `ms`, the
            milliseconds an image.
        out: the table that was written, or `None`.

    Example:
        >>> scores = {"default": {"all": {"mean": 0.9}, "ms": 3.0}}
        >>> MaskComparison(240, scores).methods["default"]["all"]["mean"]
        0.9
    """

    count: int
    methods: dict[str, dict[str, Any]]
    out: Path | None = None


def compare_masks(
    images: str | Path,
    masks: str | Path,
    methods: str = "default,paper",
    out: Path | None = None,
    quiet: bool = False,
    overwrite: bool = False,
) -> MaskComparison:
    """Score segmentations against true masks.

    Args:
        images: folder of images.
        masks: folder of masks of the same names.
        methods: names of methods, with commas between, or `"all"`. Defaults to
            `"default,paper"`.
        out: folder for `segmentation.json`, or `None`. Defaults to `None`.
        quiet: whether to show no progress. Defaults to `False`.
        overwrite: whether to replace an earlier table. Defaults to `False`.

    Returns:
        A `MaskComparison`.

    Raises:
        InputError: for an unknown method, a mask that is missing, or a table that is
            there already.
    """
    import warnings

    from rkd_keras.errors import InputError
    from rkd_keras.files.results import check_targets, make_folder
    from rkd_keras.measure import write_table
    from rkd_keras.measure.benchmark import MaskedImages, score_segmentation
    from rkd_keras.measure.rivals import RIVALS
    from rkd_keras.progress import tracked

    names = list(RIVALS) if methods == "all" else methods.split(",")
    names = [name.strip() for name in names]
    for name in names:
        if name not in RIVALS:
            raise InputError(f"unknown method {name!r}; known are {', '.join(RIVALS)}")
    path = None if out is None else out / FILE
    if path is not None:
        check_targets([path], [], overwrite)
    data = MaskedImages.read(images, masks)
    found = {}
    for name in names:

        def progress(items, name=name):
            return tracked(items, name, quiet)

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*probability range.*")
            found[name] = score_segmentation(data, RIVALS[name], progress)
    if path is not None:
        make_folder(out)
        write_table(path, {"images": len(data.images), "methods": found})
    return MaskComparison(len(data.images), found, path)
