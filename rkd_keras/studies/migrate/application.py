"""Write migrated samples that keep their labels: the public function."""

from typing import Annotated

from rkd_keras.data.sample_folder import WrittenSamples
from rkd_keras.options import AnyPath, Data, Option, Overwrite, Quiet, checked
from rkd_keras.studies.migrate.settings import Rename

SHOWN = 12


@checked
def apply(
    run: Annotated[AnyPath, Option("Run directory of migrate train.")],
    data: Data,
    out: Annotated[AnyPath, Option("Folder to write.")],
    direction: Annotated[str, Option("a2b, or b2a.", choices=("a2b", "b2a"))] = "a2b",
    rename: Rename = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> WrittenSamples:
    """Migrate labelled samples of one line to the other.

    Writes images/<class>/, manifest.csv (which sample came from which image) and a
    contact sheet of originals, migrated and reconstructed samples.

    Returns:
        `rkd_keras.data.WrittenSamples`: the folder, its manifest, the
        number of samples.

    Raises:
        InputError: when there is no generator, a class is unknown, or the folder
            holds something else.

    Example:
        >>> apply("nowhere", "NEU-DET", "migrated")
        Traceback (most recent call last):
        rkd_keras.errors.InputError: no generator at nowhere/generator_a2b.keras; \
train one with rkd-keras migrate train
    """
    import numpy as np

    from rkd_keras.data import open_dataset
    from rkd_keras.data.sample_folder import SampleFolder
    from rkd_keras.progress import shown_progress
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.migrate.classes import renamed_classes
    from rkd_keras.studies.migrate.migration_run import MigrationRun, load_for

    start_tensorflow()
    from rkd_keras.models.translate import translate

    run = MigrationRun(run)
    forward = run.generator(direction)
    backward = run.generator("b2a" if direction == "a2b" else "a2b")
    index = open_dataset(data)
    names = renamed_classes(index, rename)
    folder = SampleFolder(out, overwrite, index.files)
    sheet, done = [], 0
    total = sum(int((index.labels == label).sum()) for label in names)
    with shown_progress("migrating", quiet) as progress:

        def count(images):
            nonlocal done
            done += images
            progress(done, total)

        for label, name in names.items():
            files = [index.files[i] for i in np.flatnonzero(index.labels == label)]
            images, kept = load_for(forward, files)
            files = [files[i] for i in kept]
            migrated = translate(forward, images, progress=count)
            for file, sample in zip(files, migrated, strict=True):
                folder.add(sample, name, file.stem, "cyclegan", [file])
            sheet += [
                (f"{index.class_names[label]}: originals", images[:SHOWN]),
                (f"migrated ({name})", migrated[:SHOWN]),
                ("reconstructed", translate(backward, migrated[:SHOWN])),
            ]
    return folder.finish(sheet)
