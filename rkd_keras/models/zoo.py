"""The networks by name."""

import inspect

from rkd_keras.errors import InputError
from rkd_keras.models.registry import NETWORKS, normalized, public
from rkd_keras.options import as_kind


def networks():
    """Return the builders of all networks.

    Returns:
        Dict from the name in the zoo to the builder.

    Example:
        >>> networks()["resnet18"].__name__
        'ResNet18'
    """
    from rkd_keras import models

    # A network is registered when its module is loaded.
    for name in models.__all__:
        getattr(models, name)
    return NETWORKS


def find_network(model):
    """Return the builder of a network.

    Args:
        model: its name, one of `list_models()`, `"backbone"`, or one of
            `keras.applications`, with `keras_` before it where the zoo has one of the
            same name; case, dashes and underscores do not matter.

    Returns:
        A function.

    Raises:
        InputError: for an unknown name.

    Example:
        >>> find_network("SE-ResNet50").__name__
        'SEResNet50'
    """
    from rkd_keras.models.applications import find_application
    from rkd_keras.models.backbones import backbone_classifier

    for name, builder in networks().items():
        if normalized(name) == normalized(model):
            return builder
    # Not of the zoo: it is another network with every file.
    if normalized(model) == "backbone":
        return backbone_classifier
    builder = find_application(model)
    if builder is None:
        raise InputError(
            f"unknown model {model!r}; the known ones are {', '.join(list_models())}, "
            "and the networks of keras.applications"
        )
    return builder


def builder_for(model, arguments):
    """Return the builder of a network that takes some arguments.

    Args:
        model: see `find_network`.
        arguments: dict of names and values.

    Returns:
        A function.

    Raises:
        InputError: for an unknown name of the model or of an argument.
        OptionError: for a value out of range.

    Example:
        >>> builder_for("resnet18", {"width": 0})
        Traceback (most recent call last):
        rkd_keras.errors.OptionError: width must be above 0, not 0
    """
    builder = find_network(model)
    known = inspect.signature(builder).parameters
    options = getattr(builder, "options", {})
    for name, value in arguments.items():
        if name not in known:
            raise InputError(
                f"model {model!r} got an unexpected keyword argument {name!r}; it "
                f"takes {', '.join(known)}"
            )
        if name in options:
            kind, option = options[name]
            option.check(name, as_kind(name, kind, value))
    return builder


@public
def list_models() -> list[str]:
    """List the names that `create_model` knows.

    Returns:
        Sorted list of strings.

    Example:
        >>> "sarsn101" in list_models()
        True
    """
    return sorted(networks())


@public
def create_model(model, **arguments):
    """Build a model by its name.

    Args:
        model: one of `list_models()`; a network of `keras.applications`, such as
            `"efficientnetv2b0"` (with `keras_` before it where the zoo has one of
            the same name: `"keras_resnet50"`); or `"backbone"`, a classifier on the
            model in a file (`backbone_classifier`). Case, dashes and underscores do
            not matter (`"SE-ResNet50"` is `"se_resnet50"`).
        **arguments: what the model's builder takes, such as `num_classes`,
            `width` or `stem_stride`.

    Returns:
        A `keras.Model`.

    Raises:
        InputError: for an unknown name, or an argument that the model does not
            take.

    Example:
        >>> create_model("resnet18", width=0.125, num_classes=3).output_shape
        (None, 3)
    """
    return builder_for(model, arguments)(**arguments)
