"""One decorator gives a network its arguments, its place in the zoo and its name.

A light module: it loads no Keras.
"""

import functools
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from rkd_keras.options import as_kind, option_of, read_as

if TYPE_CHECKING:
    import keras

Thing = TypeVar("Thing")
# What `rkd_keras.models` offers, by name; `__init__.pyi` is written of it.
PUBLIC = {}
# The builders of the zoo, by the names that their models have by default.
NETWORKS = {}

_HEADING = re.compile(r"^(Args|Returns|Raises|Reference|Example):$", re.MULTILINE)
_RETURNS = """
    A `keras.Model` from images `(batch, height, width, channels)` to logits
    `(batch, num_classes)`. The pooled features are the layer `embedding`, the head
    is the layer `logits`.
"""


def normalized(name):
    """Spell a network's name in the one way that names are compared in.

    Args:
        name: text.

    Returns:
        It in lower case without dashes and underscores.

    Example:
        >>> normalized("SE-ResNet_50")
        'seresnet50'
    """
    return str(name).lower().replace("-", "").replace("_", "")


def public(thing: Thing) -> Thing:
    """Make a function a public name of `rkd_keras.models`.

    Args:
        thing: the function.

    Returns:
        The function.
    """
    PUBLIC[thing.__name__] = thing
    return thing


def extends(base):
    """Mark a builder whose `**options` are the arguments of another.

    Args:
        base: the other builder, to which they are handed on.

    Returns:
        A decorator.
    """

    def mark(builder):
        builder.base = base
        return builder

    return mark


def network(
    of: Callable | None = None, **defaults: Any
) -> "Callable[[Callable], Callable[..., keras.Model]]":
    """Make a builder a public network of the zoo.

    Its arguments are those that are annotated with an `Option`, its own and those
    of the builders that it `extends`; they are checked, and described in the
    docstring, in which sections that are the same for all need not be written.

    Args:
        of: the builder that `**options` go to, or `None`. Defaults to `None`.
        **defaults: defaults that differ from that builder's; `name` is also the
            network's name in the zoo.

    Returns:
        A decorator.

    Example:
        >>> from rkd_keras.models.resnet import residual_network
        >>> from rkd_keras.models.blocks import basic_block
        >>> @network(of=residual_network, name="resnet10")
        ... def ResNet10(**options):
        ...     '''ResNet10: basic blocks [1, 1, 1, 1].'''
        ...     return residual_network(basic_block, (1, 1, 1, 1), **options)
        >>> ResNet10(width=0.125, num_classes=3).output_shape
        (None, 3)
        >>> del PUBLIC["ResNet10"], NETWORKS["resnet10"]
    """

    def register(builder):
        if of is not None:
            builder.base = of
        parameters = [
            each.replace(default=defaults.get(each.name, each.default))
            for each in _parameters(builder)
        ]
        signature = inspect.Signature(parameters)
        options = {p.name: option_of(p.annotation) for p in parameters}

        @functools.wraps(builder)
        def build(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            for name, value in bound.arguments.items():
                kind, option = options[name]
                # "neu" stays a name among the paths of weights.
                if read_as(kind) == kind:
                    bound.arguments[name] = as_kind(name, kind, value)
                option.check(name, bound.arguments[name])
            return builder(**bound.arguments)

        build.options = options
        build.__signature__ = signature.replace(
            parameters=[
                p.replace(annotation=option_of(p.annotation)[0]) for p in parameters
            ]
        )
        build.__doc__ = _documented(builder, parameters)
        NETWORKS[signature.parameters["name"].default] = build
        return public(build)

    return register


def _chain(builder):
    """Yield a builder and those that it extends."""
    while builder is not None:
        yield builder
        builder = getattr(builder, "base", None)


def _parameters(builder):
    """List the arguments that have an `Option`; `name` is the last."""
    found = {}
    for each in reversed([*_chain(builder)]):
        for parameter in inspect.signature(each, eval_str=True).parameters.values():
            if option_of(parameter.annotation)[1] is not None:
                found[parameter.name] = parameter
    found["name"] = found.pop("name")
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [parameter.replace(kind=kind) for parameter in found.values()]


def _documented(builder, parameters):
    """Write a builder's docstring: its own sections, those it extends, the common."""
    own, *bases = (_sections(inspect.getdoc(each) or "") for each in _chain(builder))
    # What a base says of itself in its first line is not said of its variants.
    texts = [own[""], *(base[""].partition("\n\n")[2] for base in bases)]
    example = (
        f"\n    >>> model = {builder.__name__}(width=0.125, input_shape=(32, 32, 3))\n"
        "    >>> model.output_shape\n    (None, 6)\n"
    )
    found = {"Returns": _RETURNS, "Example": example}
    for sections in reversed([own, *bases]):
        found.update(sections)
    found["Args"] = "\n" + "".join(_described(each) for each in parameters)
    parts = [text.strip() for text in texts if text.strip()]
    for heading in ("Args", "Returns", "Raises", "Reference", "Example"):
        if heading in found:
            parts.append(f"{heading}:\n{found[heading].strip(chr(10)).rstrip()}")
    # Indented as in the source, where others look for it.
    return textwrap.indent("\n\n".join(parts), "    ").lstrip() + "\n    "


def _sections(text):
    """Split a docstring at its headings: a dict, with what comes first under ""."""
    first, *rest = _HEADING.split(text)
    return {"": first, **dict(zip(rest[::2], rest[1::2], strict=True))}


def _described(parameter):
    option = option_of(parameter.annotation)[1]
    default = parameter.default
    shown = f'"{default}"' if isinstance(default, str) else str(default)
    return f"    {parameter.name}: {option.help} Defaults to `{shown}`.\n"
