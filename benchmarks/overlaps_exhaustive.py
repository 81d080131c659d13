"""Compare `find_overlaps` with a search of every pair of images of a class of NEU.

All pairs, as they are, mirrored and turned: phase correlation at half resolution says
where the one may lie on the other (its highest peaks, as they are and beyond the
border), and pixels at full resolution say whether it does: at least 40 % of the area,
a mean difference below 3 grey values when the means were made equal, and a
correlation above 0.7 of what a blur of 3 pixels leaves. Nothing of this is shared with
`find_overlaps`, which looks at keypoints and compares otherwise. It takes long: an hour
on a busy core.

    python benchmarks/overlaps_exhaustive.py exhaustive path/to/NEU-DET
"""

from pathlib import Path

import cv2
import numpy as np
import scipy.fft
from overlaps import run, timed

from rkd_keras.data import find_overlaps, open_dataset
from rkd_keras.files.images import read_image

PEAKS = 3
LEAST = 0.4
DIFFERENCE = 3.0
LIKENESS = 0.7


def exhaustive(args):
    """Search all pairs of a class in all eight ways; compare with `find_overlaps`."""
    index = open_dataset(args.data)
    images = np.stack(
        [cv2.cvtColor(read_image(f), cv2.COLOR_RGB2GRAY) for f in index.files]
    )
    found = {}

    def search():
        for label, name in enumerate(index.class_names):
            members = np.flatnonzero(index.labels == label)
            for way in range(8):
                for i, j, area in pairs_of(images[members], way):
                    pair = int(members[i]), int(members[j])
                    found[pair] = max(area, found.get(pair, 0.0))
            print(name, len(found), flush=True)

    _, spent = timed(search)
    ours = {
        (p.first, p.second): p.area
        for p in find_overlaps(index, quiet=args.quiet).pairs
    }
    names = [file.stem for file in index.files]
    return {
        "images": len(index),
        "exhaustive": len(found),
        "find_overlaps": len(ours),
        "both": len(found.keys() & ours.keys()),
        "only_exhaustive": named(found, ours, names),
        "only_find_overlaps": named(ours, found, names),
        **spent,
    }


def named(pairs, others, names):
    """List pairs that the others lack, with their area."""
    return [
        [names[i], names[j], round(pairs[i, j], 4)]
        for i, j in sorted(pairs.keys() - others.keys())
    ]


def pairs_of(images, way):
    """Yield pairs of images that share pixels when the second is turned a way."""
    turned = np.stack(
        [np.rot90(x[:, ::-1] if way >= 4 else x, way % 4) for x in images]
    )
    first, second = spectra(images), spectra(turned)
    plain, other = standing_out(images), standing_out(turned)
    side = images.shape[1] // 2
    for i in range(len(images) - 1):
        peaks = scipy.fft.irfft2(first[i] * second[i + 1 :].conj(), s=(side, side))
        peaks = peaks.reshape(len(peaks), -1)
        highest = np.argpartition(peaks, -PEAKS, axis=1)[:, -PEAKS:]
        for offset, places in enumerate(highest.tolist()):
            j = i + 1 + offset
            for place in places:
                pair = (images[i], turned[j], plain[i], other[j])
                area = shared(*pair, *divmod(place, side))
                if area:
                    yield i, j, area
                    break


def spectra(images):
    """Return spectra of unit amplitude at half resolution."""
    half = np.stack(
        [
            cv2.resize(x, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            for x in images
        ]
    )
    half = half.astype(np.float32)
    spectrum = scipy.fft.rfft2(half - half.mean((1, 2), keepdims=True))
    return (spectrum / (np.abs(spectrum) + 1e-3)).astype(np.complex64)


def standing_out(images):
    """Take a blur of 3 pixels away."""
    return np.stack(
        [x - cv2.GaussianBlur(x, (0, 0), 3) for x in images.astype(np.float32)]
    )


def shared(first, second, plain, other, down, across):
    """Return the shared area at a peak or at a pixel beside it, or `None`."""
    side = len(first)
    for top in (2 * down, 2 * down - side):
        for left in (2 * across, 2 * across - side):
            if (side - abs(top)) * (side - abs(left)) < 0.9 * LEAST * side**2:
                continue
            best = max(
                (likeness(plain, other, top + y, left + x), top + y, left + x)
                for y in (-1, 0, 1)
                for x in (-1, 0, 1)
            )
            area = (side - abs(best[1])) * (side - abs(best[2])) / side**2
            if best[0] < LIKENESS or area < LEAST:
                continue
            a, b = windows(first, second, *best[1:])
            apart = a.astype(np.float32) - b
            if np.abs(apart - apart.mean()).mean() < DIFFERENCE:
                return area
    return None


def likeness(plain, other, top, left):
    """Correlate every seventh pixel first, and all of them where that is promising."""
    for step in (7, 1):
        a, b = (x.ravel()[::step] for x in windows(plain, other, top, left))
        value = float(a @ b / np.sqrt((a @ a) * (b @ b) + 1e-9))
        if value < LIKENESS / 2:
            break
    return value


def windows(first, second, top, left):
    """Cut out what two images share when the second lies at `top` and `left`."""
    side = len(first)
    rows = slice(max(0, top), min(side, side + top))
    columns = slice(max(0, left), min(side, side + left))
    others = slice(rows.start - top, rows.stop - top)
    return first[rows, columns], second[
        others, columns.start - left : columns.stop - left
    ]


if __name__ == "__main__":
    run(__doc__, ((exhaustive, ("data", {"type": Path})),))
