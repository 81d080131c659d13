"""Which class of line A is which of line B."""

from rkd_keras.errors import InputError


def renamed_classes(index, rename):
    """Read which classes migrate and what they are called then.

    Args:
        index: the `ImageIndex` of line A.
        rename: list of `"class of line A=class of line B"`, or a dict; `None` for
            all classes under their own names.

    Returns:
        Dict from label to the name that the class's samples shall have.

    Raises:
        InputError: for an entry without `=`, an unknown class, or one named twice.
    """
    if not rename:
        return dict(enumerate(index.class_names))
    if isinstance(rename, dict):
        rename = [f"{source}={target}" for source, target in rename.items()]
    names = {}
    for entry in rename:
        source, equals, target = (part.strip() for part in entry.partition("="))
        if not equals or not target:
            raise InputError(f"--map {entry!r} must be class of line A=class of line B")
        if source not in index.class_names:
            raise InputError(
                f"--map {entry!r}: the data has no class {source!r}; it has "
                f"{', '.join(index.class_names)}"
            )
        label = index.class_names.index(source)
        if names.setdefault(label, target) != target:
            raise InputError(
                f"--map gives class {source!r} two names, {names[label]!r} and "
                f"{target!r}; give it one"
            )
    return names
