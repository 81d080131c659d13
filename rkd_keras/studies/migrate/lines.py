"""The images of two lines, and the samples brought from one to the other."""

from dataclasses import dataclass

from rkd_keras.errors import InputError


@dataclass
class Lines:
    """Images of both lines, and samples brought from A to B.

    Attributes:
        class_names: line B's names of the mapped classes.
        b_images: real images of line B, uint8.
        b_labels: their labels.
        made: dict from arm to `(images, labels)`: line A's own ("source"),
            blended and migrated samples.
        a_features: pair of line A's ImageNet features and labels, or `None`.
        b_features: those of `b_images`, or `None`.
    """

    class_names: tuple
    b_images: object
    b_labels: object
    made: dict
    a_features: tuple | None = None
    b_features: object = None


def open_lines(settings):
    """Find both lines' images and check that the classes are there; nothing is read.

    Args:
        settings: an `EvaluationSettings`.

    Returns:
        Triple: the `ImageIndex` of A, that of B, and a dict from A's label to B's name.

    Raises:
        InputError: when the classes are not those of the lines, or too few images.
    """
    from rkd_keras.data import open_dataset
    from rkd_keras.studies.migrate.classes import renamed_classes

    index_a, index_b = open_dataset(settings.a), open_dataset(settings.b)
    names = renamed_classes(index_a, settings.rename)
    if len(names) < 2 or len(set(names.values())) < len(names):
        raise InputError("--map must name at least two classes of A and of B")
    unknown = sorted(set(names.values()) - set(index_b.class_names))
    if len(unknown) == len(names):
        raise InputError(
            f"line B has none of the classes {', '.join(names.values())}; say with "
            f"--map which of {', '.join(index_b.class_names)} they are"
        )
    if unknown:
        raise InputError(
            f"line B has no class {unknown[0]!r}; it has "
            f"{', '.join(index_b.class_names)}"
        )
    least, counts = max(settings.shots) + 1, index_b.counts()
    for name in names.values():
        count = counts[index_b.class_names.index(name)]
        if count < least:
            raise InputError(
                f"class {name!r} of line B has {count} images and --shots "
                f"{max(settings.shots)} needs at least {least}"
            )
    return index_a, index_b, names


def load_lines(settings):
    """Load both lines and make the samples of every arm.

    Args:
        settings: an `EvaluationSettings`.

    Returns:
        The `Lines`.

    Raises:
        InputError: when the classes are not those of the lines, or too few images.
    """
    import numpy as np

    from rkd_keras.data import load_images
    from rkd_keras.data.samples.blending import blend_samples
    from rkd_keras.files.images import list_images
    from rkd_keras.studies.migrate.defects import defects
    from rkd_keras.studies.migrate.frozen_heads import line_features

    shape = (settings.size, settings.size)
    index_a, index_b, names = open_lines(settings)
    b_images, b_labels, files_a, files_b = [], [], [], []
    made = {arm: ([], []) for arm in ("source", "blend", "cyclegan")}
    targets, _ = load_images(list_images(settings.background), shape)
    for label, (label_a, name) in enumerate(names.items()):
        label_b = index_b.class_names.index(name)
        members = np.flatnonzero(index_b.labels == label_b)
        images, _ = load_images([index_b.files[i] for i in members], shape)
        b_images.append(images)
        files_b += [index_b.files[i] for i in members]
        b_labels.append(np.full(len(images), label))
        own = np.flatnonzero(index_a.labels == label_a)
        files_a.append([index_a.files[i] for i in own])
        sources, regions, kept = defects(index_a, own, shape)
        samples = {"source": sources}
        samples["blend"] = np.stack(
            blend_samples(sources, regions, targets, len(sources), [label])[0]
        )
        if settings.run:
            files = [index_a.files[i] for i in kept]
            samples["cyclegan"], _ = migrated(settings.run, files, shape)
        for arm, images in samples.items():
            made[arm][0].append(images)
            made[arm][1].append(np.full(len(images), label))
    made = {
        arm: (np.concatenate(images), np.concatenate(labels))
        for arm, (images, labels) in made.items()
        if images
    }
    lines = Lines(
        tuple(names.values()), np.concatenate(b_images), np.concatenate(b_labels), made
    )
    if settings.frozen:
        found = [line_features(files) for files in files_a]
        labels = np.repeat(np.arange(len(found)), [len(each) for each in found])
        lines.a_features = np.concatenate(found), labels
        lines.b_features = line_features(files_b)
    return lines


def migrated(run, files, shape):
    """Migrate files from A to B.

    Args:
        run: run directory of a CycleGAN.
        files: list of paths.
        shape: `(height, width)` that the samples are resized to.

    Returns:
        Pair: array `(n, height, width, 3)`, uint8, and the indices of the files that
        could be read.
    """
    import numpy as np

    from rkd_keras.files.images import resize_image, to_rgb_uint8
    from rkd_keras.models.translate import translate
    from rkd_keras.studies.migrate.migration_run import MigrationRun, load_for

    generator = MigrationRun(run).generator("a2b")
    images, kept = load_for(generator, files)
    samples = translate(generator, images)
    return np.stack([resize_image(to_rgb_uint8(x), shape) for x in samples]), kept
