"""The networks of a pipeline: who teaches, and what the student starts from."""

from pathlib import Path

from rkd_keras.runs.plan import HEAD_VIEWS
from rkd_keras.runs.start_tensorflow import parts_for, usable_cores

# Images that are looked at for those of NEU.
MOST_LOOKED_AT = 2000
# Fewer training images are cut into smaller batches, for more steps of an epoch.
FEW_IMAGES = 300
# No quarter turns, for a line's images have a direction. These and `TAUGHT` were chosen
# on validation images of CR7, in single trials of one seed of which no rows are kept.
VIEWS = {"zoom": 0.35, "quarter_turns": False}
WIDENED = ("edge_resnet_small",)
TEACHERS = {
    "imagenet": {
        "model": "efficientnet_lite0",
        "weights": "imagenet",
        "size": 128,
        "unfreeze": 7,
        "head_views": HEAD_VIEWS,
        "zoom": 0.1,
    },
    "sarsn34": {"model": "sarsn34", "width": 0.25, "stem_stride": 2, "size": 64},
    "neu": {"model": "edge_resnet_small", "weights": "neu", "size": 64},
    "none": None,
}
# A teacher that has seen more than the student will knows more than the labels.
TAUGHT = {
    "temperature": 2.0,
    "hard_weight": 0.0,
    "kd_weight": 1.0,
    "distance_weight": 0.0,
    "angle_weight": 0.0,
}


# Twice the side for the same multiply-adds: the first stage halves the map as well. See
# docs/results/pipeline_choices, made by benchmarks/pipeline_choices.py.
CLOSER = {"size": 128, "model_options": {"stage_strides": (2, 2, 2, 2)}}


def choose_networks(data, model, size, start, teacher):
    """Choose what the student sees, what it starts from, and who teaches.

    Args:
        data: the data set.
        model: the student's name.
        size: side of its images, or `None`.
        start: `"neu"`, `"none"` or `"auto"`.
        teacher: one of `TEACHERS`, or `"auto"`.

    Returns:
        Dict of `Settings` for what the student sees, start, teacher.
    """
    from rkd_keras.data import open_dataset
    from rkd_keras.models.imagenet_weights import is_installed

    if teacher == "auto" and is_installed(TEACHERS["imagenet"]["model"]):
        teacher = "imagenet"
    view = {"size": size}
    if size is None:
        files = open_dataset(data).files
        view = choose_view(files, model, teacher) if start != "neu" else {"size": 64}
    if start == "auto":
        start = "none" if "model_options" in view else choose_start(data, model)
    if teacher == "auto":
        # A student that begins with NEU's strips has no teacher: one that begins with
        # nothing has more to learn, in the same minutes.
        teacher = "none" if start == "neu" else "sarsn34"
    return view, start, teacher


def choose_view(files, model, teacher):
    """Choose what the student sees of an image: 64 pixels a side, or twice as many.

    Args:
        files: the data set's images.
        model: the student's name.
        teacher: the teacher's name among the pipeline's.

    Returns:
        Dict of `Settings`' `size` and, where the network's shape differs,
        `model_options`.
    """
    from rkd_keras.files.images import read_image

    sides = [min(read_image(file).shape[:2]) for file in files[:: len(files) // 8]]
    # Weights of the package, and the smaller teachers, are for 64 pixels.
    if teacher == "imagenet" and model in WIDENED and min(sides) > 64:
        return CLOSER
    return {"size": 64}


def choose_start(data, model):
    """Choose the package's own weights, unless they know the images already."""
    from rkd_keras.data import open_dataset
    from rkd_keras.models.pretrained import find_seen, neu_presets

    if model not in neu_presets():
        return "none"
    files = open_dataset(data).files
    # Of many images some tell.
    few = files[:: -(-len(files) // MOST_LOOKED_AT)]
    return "none" if find_seen(few) else "neu"


def batches(images):
    """Return how a training is cut into batches, a dict of `Settings`."""
    size = 16 if images < FEW_IMAGES else 32
    return {"batch_size": size, "batch_parts": parts_for(size, usable_cores())}


def count_unlabelled(folder, data, any_size=False):
    """Count the images of a folder that the data set does not name, once checked."""
    from rkd_keras.data import open_dataset
    from rkd_keras.runs.unlabelled import check_unlabelled

    if folder is None:
        return 0
    known = open_dataset(data).files
    found = check_unlabelled(folder, known, any_size)
    named = {Path(file).resolve() for file in known}
    return sum(Path(file).resolve() not in named for file in found)
