"""Find images that share pixels: crops of one frame, and copies."""

from dataclasses import asdict, dataclass, field
from typing import Annotated

from rkd_keras.options import Option, Quiet, Threads, checked


@dataclass(frozen=True)
class Overlap:
    """Two images that share pixels.

    Attributes:
        first: index of the one image.
        second: index of the other one, greater.
        area: shared area as a fraction of the smaller image's.
        difference: mean difference of the grey values that are shared.
        likeness: their correlation, -1 to 1.
        placement: how the second image lies on the first: a `Placement`.

    Example:
        >>> from rkd_keras.data.reading.placements import Placement
        >>> pair = Overlap(0, 1, 0.5, 0.1, 0.99, Placement(turns=1, left=20.0))
        >>> pair.placement.turns
        1
    """

    first: int
    second: int
    area: float
    difference: float
    likeness: float
    placement: object


@dataclass(frozen=True)
class Overlaps:
    """Which images of a data set share pixels.

    Attributes:
        pairs: list of `Overlap`, by their indices.
        groups: list of lists of indices: images that hang together by pairs.
        counts: dict from class name to a dict of `images`, `pairs` (whose first image
            is of the class) and `in_groups`, the images that are in a group.
        names: each image's path within the data set.
        least: smallest shared area that was looked for.

    Example:
        >>> Overlaps(names=["dent/1.png"]).to_json()["pairs"]
        []
    """

    pairs: list = field(default_factory=list)
    groups: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)
    names: list = field(default_factory=list)
    least: float = 0.4

    def to_json(self):
        """Return a dict that JSON can hold, images named by their paths."""
        pairs = []
        for pair in self.pairs:
            row = asdict(pair)
            row["first"], row["second"] = (
                self.names[pair.first],
                self.names[pair.second],
            )
            pairs.append(row)
        groups = [[self.names[i] for i in group] for group in self.groups]
        return {
            "least": self.least,
            "counts": self.counts,
            "pairs": pairs,
            "groups": groups,
        }


@checked
def find_overlaps(
    index: Annotated[object, Option("The `ImageIndex` of a data set.")],
    least: Annotated[
        float,
        Option("Smallest shared area, of the smaller image's.", above=0, at_most=1),
    ] = 0.4,
    difference: Annotated[
        float,
        Option("Largest mean difference of shared grey values.", above=0),
    ] = 2.0,
    likeness: Annotated[
        float,
        Option("Smallest correlation of what is shared.", above=0, at_most=1),
    ] = 0.7,
    threads: Threads = 2,
    quiet: Quiet = False,
):
    """Find the images of a data set that share pixels.

    Data sets that were cut out of larger frames hold the same surface several times,
    and a network that was trained on the one image knows the other. Found are crops
    that overlap, also mirrored and turned by quarters, and copies that were resized or
    compressed again, whatever their classes.

    Keypoints that look alike tell where one image may lie on the other
    (`overlap_candidates`). Then the pixels themselves are compared: after a slight
    blur, which takes away what compression changes, their mean difference must be at
    most `difference` grey values and their correlation at least `likeness`. Images
    whose files are equal need no comparison.

    Returns:
        An `Overlaps`.

    Raises:
        OptionError: for a number out of range.

    Example:
        >>> import pathlib, tempfile, cv2, numpy as np
        >>> from rkd_keras.data import open_dataset
        >>> root = pathlib.Path(tempfile.mkdtemp())
        >>> frame = np.random.default_rng(0).integers(0, 255, (99, 99), "uint8")
        >>> for name, crop in (("dent", frame[:64, :64]), ("rust", frame[9:73, 4:68])):
        ...     (root / name).mkdir()
        ...     written = cv2.imwrite(str(root / name / "1.png"), crop)
        >>> found = find_overlaps(open_dataset(root), quiet=True)
        >>> found.groups, round(found.pairs[0].area, 2)
        ([[0, 1]], 0.81)
    """
    from rkd_keras.data.reading.identity import find_duplicates
    from rkd_keras.data.reading.overlap_search import Search

    copies = find_duplicates(index)
    search = Search(index.files, copies, least, difference, likeness, threads, quiet)
    return gathered(index, search.run(), least)


def gathered(index, pairs, least):
    """Make an `Overlaps` of the pairs that were found.

    Args:
        index: the `ImageIndex` of the data set.
        pairs: list of `Overlap`.
        least: smallest shared area that was looked for, as a fraction.

    Returns:
        The `Overlaps`.
    """
    import numpy as np

    groups = connected(((pair.first, pair.second) for pair in pairs), len(index))
    first = np.array([pair.first for pair in pairs], int)
    member = np.array([i for group in groups for i in group], int)
    columns = {
        "images": index.counts(),
        "pairs": index.counts(first),
        "in_groups": index.counts(member),
    }
    counts = {
        name: {column: int(values[label]) for column, values in columns.items()}
        for label, name in enumerate(index.class_names)
    }
    return Overlaps(pairs, groups, counts, index.names(), least)


def connected(pairs, count):
    """Return the groups of two or more images that pairs join.

    Args:
        pairs: pairs of indices.
        count: number of images.

    Returns:
        List of sorted lists of indices, by their first one.

    Example:
        >>> connected([(0, 2), (4, 2)], 5)
        [[0, 2, 4]]
    """
    pairs = list(pairs)
    if not pairs:
        return []
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.array(pairs)
    joined = coo_array((np.ones(len(pairs)), pairs.T), shape=(count, count))
    _, ids = connected_components(joined, directed=False)
    sizes = np.bincount(ids)
    return [
        np.flatnonzero(ids == each).tolist()
        for each in dict.fromkeys(ids[sizes[ids] > 1].tolist())
    ]
