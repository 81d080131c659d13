"""Blend line A's defects into line B's images: the public function."""

from typing import Annotated

from rkd_keras.data.sample_folder import WrittenSamples
from rkd_keras.errors import InputError, OptionError
from rkd_keras.options import AnyPath, Data, Option, Overwrite, Quiet, Seed, checked
from rkd_keras.studies.migrate.settings import Background, Rename

REGIONS = ("auto", "boxes", "masks", "segment")
SHOWN = 12


@checked
def blend(
    data: Data,
    background: Background,
    out: Annotated[AnyPath, Option("Folder to write.")],
    per_class: Annotated[int, Option("Samples of each class.", at_least=1)] = 100,
    size: Annotated[
        int | None,
        Option("Side of the samples in pixels (the background's own).", at_least=16),
    ] = None,
    region: Annotated[
        str,
        Option(
            "Where the defects are: boxes of the data set, masks of --masks, segment "
            "(found by contrast), auto (boxes where there are any).",
            choices=REGIONS,
        ),
    ] = "auto",
    masks: Annotated[
        AnyPath | None,
        Option(
            "Folder of masks, named as the images; in folders of the classes' names "
            "where images of several classes are called alike."
        ),
    ] = None,
    mode: Annotated[
        str,
        Option(
            "mixed (keeps line B's texture) or normal.", choices=("mixed", "normal")
        ),
    ] = "mixed",
    rename: Rename = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> WrittenSamples:
    """Blend the defects of line A into defect-free images of line B (Poisson).

    The cheap rival of migrate train and apply. Writes images/<class>/,
    manifest.csv (which sample came from which two images) and a contact sheet.

    Returns:
        `rkd_keras.data.WrittenSamples`: the folder, its manifest, the
        number of samples.

    Raises:
        OptionError: for an option outside of its range.
        InputError: when a class is unknown or has no region, or the folder holds
            something else.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> data = write_dataset(folder / "strips", per_class=2, size=32)
        >>> plain = data / "IMAGES" / "patches_1.jpg"
        >>> blend(data, plain, folder / "out", per_class=3, quiet=True).count
        18
    """
    import numpy as np

    from rkd_keras.data import load_images, open_dataset
    from rkd_keras.data.sample_folder import SampleFolder
    from rkd_keras.data.samples.blending import blend_samples
    from rkd_keras.files.images import list_images, read_image
    from rkd_keras.progress import shown_progress
    from rkd_keras.studies.migrate.classes import renamed_classes
    from rkd_keras.studies.migrate.defects import defects

    if (masks is None) == (region == "masks"):
        raise OptionError("masks", "and --region masks belong together; give both")
    index = open_dataset(data)
    names = renamed_classes(index, rename)
    backgrounds = list_images(background)
    shape = (size, size) if size else read_image(backgrounds[0]).shape[:2]
    targets, kept = load_images(backgrounds, shape)
    backgrounds = [backgrounds[i] for i in kept]
    folder = SampleFolder(out, overwrite, [*index.files, *backgrounds])
    sheet, done = [], 0
    with shown_progress("blending", quiet) as progress:

        def count():
            nonlocal done
            done += 1
            progress(done, per_class * len(names))

        for label, name in names.items():
            members = np.flatnonzero(index.labels == label)
            sources, regions, members = defects(index, members, shape, region, masks)
            try:
                samples, used = blend_samples(
                    sources, regions, targets, per_class, [seed, label], mode, count
                )
            except ValueError as error:
                raise InputError(
                    f"no defect of class {index.class_names[label]!r} has a region; "
                    "try another --region"
                ) from error
            for i, (sample, (source, target)) in enumerate(
                zip(samples, used, strict=True), start=1
            ):
                origin = [index.files[members[source]], backgrounds[target]]
                folder.add(sample, name, f"blend_{i:05}", f"blend_{mode}", origin)
            sheet += [
                (f"{index.class_names[label]}: originals", sources[:SHOWN]),
                (f"blended ({name})", samples[:SHOWN]),
            ]
    return folder.finish(sheet)
