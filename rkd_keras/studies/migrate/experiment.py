"""The trainings of `migrate evaluate`: which there are, and on what."""

from rkd_keras.studies.migrate.frozen_heads import LABELLED, UNLABELLED, score_head

# What each arm trains on beside the real samples; all but "real" augment.
ARMS = ("real", "classic", "source", "blend", "cyclegan")


def row_key(row):
    """What no other training of an evaluation has.

    Args:
        row: dict with `arm`, `shots` and `seed`.

    Returns:
        A triple of them.
    """
    return row["arm"], row["shots"], row["seed"]


def run_trainings(settings, lines, path):
    """Run the trainings that are missing.

    Args:
        settings: an `EvaluationSettings`.
        lines: the `Lines`.
        path: file of the finished ones, JSON lines.

    Returns:
        List of all rows asked for, dicts of `arm`, `shots`, `seed` and the scores.

    Raises:
        InputError: when the file holds something else.
    """
    from rkd_keras.progress import shown_progress
    from rkd_keras.studies.row_store import RowStore

    store = RowStore(path, row_key)
    trainings = planned(settings, lines)
    with shown_progress("trainings", settings.quiet) as progress:
        for number, (arm, shots, seed) in enumerate(trainings, start=1):
            if (arm, shots, seed) not in store:
                if shots is None:
                    scores = _figure10(settings, arm, seed)
                else:
                    scores = _few_shot(settings, lines, arm, shots, seed)
                store.add({"arm": arm, "shots": shots, "seed": seed, **scores})
            progress(number, len(trainings))
    return store.select(trainings)


def planned(settings, lines):
    """List the trainings of an evaluation.

    Args:
        settings: an `EvaluationSettings`.
        lines: the `Lines`.

    Returns:
        List of `(arm, shots, seed)`; `shots` is `None` for Figure 10's.
    """
    few = [
        (arm, shots, seed)
        for seed in range(settings.seeds)
        for shots in settings.shots
        for arm in ARMS
        if arm in lines.made or (shots > 0 and arm in ("real", "classic"))
    ]
    if settings.frozen:
        few += [
            (arm, shots, seed)
            for seed in range(settings.seeds)
            for shots in settings.shots
            for arm in (LABELLED if shots else UNLABELLED)
        ]
    if not (settings.figure10 and settings.run):
        return few
    return few + [
        (arm, None, seed)
        for seed in range(settings.seeds)
        for arm in ("figure10_original", "figure10_migrated")
    ]


def split_line_b(labels, most, seed):
    """Order line B's images so that every number of shots has the same test part.

    Args:
        labels: array `(N,)`.
        most: largest number of shots.
        seed: integer.

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
    if arm in (*LABELLED, *UNLABELLED):
        return score_head(lines, arm, real, np.concatenate(pools), test, seed)
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
    from rkd_keras.data import load_images, make_split, open_dataset
    from rkd_keras.studies.migrate.classifier import train_classifier
    from rkd_keras.studies.migrate.lines import migrated

    index = open_dataset(settings.a)
    # As the paper has it: at random.
    split = make_split(index, "holdout", seed, val_fraction=0.0, groups="none")
    shape = (settings.size, settings.size)
    parts = []
    for members in (split.train, split.test):
        files = [index.files[i] for i in members]
        if arm == "figure10_original":
            images, kept = load_images(files, shape)
        else:
            images, kept = migrated(settings.run, files, shape)
        parts.append((images, index.labels[members[kept]]))
    train, test = parts
    return train_classifier(settings, index.class_names, [train], test, seed)
