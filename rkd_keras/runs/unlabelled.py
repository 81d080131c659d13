"""Images without labels, from which a student learns what its teacher says."""

from pathlib import Path

from rkd_keras.errors import InputError

# Label of an image that has none.
NO_LABEL = -1


def add_unlabelled(settings, split, index, parts):
    """Put images without labels behind those of the training part.

    Images that the split knows, by their content, are left out: those of the training
    part have a label, those of the others must not be learnt from. So a folder may
    hold labelled images too, as where few of many have been labelled.

    Args:
        settings: a `Settings`; its `unlabelled` is a folder, an image or a pack.
        split: the `Split`.
        index: its `ImageIndex`.
        parts: the `Parts`; changed in place: `NO_LABEL` is the label of what is added.

    Returns:
        Number of images that were added.

    Raises:
        InputError: when there is no such folder, or no image is left.
    """
    import numpy as np

    from rkd_keras.data import open_images
    from rkd_keras.data.reading.identity import digests_of
    from rkd_keras.files.images import list_images

    found = list_images(Path(settings.unlabelled))
    members = np.concatenate([split.train, split.val, split.test])
    known = set(digests_of([index.files[i] for i in members]))
    digests = digests_of(found)
    # Copies would count twice.
    chosen = {d: f for f, d in zip(found, digests, strict=True) if d not in known}
    if not chosen:
        raise InputError(
            f"every image of {settings.unlabelled} belongs to the data set's own "
            "parts; give images that do not"
        )
    files = [*parts.files["train"], *chosen.values()]
    size = (settings.size, settings.size)
    images, kept = open_images(files, size, settings.strict)
    labels = np.concatenate(
        [parts.labels["train"], np.full(len(chosen), NO_LABEL, np.int64)]
    )
    parts.files["train"] = [files[i] for i in kept]
    parts.images["train"], parts.labels["train"] = images, labels[kept]
    return int((parts.labels["train"] == NO_LABEL).sum())
