"""The networks of a pipeline: who teaches, and what the student starts from."""

from rkd_keras.runs.plan import HEAD_VIEWS

# Images that are looked at for those of NEU.
MOST_LOOKED_AT = 2000
# No quarter turns, for a line's images have a direction. These and `TAUGHT` were chosen
# on validation images of CR7, in single trials of one seed of which no rows are kept.
VIEWS = {"zoom": 0.35, "quarter_turns": False}
TEACHERS = {
    "imagenet": {
        "model": "efficientnet_lite0",
        "weights": "imagenet",
        "size": 128,
        "unfreeze": 7,
        "head_views": HEAD_VIEWS,
        "zoom": 0.1,
    },
    "sarsn34": {"model": "sarsn34", "width": 0.25, "stem_stride": 2},
    "neu": {"model": "edge_resnet_small", "weights": "neu"},
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


def choose_teacher(start):
    """Choose the teacher: ImageNet's knowledge where it is installed.

    Without it a student that begins with NEU's strips has no teacher: one that begins
    with nothing has more to learn, in the same minutes.
    """
    from rkd_keras.models.imagenet_weights import is_installed

    if is_installed(TEACHERS["imagenet"]["model"]):
        return "imagenet"
    return "none" if start == "neu" else "sarsn34"
