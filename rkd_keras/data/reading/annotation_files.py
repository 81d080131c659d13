"""Find the annotation file that belongs to an image."""

from collections import defaultdict

from rkd_keras.files.walking import Unused

FOLDERS = ("annotations", "annotation")


def match_annotations(images, annotations, root, containers):
    """Find each image's annotation, wherever data sets keep it.

    It is named as its image and lies beside it, in the place that
    `.../annotations/` has for `.../images/`, or, by its name alone, in a folder
    `annotations` beside one that the image lies in.

    Args:
        images: list of paths below `root`.
        annotations: list of paths of `.xml` files below `root`.
        root: the data set's folder.
        containers: names of folders that mean nothing, such as `"images"`.

    Returns:
        Pair: dict from an image's index to its annotation file, and a list of
        `Unused`: annotations of no image or of several.
    """
    places = {_place(path.relative_to(root)): path for path in annotations}
    claims = defaultdict(list)
    for i, image in enumerate(images):
        for place in _places_of(image.relative_to(root), containers):
            if place in places:
                claims[places[place]].append(i)
                break
    found, unused = {}, []
    for path in annotations:
        owners = claims.get(path, [])
        # One picture in two formats shares its annotation.
        if len({images[i].with_suffix("") for i in owners}) == 1:
            found.update(dict.fromkeys(owners, path))
            continue
        if owners:
            names = ", ".join(str(images[i]) for i in owners[:2])
            reason = f"it could belong to several images, such as {names}"
        else:
            reason = "it belongs to no image"
        unused.append(Unused(path, reason, is_loss=True))
    return dict(sorted(found.items())), unused


def _place(path):
    """Where an annotation stands: the folder that it is for, and what lies below."""
    folders, stem = path.parts[:-1], path.stem
    for depth in reversed(range(len(folders))):
        if folders[depth].lower() in FOLDERS:
            return folders[:depth], (*folders[depth + 1 :], stem)
    return folders, (stem,)


def _places_of(path, containers):
    """Where the annotation of an image may stand, likelier places first."""
    folders, stem = path.parts[:-1], path.stem
    for depth in reversed(range(len(folders) + 1)):
        inner = [f for f in folders[depth:] if f.lower() not in containers]
        yield folders[:depth], (*inner, stem)
        if inner:
            yield folders[:depth], (stem,)
