"""Which options a study may give to a network that has a shape of its own."""

import inspect

COMMON = ("width", "stem_stride")


def own_options(model):
    """Names of the common options that a network of the zoo decides itself.

    Args:
        model: name in the zoo.

    Returns:
        Set of `"width"` and `"stem_stride"`, or of one of them, or empty.

    Example:
        >>> own_options("resnet18"), sorted(own_options("edge_resnet_small"))
        (set(), ['stem_stride', 'width'])
    """
    from rkd_keras.models.zoo import find_network

    arguments = inspect.signature(find_network(model)).parameters
    return {
        name for name in COMMON if name in arguments and arguments[name].default != 1
    }


def without_own(model, options):
    """Leave out of common options what a network decides itself.

    Args:
        model: name in the zoo.
        options: dict of arguments that all networks of a study share.

    Returns:
        Dict of those that are for this network.

    Example:
        >>> without_own("edge_resnet_tiny", {"width": 0.5, "dropout": 0.1})
        {'dropout': 0.1}
    """
    own = own_options(model)
    return {name: value for name, value in options.items() if name not in own}
