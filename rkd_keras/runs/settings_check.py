"""Which values of a training's settings cannot go together."""

from rkd_keras.errors import InputError, OptionError


def check_together(settings):
    """Refuse values that exclude each other.

    Args:
        settings: a `Settings` whose values are each in its range.

    Raises:
        OptionError: for a value that has no meaning beside the others.
        InputError: for values that exclude each other.
    """
    if settings.unfreeze and settings.weights != "imagenet":
        raise OptionError("unfreeze", "is of use with weights imagenet alone")
    if settings.batch_parts > 1 and settings.strategy not in (None, "none"):
        raise OptionError(
            "batch_parts",
            f"is for one processor: leave it out with the strategy {settings.strategy}",
        )
    if not settings.teacher:
        if settings.unlabelled:
            raise OptionError("unlabelled", "needs a teacher, who answers for them")
        return
    if settings.unlabelled and (settings.mix or settings.sampling != "natural"):
        raise InputError(
            "mix and sampling need a label for each image; leave them, or give no "
            "unlabelled images"
        )
    if settings.unlabelled and settings.evaluate == "train":
        raise InputError("the training part is scored without unlabelled alone")
    if settings.weights == "imagenet":
        raise InputError(
            "weights imagenet trains the head alone, on labels alone: it can be a "
            "teacher, not a student"
        )
    if settings.mix and settings.teacher_views:
        raise InputError(
            "mix cannot be used with stored teacher answers, for the teacher never "
            "saw the mixed images; give --teacher-views 0"
        )
    terms = ("hard_weight", "kd_weight", "distance_weight", "angle_weight")
    if not any(getattr(settings, name) for name in terms):
        raise OptionError(
            "hard_weight", "and all other weights are 0: there is nothing to learn"
        )
