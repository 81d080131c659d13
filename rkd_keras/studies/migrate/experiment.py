"""The trainings and measurements behind `migrate evaluate`."""

import json
from dataclasses import asdict, dataclass, field

from rkd_keras.errors import InputError

# What each arm trains on beside the real samples; all but "real" augment.
ARMS = ("real", "classic", "source", "blend", "cyclegan")


@dataclass
class EvaluationSettings:
    """The options of `migrate evaluate`."""

    a: str
    b: str
    rename: list
    background: list
    out: str
    run: str = None
    classifier: str = None
    shots: list = field(default_factory=lambda: [0, 5, 20])
    seeds: int = 3
    steps: int = 800
    made_first: bool = False
    model: str = "resnet18"
    model_options: dict = field(default_factory=dict)
    size: int = 64
    figure10: bool = True
    precision: str = "auto"
    resume: bool = False
    overwrite: bool = False
    quiet: bool = False


@dataclass
class Lines:
    """Images of both lines, and samples brought from A to B.

    Attributes:
        class_names: line B's names of the mapped classes.
        b_images: real images of line B, uint8.
        b_labels: their labels.
        made: dict from arm to `(images, labels)`: line A's own ("source"),
            blended and migrated samples.
    """

    class_names: tuple
    b_images: object
    b_labels: object
    made: dict


def evaluate_migration(settings):
    """Run what is missing and summarise.

    Args:
        settings: an `EvaluationSettings`.

    Returns:
        The table, as markdown.

    Raises:
        InputError: when a setting or data cannot be used.
    """
    import keras

    from rkd_keras.runs.precision import choose_precision
    from rkd_keras.runs.run import Run
    from rkd_keras.studies.migrate.report import write_results

    run = Run.begin(settings.out, asdict(settings), settings.resume, settings.overwrite)
    results = run.path / "results.jsonl"
    if not settings.resume:
        results.unlink(missing_ok=True)
    lines = load_lines(settings)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(settings.precision))
    try:
        rows = _run_all(settings, lines, results)
    finally:
        keras.config.set_dtype_policy(policy)
    distances = measure_distances(settings, lines) if settings.classifier else None
    return write_results(run, rows, distances, lines.class_names)


def load_lines(settings):
    """Load both lines and make the samples of every arm."""
    import numpy as np

    from rkd_keras.data import load_images, open_dataset
    from rkd_keras.data.samples.blending import blend_samples
    from rkd_keras.files.images import list_images
    from rkd_keras.studies.migrate.classes import renamed_classes
    from rkd_keras.studies.migrate.defects import defects

    shape = (settings.size, settings.size)
    index_a, index_b = open_dataset(settings.a), open_dataset(settings.b)
    names = renamed_classes(index_a, settings.rename)
    if len(names) < 2 or len(set(names.values())) < len(names):
        raise InputError("--map must name at least two classes of A and of B")
    unknown = sorted(set(names.values()) - set(index_b.class_names))
    if unknown:
        raise InputError(
            f"line B has no class {unknown[0]!r}; it has "
            f"{', '.join(index_b.class_names)}"
        )
    least = max(settings.shots) + 1
    b_images, b_labels, targets = [], [], None
    made = {arm: ([], []) for arm in ("source", "blend", "cyclegan")}
    targets, _ = load_images(list_images(settings.background), shape)
    for label, (label_a, name) in enumerate(names.items()):
        label_b = index_b.class_names.index(name)
        members = np.flatnonzero(index_b.labels == label_b)
        if len(members) < least:
            raise InputError(
                f"class {name!r} of line B has {len(members)} images and "
                f"--shots {max(settings.shots)} needs at least {least}"
            )
        images, _ = load_images([index_b.files[i] for i in members], shape)
        b_images.append(images)
        b_labels.append(np.full(len(images), label))
        own = np.flatnonzero(index_a.labels == label_a)
        sources, regions, kept = defects(index_a, own, shape)
        samples = {"source": sources}
        samples["blend"] = np.stack(
            blend_samples(sources, regions, targets, len(sources), [label])[0]
        )
        if settings.run:
            files = [index_a.files[i] for i in kept]
            samples["cyclegan"] = migrated(settings.run, files, shape)
        for arm, images in samples.items():
            made[arm][0].append(images)
            made[arm][1].append(np.full(len(images), label))
    made = {
        arm: (np.concatenate(images), np.concatenate(labels))
        for arm, (images, labels) in made.items()
        if images
    }
    return Lines(
        tuple(names.values()), np.concatenate(b_images), np.concatenate(b_labels), made
    )


def migrated(run, files, shape):
    """Migrate files from A to B and bring them to `(n, height, width, 3)`."""
    import numpy as np

    from rkd_keras.files.images import resize_image, to_rgb_uint8
    from rkd_keras.models.translate import translate
    from rkd_keras.studies.migrate.generators import load_for, load_generator

    generator = load_generator(run, "a2b")
    images = translate(generator, load_for(generator, files)[0])
    return np.stack([resize_image(to_rgb_uint8(image), shape) for image in images])


def _run_all(settings, lines, results):
    from rich.progress import Progress

    rows = []
    if results.exists():
        rows = read_rows(results)
    done = {(row["arm"], row["shots"], row["seed"]) for row in rows}
    jobs = [
        (arm, shots, seed)
        for seed in range(settings.seeds)
        for shots in settings.shots
        for arm in ARMS
        if (arm in lines.made or (shots > 0 and arm in ("real", "classic")))
    ]
    if settings.figure10 and settings.run:
        jobs += [
            (arm, None, seed)
            for seed in range(settings.seeds)
            for arm in ("figure10_original", "figure10_migrated")
        ]
    with Progress(disable=settings.quiet) as bar:
        task = bar.add_task("trainings", total=len(jobs))
        for arm, shots, seed in jobs:
            if (arm, shots, seed) not in done:
                if shots is None:
                    scores = _figure10(settings, arm, seed)
                else:
                    scores = _few_shot(settings, lines, arm, shots, seed)
                rows.append({"arm": arm, "shots": shots, "seed": seed, **scores})
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
            bar.advance(task)
    return rows


def read_rows(path):
    """Read finished trainings; half a line, left by a kill, is passed over."""
    text = path.read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return rows


def split_line_b(labels, most, seed):
    """Order line B's images so that every number of shots has the same test part.

    Returns:
        Pair: per class the `most` images that may be trained on, in order, and
        the indices of the test part.
    """
    import numpy as np

    rng = np.random.default_rng([seed, 5])
    pools, test = [], []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        pools.append(members[:most])
        test.append(members[most:])
    return pools, np.concatenate(test)


def _few_shot(settings, lines, arm, shots, seed):
    import numpy as np

    from rkd_keras.studies.migrate.classifier import train_classifier

    pools, test = split_line_b(lines.b_labels, max(settings.shots), seed)
    real = np.concatenate([pool[:shots] for pool in pools])
    images, labels = lines.b_images[real], lines.b_labels[real]
    stages = [(images, labels)] if shots else []
    made = lines.made.get(arm)
    if made is not None and (settings.made_first or not shots):
        stages = [made, *stages]
    elif made is not None:
        # Real samples fill half of an epoch, however few they are; a handful
        # would drown in hundreds of migrated ones.
        repeats = max(len(made[0]) // len(real), 1)
        images = np.concatenate([*[images] * repeats, made[0]])
        labels = np.concatenate([*[labels] * repeats, made[1]])
        stages = [(images, labels)]
    return train_classifier(
        settings,
        lines.class_names,
        stages,
        (lines.b_images[test], lines.b_labels[test]),
        seed,
        augment=arm != "real",
    )


def _figure10(settings, arm, seed):
    """Train and test on line A's images, or on what they became."""
    import numpy as np

    from rkd_keras.data import load_images, make_split, open_dataset
    from rkd_keras.studies.migrate.classifier import train_classifier

    index = open_dataset(settings.a)
    split = make_split(index, "holdout", seed, val_fraction=0.0)
    shape = (settings.size, settings.size)
    parts = []
    for members in (split.train, split.test):
        files = [index.files[i] for i in members]
        if arm == "figure10_original":
            images, kept = load_images(files, shape)
        else:
            images, kept = migrated(settings.run, files, shape), np.arange(len(files))
        parts.append((images, index.labels[members[kept]]))
    train, test = parts
    return train_classifier(settings, index.class_names, [train], test, seed)


def measure_distances(settings, lines):
    """FID and KID of every arm's samples to line B's real images.

    Equally many images of each, and half of the real ones as the rest's yardstick.
    """
    import numpy as np

    from rkd_keras.evaluate.embedding_distance import frechet_distance, kernel_distance
    from rkd_keras.studies.migrate.classifier import embedder

    embed = embedder(settings.classifier)
    rng = np.random.default_rng(0)
    halves = np.array_split(rng.permutation(len(lines.b_images)), 2)
    count = min(len(halves[1]), *(len(x) for x, _ in lines.made.values()))
    reference = embed(lines.b_images[halves[0][:count]])
    sets = {"real line B": lines.b_images[halves[1]]}
    sets.update({arm: images for arm, (images, _) in lines.made.items()})
    distances = {}
    for name, images in sets.items():
        chosen = rng.choice(len(images), count, replace=False)
        embedding = embed(images[np.sort(chosen)])
        distances[name] = {
            "fid": frechet_distance(reference, embedding),
            "kid": kernel_distance(reference, embedding),
            "images": int(count),
        }
    return distances
