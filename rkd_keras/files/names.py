"""Names of files as people may read them.

A file's name is bytes. Python shows bytes that are no UTF-8 as lone surrogates, which
no terminal, table or picture can print; line breaks and escape codes would be worse.
"""

# Turn a text from right to left, or hide what stands behind them.
_INVISIBLE = {*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A)}


def is_utf8(name):
    r"""Tell whether a file's name can be written as UTF-8.

    Args:
        name: string or path, as Python lists it.

    Returns:
        Whether it can.

    Example:
        >>> is_utf8("Kratzer ü.png"), is_utf8("crack_\udcb4.png")
        (True, False)
    """
    try:
        str(name).encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(name):
    r"""Write a file's name so that it can be printed in one line anywhere.

    Args:
        name: string or path.

    Returns:
        The name; bytes that are no UTF-8 and characters that move the cursor or
        cannot be seen are escaped, such as `\xb4` and `\n`.

    Example:
        >>> print(printable("crack_\udcb4 \n 划痕.png"))
        crack_\xb4 \n 划痕.png
    """
    return "".join(map(_escaped, str(name)))


def _escaped(character):
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable() or (character == " "):
        return character if code not in _INVISIBLE else f"\\u{code:04x}"
    return ascii(character)[1:-1]
