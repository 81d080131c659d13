"""The list of a data set's images: what every reader returns."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rkd_keras.data.reading.identity import relative_names


@dataclass
class ImageIndex:
    """Files, labels and what else a data set says of its images.

    Attributes:
        files: list of `Path`, one per image.
        labels: array `(images,)`, int64, index into `class_names`.
        class_names: tuple of strings.
        parts: tuple of `"train"`, `"val"`, `"test"` or `None`, one per image:
            the part in which the data set itself puts the image.
        boxes: dict from a file's index to an array `(boxes, 4)`, int64, of
            `(left, top, right, bottom)` in pixels from 0, `right` and `bottom`
            excluded; images without boxes are absent.
        annotations: dict from a file's index to the file that describes its boxes.
        faults: list of sentences on annotations and boxes that could not be used.
        root: folder that the images' names are relative to, or `None`: the deepest
            one that holds all of them.
        groups: tuple of what names the group of each image (a coil, an item, a day),
            or `None`.
        layout: sentence on how the data set was understood.
        unused: list of `rkd_keras.files.walking.Unused`: all else that lies there.

    Raises:
        ValueError: when files, labels, parts and groups are not of one length.

    Example:
        >>> from pathlib import Path
        >>> index = ImageIndex([Path("a.png")], [0], ("crack",))
        >>> len(index), index.counts().tolist()
        (1, [1])
    """

    files: list
    labels: np.ndarray
    class_names: tuple
    parts: tuple = ()
    boxes: dict = field(default_factory=dict)
    annotations: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)
    root: Path | None = None
    groups: tuple = ()
    layout: str = ""
    unused: list = field(default_factory=list)

    def __post_init__(self):
        """Normalise the types of what was given."""
        self.files = [Path(f) for f in self.files]
        self.labels = np.asarray(self.labels, dtype=np.int64)
        self.class_names = tuple(self.class_names)
        self.parts = tuple(self.parts) or (None,) * len(self.files)
        self.groups = tuple(self.groups) or (None,) * len(self.files)
        lengths = {len(self.files), len(self.labels), len(self.parts), len(self.groups)}
        if len(lengths) > 1:
            raise ValueError(
                "`files`, `labels`, `parts` and `groups` must be of one length. "
                f"Received: {len(self.files)}, {len(self.labels)}, "
                f"{len(self.parts)}, {len(self.groups)}"
            )

    def __len__(self):
        """Return the number of images."""
        return len(self.files)

    def names(self):
        """Name the images by their paths within the data set.

        Returns:
            List of strings, with `/`.

        Example:
            >>> index = ImageIndex(["set/a/1.png", "set/b/1.png"], [0, 1], ("a", "b"))
            >>> index.names()
            ['a/1.png', 'b/1.png']
        """
        return relative_names(self.files, self.root)

    def counts(self, indices=None):
        """Count the images of each class.

        Args:
            indices: images to count, all when `None`.

        Returns:
            Array `(classes,)`, int64.
        """
        labels = self.labels
        if indices is not None:
            labels = labels[np.asarray(indices, np.int64)]
        return np.bincount(labels, minlength=len(self.class_names))


def index_of(found, root):
    """Make an `ImageIndex` of a list of images.

    Args:
        found: list of `(file, class name, part or None)`.
        root: folder that the images' names are relative to.

    Returns:
        An `ImageIndex`; classes in alphabetical order.
    """
    class_names = sorted({name for _, name, _ in found})
    number = {name: label for label, name in enumerate(class_names)}
    return ImageIndex(
        [file for file, _, _ in found],
        [number[name] for _, name, _ in found],
        class_names,
        [part for _, _, part in found],
        root=root,
    )
