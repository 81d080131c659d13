"""Images without labels, from which a student learns what its teacher says."""

from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.runs.parts import PARTS


def check_unlabelled(folder, known, any_size=False):
    """Refuse images unlike those that have labels, before anything is trained.

    What cannot be decoded is left out later, as labelled images are.

    Args:
        folder: path of a folder, an image or a pack.
        known: list of paths of labelled images.
        any_size: whether other sizes and depths are wanted. Defaults to `False`.

    Returns:
        List of the paths in the folder.

    Raises:
        InputError: when there is no such folder, or an image has another size or depth.
    """
    from rkd_keras.files.listing import list_images
    from rkd_keras.runs.image_kinds import check_kinds

    files = list_images(Path(folder))
    if not any_size:
        check_kinds(known, files, strict=False)
    return files


def find_unlabelled(folder, recorded):
    """List the images whose content no part of a run's split holds.

    Those of the training part have a label, those of the others must not be learnt
    from. So a folder may hold labelled images too, as where few of many have been
    labelled.

    Args:
        folder: path of a folder, an image or a pack.
        recorded: dict of the run's `split.json`.

    Returns:
        List of paths, of copies one each.

    Raises:
        InputError: when there is no such folder, or no image is left.
    """
    from rkd_keras.data.reading.identity import digests_of
    from rkd_keras.files.listing import list_images

    known = {row["sha256"] for part in PARTS for row in recorded[part]}
    found = list_images(Path(folder))
    digests = digests_of(found)
    chosen = {d: f for f, d in zip(found, digests, strict=True) if d not in known}
    if not chosen:
        raise InputError(
            f"every image of {folder} belongs to the data set's own parts; give images "
            "that do not"
        )
    return list(chosen.values())
