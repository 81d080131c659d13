"""Where images may show the same surface: keypoints that look alike.

Every image is brought to one working size and described by its SIFT keypoints (Lowe,
2004). A keypoint's nearest neighbours are looked for in its own cell: random
descriptors, as many as the root of their number, divide the space (an inverted file),
so that the work grows as n^1.5 with n images. Two keypoints that match say how the
one image lies on the other, by a reflection, a quarter turn, a scale and a shift.
Where several say the same, `overlap_checks` compares the pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from rkd_keras.data.reading.placements import Placement

# Side of an image of the working size, in pixels: the root of its area.
WORKING_SIDE = 100
KEYPOINTS = 150
# Of a descriptor of length 1, in its first principal components.
COMPONENTS = 32
FARTHEST = 0.25
NEIGHBOURS = 8
# How far apart keypoints that agree may put an image, as a share of the other's side.
TOLERANCE = 0.06
LEAST_VOTES = 2
# Ways of laying one image on another that are tried.
WAYS = 3
# To what a keypoint's angle (degrees) and its size (a factor) are known.
ANGLE_ERROR = 25
SIZE_ERROR = 1.4
# Descriptors that are handled at a time.
BLOCK = 20_000


@dataclass
class Keypoints:
    """The keypoints of many images.

    Attributes:
        owners: each keypoint's image, `(keypoints,)`, int64.
        places: `(x, y)` from the image's corner, `(keypoints, 2)`, in its pixels.
        angles: degrees clockwise from the right, `(keypoints,)`.
        sizes: diameters in pixels of the image, `(keypoints,)`.
        descriptors: `(keypoints, 128)`, uint8.
        shapes: height and width of each image, `(images, 2)`; 0 for one that could
            not be read.
    """

    owners: np.ndarray
    places: np.ndarray
    angles: np.ndarray
    sizes: np.ndarray
    descriptors: np.ndarray
    shapes: np.ndarray

    @classmethod
    def of(cls, described):
        """Put together what `describe` returned for each image."""
        shapes, frames, descriptors = zip(*described, strict=True)
        owners = np.repeat(np.arange(len(shapes)), [len(each) for each in frames])
        frames = np.concatenate(frames)
        return cls(
            owners,
            frames[:, :2],
            frames[:, 2],
            frames[:, 3],
            np.concatenate(descriptors),
            np.array(shapes),
        )


def describe(image):
    """Find and describe an image's strongest keypoints.

    Args:
        image: array `(H, W)`, uint8, or `None` for one that cannot be read.

    Returns:
        Triple: height and width; keypoints `(n, 4)` as x, y, angle and size,
        float32; descriptors `(n, 128)`, uint8.
    """
    nothing = np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8)
    if image is None:
        return (0, 0), *nothing
    height, width = image.shape
    factor = WORKING_SIDE / np.sqrt(height * width)
    size = [max(1, round(side * factor)) for side in (width, height)]
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, size, interpolation=method)
    sift = cv2.SIFT_create(KEYPOINTS, contrastThreshold=0.0)
    found, descriptors = sift.detectAndCompute(small, None)
    if not found:
        return (height, width), *nothing
    across, down = width / size[0], height / size[1]
    frames = [
        ((k.pt[0] + 0.5) * across, (k.pt[1] + 0.5) * down, k.angle, k.size / factor)
        for k in found
    ]
    descriptors = np.clip(np.round(descriptors), 0, 255).astype(np.uint8)
    return (height, width), np.array(frames, np.float32), descriptors


def candidates(keypoints, progress=None):
    """Find how images may lie on each other.

    Args:
        keypoints: the `Keypoints` of all images.
        progress: function of what is done and of all, or `None`.

    Returns:
        List of triples `(i, j, placement)` with `i < j`: how the image `j` may lie on
        the image `i`. Several of one pair follow each other, the most likely first.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> frame = cv2.GaussianBlur(rng.integers(0, 255, (99, 99), "uint8"), (0, 0), 2)
        >>> crops = frame[:64, :64], frame[16:80, 8:72]
        >>> found = candidates(Keypoints.of([describe(crop) for crop in crops]))
        >>> i, j, placement = found[0]
        >>> i, j, round(placement.left), round(placement.top)
        (0, 1, 8, 16)
    """
    if len(keypoints.owners) == 0:
        return []
    return _elected(keypoints, *_votes(keypoints, *_matches(keypoints, progress)))


def _matches(keypoints, progress):
    """Pair keypoints that look alike, as they are or mirrored.

    Returns:
        Two arrays of keypoints, of the earlier and of the later image, and whether
        the one is the other one's mirror image.
    """
    plain, mirrored = _components(keypoints.descriptors)
    cells = max(1, round(np.sqrt(len(plain)) / 2))
    chosen = np.random.default_rng(0).permutation(len(plain))[:cells]
    homes = _nearest(plain, plain[chosen], 1)[1][:, 0]
    members = _sorted_into(homes, cells)
    found = []
    for points, flag in ((plain, False), (mirrored, True)):
        if flag:
            homes = _nearest(mirrored, plain[chosen], 1)[1][:, 0]
        for cell, visitors in enumerate(_sorted_into(homes, cells)):
            a, b = _close(points, visitors, plain, members[cell], keypoints.owners)
            found.append((a, b, np.full(len(a), flag)))
            if progress is not None:
                progress(cell + 1 + flag * cells, 2 * cells)
    a, b, flags = (np.concatenate(each) for each in zip(*found, strict=True))
    # The earlier image first; what was found from both sides counts once.
    swapped = keypoints.owners[a] > keypoints.owners[b]
    a, b = np.where(swapped, b, a), np.where(swapped, a, b)
    a, b, flags = np.unique(np.stack([a, b, flags]), axis=1)
    return a, b, flags.astype(bool)


def _components(descriptors):
    """Reduce descriptors, and those of the mirrored images, to few numbers.

    A reflection exchanges a descriptor's four rows and its eight directions, so that
    nothing needs to be described twice.
    """
    grid = descriptors.reshape(-1, 4, 4, 8)
    mirrored = grid[:, ::-1][..., [0, 7, 6, 5, 4, 3, 2, 1]].reshape(-1, 128)
    order = np.random.default_rng(0).permutation(len(descriptors))[:BLOCK]
    sample = _rooted(descriptors[order])
    mean = sample.mean(axis=0)
    _, axes = np.linalg.eigh((sample - mean).T @ (sample - mean))
    axes = axes[:, : -COMPONENTS - 1 : -1].astype(np.float32)
    blocks = range(0, len(descriptors), BLOCK)
    return [
        np.concatenate([(_rooted(each[b : b + BLOCK]) - mean) @ axes for b in blocks])
        for each in (descriptors, mirrored)
    ]


def _rooted(descriptors):
    """Scale to a sum of 1 and take roots (Arandjelovic and Zisserman, 2012)."""
    values = descriptors.astype(np.float32)
    return np.sqrt(values / np.maximum(values.sum(axis=1, keepdims=True), 1))


def _nearest(points, others, count):
    """Return distances to the nearest `count` of the others, and which these are."""
    which = np.empty((len(points), count), np.int32)
    distances, which = cv2.batchDistance(
        points, others, cv2.CV_32F, nidx=which, normType=cv2.NORM_L2, K=count
    )
    return distances, which


def _sorted_into(homes, cells):
    """Return an array of members for each cell."""
    order = np.argsort(homes, kind="stable")
    return np.split(order, np.searchsorted(homes[order], np.arange(1, cells)))


def _close(points, visitors, plain, members, owners):
    """Return visitors and members of a cell that are close and of two images."""
    if len(visitors) == 0 or len(members) == 0:
        return np.zeros((2, 0), np.int64)
    # One more: a keypoint is its own neighbour.
    count = min(NEIGHBOURS + 1, len(members))
    distances, which = _nearest(points[visitors], plain[members], count)
    rows, columns = np.nonzero(distances < FARTHEST)
    a, b = visitors[rows], members[which[rows, columns]]
    apart = owners[a] != owners[b]
    return a[apart], b[apart]


def _votes(keypoints, a, b, mirrored):
    """Let each match say how the later image lies on the earlier one.

    Returns:
        Keys `(votes, 5)`: the images, reflection, turns and whether the scale is that
        of a resized copy; scales `(votes,)`; and where the later image's corner
        lies, `(votes, 2)`.
    """
    # In an image that is mirrored left to right, what pointed right points left.
    angles = np.where(mirrored, 180 - keypoints.angles[b], keypoints.angles[b])
    quarters = (angles - keypoints.angles[a]) / 90
    turns = np.round(quarters).astype(np.int64) % 4
    straight = np.abs(quarters - np.round(quarters)) * 90 < ANGLE_ERROR
    first, second = keypoints.owners[a], keypoints.owners[b]
    x, y = keypoints.places[b].T
    heights, widths = keypoints.shapes[second].T
    x = np.where(mirrored, widths - x, x)
    places = np.stack(
        [
            np.choose(turns, (x, y, widths - x, heights - y)),
            np.choose(turns, (y, widths - x, heights - y, x)),
        ],
        axis=1,
    )
    areas = keypoints.shapes.prod(axis=1)
    resized = np.sqrt(areas[first] / areas[second])
    measured = keypoints.sizes[a] / keypoints.sizes[b]
    found = []
    for copied, scale in enumerate((np.ones_like(resized), resized)):
        fits = straight & (np.abs(np.log(measured / scale)) < np.log(SIZE_ERROR))
        if copied:
            fits &= np.abs(np.log(resized)) > 0.01
        keys = (first, second, mirrored, turns, np.full_like(turns, copied))
        corners = keypoints.places[a] - scale[:, None] * places
        found.append((np.stack(keys, 1)[fits], scale[fits], corners[fits]))
    return [np.concatenate(each) for each in zip(*found, strict=True)]


def _elected(keypoints, keys, scales, corners):
    """Return the placements that enough matches agree on."""
    sides = np.sqrt(keypoints.shapes.prod(axis=1))
    bins = corners / (TOLERANCE * sides[keys[:, :1]])
    best = {}
    # A bin's edge must not part those that agree.
    for offset in ((0, 0), (0, 0.5), (0.5, 0), (0.5, 0.5)):
        rows = np.concatenate([keys, np.floor(bins + offset).astype(np.int64)], 1)
        groups, inverse, votes = np.unique(
            rows, axis=0, return_inverse=True, return_counts=True
        )
        inverse = inverse.ravel()
        sums = [
            np.bincount(inverse, each, len(groups)) for each in (*corners.T, scales)
        ]
        for k in np.flatnonzero(votes >= LEAST_VOTES):
            i, j, mirrored, turns, _, *_ = groups[k].tolist()
            left, top, scale = (float(each[k] / votes[k]) for each in sums)
            placement = Placement(bool(mirrored), turns, scale, left, top)
            vote = (int(votes[k]), placement)
            kept = best.setdefault((i, j), {})
            way = tuple(groups[k, 2:5])
            if way not in kept or kept[way][0] < vote[0]:
                kept[way] = vote
    return [
        (i, j, placement)
        for (i, j), kept in sorted(best.items())
        for _, placement in sorted(kept.values(), key=lambda vote: -vote[0])[:WAYS]
    ]
