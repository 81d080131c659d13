"""How one image lies on another: mirrored, turned, scaled and shifted."""

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Placement:
    """How an image is laid on another one.

    First it is mirrored, then turned, then scaled, then its upper left corner is put
    where `left` and `top` say.

    Attributes:
        mirrored: whether left and right are exchanged.
        turns: quarter turns counter-clockwise, 0 to 3, as `numpy.rot90` counts them.
        scale: pixels of the other image for a pixel of this one.
        left: pixels of the other image, from its left edge to the right.
        top: pixels of the other image, from its upper edge down.

    Example:
        >>> Placement(turns=1, left=3.0).apply(np.array([[0.0, 0.0]]), (10, 20))
        array([[ 3., 20.]])
    """

    mirrored: bool = False
    turns: int = 0
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def matrix(self, shape):
        """Return the matrix `(3, 3)` that takes this image's places to the other's.

        Args:
            shape: height and width of this image in pixels.

        Returns:
            Array `(3, 3)`, float64, of places `(x, y, 1)` from the images' corners.
        """
        height, width = shape
        matrix = np.eye(3)
        if self.mirrored:
            matrix = np.array([[-1.0, 0, width], [0, 1, 0], [0, 0, 1]])
        for _ in range(self.turns):
            matrix = np.array([[0.0, 1, 0], [-1, 0, width], [0, 0, 1]]) @ matrix
            height, width = width, height
        matrix[:2] *= self.scale
        matrix[:2, 2] += self.left, self.top
        return matrix

    @classmethod
    def of(cls, matrix, shape):
        """Return the placement that a matrix stands for, see `matrix`."""
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
        mirrored = bool(np.linalg.det(matrix[:2, :2]) < 0)
        for turns in range(4):
            plain = cls(mirrored, turns, scale).matrix(shape)
            if np.abs(plain[:2, :2] - matrix[:2, :2]).max() < 0.5 * scale:
                left, top = matrix[:2, 2] - plain[:2, 2]
                return cls(mirrored, turns, scale, float(left), float(top))
        raise ValueError(f"`matrix` must turn by quarters. Received: {matrix}")

    def apply(self, places, shape):
        """Take places `(n, 2)` in this image to places in the other one."""
        matrix = self.matrix(shape)
        return places @ matrix[:2, :2].T + matrix[:2, 2]

    def turned(self, image):
        """Return the image mirrored and turned, a view of it."""
        return np.rot90(image[:, ::-1] if self.mirrored else image, self.turns)

    def shared(self, shape, other):
        """Return the shared area as a fraction of the smaller image's.

        Args:
            shape: height and width of this image.
            other: height and width of the other one.

        Returns:
            A float in [0, 1].
        """
        height, width = (self.scale * side for side in shape)
        if self.turns % 2:
            height, width = width, height
        across = min(self.left + width, other[1]) - max(self.left, 0)
        down = min(self.top + height, other[0]) - max(self.top, 0)
        smaller = min(height * width, other[0] * other[1])
        return max(across, 0) * max(down, 0) / smaller

    def to_json(self):
        """Return a dict that JSON can hold."""
        return asdict(self)
