"""Which class of line A is which of line B."""

from rkd_keras.errors import InputError


def renamed_classes(index, rename):
    """Read `--map`: dict from label to the name that its samples shall have.

    Raises:
        InputError: for an entry without `=` or an unknown class.
    """
    if not rename:
        return dict(enumerate(index.class_names))
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
        names[index.class_names.index(source)] = target
    return names
