"""Figures drawn from rows; each file says of which."""

import hashlib
import inspect

from .rows import Results

FIGURES = {}
# The entry of the PNG file that holds the digest of what it was drawn of.
DIGEST = "rows"


def figure(path, *needs):
    """Make a function that draws known.

    Args:
        path: PNG file to write, below `docs/results`.
        *needs: raw files without which it is not drawn.
    """

    def known(draw):
        FIGURES[path] = (draw, needs)
        return draw

    return known


def drawable(results, path):
    """Whether all rows of a figure are there yet."""
    return all(results.exists(name) for name in FIGURES[path][1])


def digest(results, path):
    """Return the digest of a figure's rows and of the function that draws them."""
    draw, needs = FIGURES[path]
    parts = [inspect.getsource(draw).encode()]
    parts += [(results.root / name).read_bytes() for name in needs]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def recorded(path):
    """Return the digest that a PNG file holds, or `None`."""
    from PIL import Image

    if not path.is_file():
        return None
    with Image.open(path) as image:
        return image.info.get(DIGEST)


def write(root, path):
    """Draw a figure and write it."""
    from rkd_keras.evaluate.figure_style import styled
    from rkd_keras.files.replacing import replacing
    from rkd_keras.files.results import MARK

    results = Results(root)
    draw, needs = FIGURES[path]
    drawn = styled(draw)(results)
    undeclared = set(results.used) - set(needs)
    if undeclared:
        raise LookupError(f"{path} is drawn of {', '.join(undeclared)} as well; say so")
    with replacing(results.root / path) as temporary:
        metadata = {DIGEST: digest(results, path), "Software": MARK}
        drawn.savefig(
            temporary, format="png", dpi=150, bbox_inches="tight", metadata=metadata
        )
