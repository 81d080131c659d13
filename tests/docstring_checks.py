"""What the docstring of a public name must say, read from its code."""

import ast
import inspect
import re
import sys
import textwrap

# Arguments of these names are arrays wherever they occur: the text must give a shape.
ARRAYS = {
    "boxes",
    "embedding",
    "heat",
    "image",
    "images",
    "labels",
    "logits",
    "mask",
    "probabilities",
    "x",
    "y",
    "y_pred",
    "y_true",
}
# A shape, or the words for what is one image of any size, several, or none.
SHAPE = re.compile(r"\([^()`]*,[^()`]*\)|\(\w+,\)|scalar|shape|see `|as `|the same\b")
IS_ARRAY = re.compile(r"\b(array|tensor)s?\b", re.IGNORECASE)
# Counts, and containers that describe what they hold elsewhere.
NO_ARRAY = re.compile(r"^(number of|dict\b|mapping)")
# Methods that Keras asks for by name, whatever class they are in.
PROTOCOL = re.compile(
    r"^(save_own_variables|load_own_variables|from_config|set_state)$"
)
# Arguments of these names are lengths or times: the text must give a unit.
LENGTHS = re.compile(
    r"(^|_)(size|side|gap|seam|kernel_size|least_side|most_side|neighbourhood|"
    r"seconds|timeout|mm_per_pixel|shape)$"
)
UNIT = re.compile(
    r"pixel|\bpx\b|\bmm\b|millimetre|second|\bms\b|byte|degree|percent|images|"
    r"\(\w+, ?\w+|samples|places|see `|as `|height",
)
NO_LENGTHS = {"batch_size", "pool_size"}
SOURCE = re.compile(
    r"References?:|et al\.|\beqs?\. ?\d|\b(Figure|Table|section) \d|\b(19|20)\d\d\b"
)


def sections(text):
    """Split a docstring into its sections: dict from heading to body."""
    found, current = {"": []}, ""
    for line in text.splitlines():
        heading = re.fullmatch(r"([A-Z][A-Za-z ]+):", line)
        if heading:
            current = heading[1]
            found[current] = []
        else:
            found[current].append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def described(body):
    """Split the body of `Args:` into a dict from name to description."""
    found, name = {}, None
    for line in body.splitlines():
        start = re.match(r"    (\*{0,2}\w+)(?: \([^)]*\))?: ?(.*)", line)
        if start:
            name = start[1].lstrip("*")
            found[name] = start[2]
        elif name is not None:
            found[name] += " " + line.strip()
    return found


def parameters_of(thing):
    """Names of what a caller passes, without self and catch-alls."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except ValueError:
        return []
    return [
        p.name
        for p in parameters
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        and p.name not in ("self", "cls")
    ]


def tree_of(function):
    source = inspect.getsource(inspect.unwrap(function))
    return ast.parse(textwrap.dedent(source)).body[0]


def own_nodes(tree):
    """Nodes of a function without those of functions defined within."""
    inner = {
        node
        for scope in ast.walk(tree)
        if isinstance(scope, ast.FunctionDef | ast.Lambda) and scope is not tree
        for node in ast.walk(scope)
    }
    return [node for node in ast.walk(tree) if node not in inner]


def returns_something(function):
    return any(
        isinstance(node, ast.Yield)
        or (isinstance(node, ast.Return) and node.value is not None)
        for node in own_nodes(tree_of(function))
    )


def raised_by(function, seen=()):
    """Names of the errors that a function raises, in itself or by private helpers.

    Followed are calls of `_functions` of the same module and of `self._methods`.
    """
    function = inspect.unwrap(function)
    module = sys.modules[function.__module__]
    owner = getattr(module, function.__qualname__.split(".")[0], None)
    names, passed_on, caught = set(), set(), set()
    for node in ast.walk(tree_of(function)):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            caught |= set(re.findall(r"\w+", ast.unparse(node.type)))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            names.add(ast.unparse(node.exc.func).split(".")[-1])
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            helper = None
            if re.fullmatch(r"_\w+", called):
                helper = getattr(module, called, None)
            elif re.fullmatch(r"self\._\w+", called) and inspect.isclass(owner):
                helper = inspect.getattr_static(owner, called[5:], None)
            if inspect.isfunction(helper) and helper not in seen:
                if helper.__module__ == function.__module__:
                    passed_on |= raised_by(helper, (*seen, function))
    return (names | passed_on - caught) - {"NotImplementedError", "AttributeError"}


def missing_in_arguments(thing, text, needs_section=True):
    """List what the arguments' descriptions lack: names, shapes, units."""
    parts = sections(text)
    flat = " ".join(text.split())
    parameters = parameters_of(thing)
    missing = []
    headings = ("Args", "Attributes", "Inputs")
    if parameters and needs_section and not set(headings) & set(parts):
        missing.append("Args:")
    # A class that takes another's arguments may refer to its documentation.
    passed_on = "**kwargs:" in flat or "**arguments:" in flat
    # What an option of the command line is, its type tells: a path or a number.
    options = getattr(thing, "options", {})
    texts = {}
    for heading in headings:
        texts |= described(parts.get(heading, ""))
    for name in parameters:
        if name not in texts:
            if not (passed_on or f"{name}:" in flat or f"{name} (" in flat):
                missing.append(f"the argument {name}")
            continue
        about = texts[name]
        is_array = (name in ARRAYS and name not in options) or IS_ARRAY.search(about)
        if is_array and not (SHAPE.search(about) or NO_ARRAY.match(about)):
            missing.append(f"a shape of {name}")
        if LENGTHS.search(name) and name not in NO_LENGTHS and not UNIT.search(about):
            missing.append(f"a unit of {name}")
    return missing


def missing_errors(function, *texts):
    """List the errors that a function raises and no text names."""
    stated = " ".join(sections(text).get("Raises", "") for text in texts)
    return [
        f"Raises: {name}"
        for name in sorted(raised_by(function))
        if not re.search(rf"\b{name}\b", stated)
    ]


def missing_sections(thing, needs_source=False):
    """List what a public object's docstring lacks."""
    text = inspect.getdoc(thing) or ""
    if not text:
        return ["a docstring"]
    missing = missing_in_arguments(thing, text)
    parts = sections(text)
    if inspect.isfunction(thing):
        if returns_something(thing) and not {"Returns", "Yields"} & set(parts):
            missing.append("Returns:")
        missing += missing_errors(thing, text)
    elif inspect.isclass(thing):
        for name, method in own_methods(thing):
            lacks = missing_in_method(name, method, text, is_inherited(thing, name))
            missing += [f"{name}: {one}" for one in lacks]
    if needs_source and not SOURCE.search(text):
        missing.append("a source")
    if "Example" not in parts or ">>>" not in parts["Example"]:
        missing.append("Example:")
    elif "+SKIP" in text:
        missing.append("an Example: that runs")
    return missing


def own_methods(cls):
    """Functions that the class itself defines."""
    for name, value in vars(cls).items():
        if isinstance(value, property):
            value = value.fget
        elif isinstance(value, classmethod | staticmethod):
            value = value.__func__
        if inspect.isfunction(value) and value.__module__ == cls.__module__:
            # Methods that dataclasses write have no source of their own.
            if value.__code__.co_filename == inspect.getsourcefile(cls):
                yield name, value


def is_inherited(cls, name):
    """Whether a base class, Keras's or ours, lays down what the method takes."""
    return any(name in vars(base) for base in cls.__mro__[1:])


def missing_in_method(name, method, class_text, inherited):
    """List what a method's docstring lacks; one that overrides may say less."""
    if name.startswith("_") and name not in ("__init__", "__post_init__", "__call__"):
        return []
    text = inspect.getdoc(method) or ""
    missing = missing_errors(method, text, class_text)
    if name in ("__init__", "__post_init__"):
        return missing
    if not text:
        return ["a docstring"]
    if not (inherited or PROTOCOL.match(name)):
        missing += missing_in_arguments(method, text)
        says = text.startswith(("Return", "Yield")) or len(text.splitlines()) == 1
        if returns_something(method) and not says:
            if not {"Returns", "Yields"} & set(sections(text)):
                missing.append("Returns:")
    return missing
