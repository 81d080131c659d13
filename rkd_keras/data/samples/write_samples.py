"""Mosaics and fusions of a data set, written to a folder that can be trained on."""

import functools
from dataclasses import dataclass
from typing import Annotated

from rkd_keras.errors import InputError, OptionError
from rkd_keras.options import (
    AnyPath,
    Data,
    Groups,
    Option,
    Overwrite,
    Quiet,
    Seed,
    SplitSeed,
    checked,
)

SHOWN = 12


@dataclass
class SampleOptions:
    """Of what new samples are made, how many, and where they go."""

    data: Data
    out: Annotated[AnyPath, Option("Folder to write.")]
    per_class: Annotated[int, Option("New samples of each class.", at_least=1)] = 100
    balance: Annotated[
        bool,
        Option("Fill every class up to the largest one instead of --per-class."),
    ] = False
    split: Annotated[
        str | None,
        Option(
            "Make samples of this protocol's training part alone; the manifest then "
            "lists the original images and their parts too. All images if left out."
        ),
    ] = None
    size: Annotated[
        int, Option("Side of the samples in pixels, even.", at_least=16)
    ] = 64
    seed: Seed = 0
    split_seed: SplitSeed = 0
    groups: Groups = None
    overwrite: Overwrite = False
    quiet: Quiet = False


@checked(of=SampleOptions)
def write_mosaics(
    data,
    out,
    *,
    seam: Annotated[
        int, Option("Blurred pixels on each side of a seam, even.", at_least=1)
    ] = 2,
    kernel_size: Annotated[
        int, Option("Window of the median along the seams in pixels, odd.", at_least=1)
    ] = 3,
    match_brightness: Annotated[
        bool, Option("Whether to even out the levels of the four images.")
    ] = True,
    **options,
):
    """Join four samples of one class 2x2 and shrink them to the size of one.

    Writes images/<class>/, manifest.csv (which sample came from which images) and
    a contact sheet.

    Returns:
        `WrittenSamples`: the folder, its manifest, the number of samples.

    Raises:
        OptionError: for an option outside of its range.
        InputError: when the data cannot be used, or the folder holds something else.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = tempfile.mkdtemp()
        >>> data = write_dataset(f"{folder}/data", per_class=4, size=32)
        >>> write_mosaics(
        ...     data, f"{folder}/out", per_class=2, size=32, quiet=True
        ... ).count
        12
    """
    from rkd_keras.data.samples.mosaic import mosaic
    from rkd_keras.layers import MedianBlur2D

    if kernel_size % 2 == 0:
        raise OptionError("kernel_size", f"must be odd, not {kernel_size}")
    make = functools.partial(
        mosaic,
        blur=MedianBlur2D(kernel_size, padding="valid"),
        seam=seam,
        match_brightness=match_brightness,
    )
    return _write(SampleOptions(data, out, **options), "mosaic", make)


@checked(of=SampleOptions)
def write_fusions(
    data,
    out,
    *,
    sharpness: Annotated[
        float, Option("0 is the plain mean, large values switch.", at_least=0)
    ] = 4.0,
    **options,
):
    """Blend two samples of one class so that both their defects stay visible.

    Writes images/<class>/, manifest.csv (which sample came from which images) and
    a contact sheet.

    Returns:
        `WrittenSamples`: the folder, its manifest, the number of samples.

    Raises:
        OptionError: for an option outside of its range.
        InputError: when the data cannot be used, or the folder holds something else.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = tempfile.mkdtemp()
        >>> data = write_dataset(f"{folder}/data", per_class=4, size=32)
        >>> write_fusions(
        ...     data, f"{folder}/out", per_class=2, size=32, quiet=True
        ... ).class_names[0]
        'crazing'
    """
    from rkd_keras.data.samples.fusion import fusion

    def make(groups):
        return fusion(groups[:, 0], groups[:, 1], sharpness=sharpness)

    return _write(SampleOptions(data, out, **options), "fusion", make)


def _write(options, method, make):
    import numpy as np

    from rkd_keras.data import load_images, open_dataset
    from rkd_keras.data.sample_folder import SampleFolder
    from rkd_keras.data.samples.oversampling import make_samples
    from rkd_keras.progress import shown_progress

    if options.size % 2:
        raise OptionError("size", f"must be even and at least 16, not {options.size}")
    index = open_dataset(options.data)
    parts = _parts(index, options)
    members = np.flatnonzero(parts == "train")
    wanted = _wanted(index, members, options)
    folder = SampleFolder(options.out, options.overwrite, index.files)
    if options.split is not None:
        for i in np.flatnonzero(parts != ""):
            name = index.class_names[index.labels[i]]
            folder.list_original(index.files[i], name, parts[i], index.groups[i])
    sheet, done = [], 0
    part = "train" if options.split is not None else ""
    with shown_progress(f"{method} samples", options.quiet) as progress:
        for label, name in enumerate(index.class_names):
            own = members[index.labels[members] == label]
            side = (options.size, options.size)
            images, kept = load_images([index.files[i] for i in own], side)
            files = [index.files[own[i]] for i in kept]
            try:
                samples, sources = make_samples(
                    images, int(wanted[label]), method, [options.seed, label], make=make
                )
            except ValueError as error:
                raise InputError(str(error)) from error
            for i, (sample, (_, used)) in enumerate(
                zip(samples, sources, strict=True), start=1
            ):
                used = [files[j] for j in used]
                folder.add(sample, name, f"{method}_{i:05}", method, used, part)
                done += 1
                progress(done, int(wanted.sum()))
            sheet += [
                (f"{name}: originals", images[:SHOWN]),
                (method, samples[:SHOWN]),
            ]
    return folder.finish(sheet)


def _wanted(index, members, options):
    """Number of new samples of each class."""
    import numpy as np

    counts = index.counts(members)
    if not counts.all():
        name = index.class_names[int(np.argmin(counts))]
        raise InputError(
            f"class {name!r} of {options.data} has no image to make samples of"
        )
    if options.balance:
        return counts.max() - counts
    return np.full(len(counts), options.per_class)


def _parts(index, options):
    """Each image's part under the protocol; all are trained on without one."""
    import numpy as np

    from rkd_keras.data import make_split

    parts = np.full(len(index), "" if options.split else "train", dtype=object)
    if options.split is not None:
        chosen = make_split(
            index,
            options.split,
            options.seed,
            options.split_seed,
            groups=options.groups,
            quiet=options.quiet,
        )
        for part in ("train", "val", "test"):
            parts[getattr(chosen, part)] = part
    return parts
