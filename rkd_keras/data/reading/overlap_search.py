"""Search a data set for images that share pixels: candidates, checks, completion."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import combinations

import cv2
import numpy as np

from rkd_keras.data.reading.overlap_candidates import Keypoints, candidates, describe
from rkd_keras.data.reading.overlap_checks import compare
from rkd_keras.data.reading.overlaps import Overlap
from rkd_keras.data.reading.placements import Placement
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_image
from rkd_keras.progress import shown_progress

# Bytes of decoded images that are held at a time.
MEMORY = 2**28
# Candidates that wait for the threads at a time.
BATCH = 256
# An image with more neighbours than these is not completed: they are copies of one.
CROWD = 64


class Search:
    """One search, see `find_overlaps`.

    Args:
        files: list of paths.
        copies: lists of indices of files that are equal byte for byte.
        least: smallest shared area, as a fraction.
        difference: largest mean difference, in grey values.
        likeness: smallest correlation.
        threads: number of threads.
        quiet: whether to show no progress.
    """

    def __init__(self, files, copies, least, difference, likeness, threads, quiet):
        self._files = files
        self._copies = copies
        self._least = least
        self._difference = difference
        self._likeness = likeness
        self._threads = threads
        self._quiet = quiet
        self._found = {}
        self._tried = set()

    def run(self):
        """Return the list of `Overlap`, by their indices."""
        with ThreadPoolExecutor(self._threads) as pool:
            keypoints = self._described(pool)
            self._shapes = keypoints.shapes
            largest = max(1, keypoints.shapes.prod(axis=1).max(initial=0))
            self._grey = lru_cache(max(8, MEMORY // int(largest)))(self._read)
            with shown_progress("comparing keypoints", self._quiet) as progress:
                guesses = candidates(keypoints, progress)
            del keypoints
            self._check(pool, guesses, "comparing images")
            self._add_copies()
            while guesses := self._implied():
                self._check(pool, guesses, "completing groups")
        return [self._found[pair] for pair in sorted(self._found)]

    def _described(self, pool):
        with shown_progress("describing images", self._quiet) as progress:
            described = []
            jobs = pool.map(lambda i: describe(self._read(i)), range(len(self._files)))
            for done, each in enumerate(jobs, start=1):
                described.append(each)
                progress(done, len(self._files))
        return Keypoints.of(described)

    def _read(self, i):
        """Decode an image to grey values; `None` for one that cannot be read."""
        try:
            return cv2.cvtColor(read_image(self._files[i]), cv2.COLOR_RGB2GRAY)
        except InputError:
            return None  # which is named by whoever decodes it for use

    def _check(self, pool, guesses, title):
        """Compare the pixels of candidates; the first of a pair that holds is kept."""
        with shown_progress(title, self._quiet) as progress:
            for start in range(0, len(guesses), BATCH):
                batch = guesses[start : start + BATCH]
                for pair, overlap in pool.map(self._checked, batch):
                    if overlap is not None:
                        self._found.setdefault(pair, overlap)
                progress(min(start + BATCH, len(guesses)), len(guesses))

    def _checked(self, guess):
        i, j, placement = guess
        if (i, j) in self._found:
            return (i, j), None
        first, second = self._grey(i), self._grey(j)
        if first is None or second is None:
            return (i, j), None
        result = compare(first, second, placement, self._least)
        if result is None:
            return (i, j), None
        placement, difference, likeness = result
        if difference > self._difference or likeness < self._likeness:
            return (i, j), None
        area = placement.shared(second.shape, first.shape)
        return (i, j), Overlap(i, j, area, difference, likeness, placement)

    def _add_copies(self):
        for group in self._copies:
            for pair in combinations(sorted(group), 2):
                self._found[pair] = Overlap(*pair, 1.0, 0.0, 1.0, Placement())

    def _implied(self):
        """List what follows of two pairs that have an image in common."""
        ways = defaultdict(dict)
        for (i, j), overlap in self._found.items():
            matrix = overlap.placement.matrix(self._shapes[j])
            ways[j][i] = matrix
            ways[i][j] = np.linalg.inv(matrix)
        guesses = []
        for middle, way in sorted(ways.items()):
            if len(way) > CROWD:
                continue
            for i, j in combinations(sorted(way), 2):
                if (i, j) in self._found or (i, j, middle) in self._tried:
                    continue
                self._tried.add((i, j, middle))
                # From j to the middle, and from there to i.
                matrix = way[i] @ np.linalg.inv(way[j])
                placement = Placement.of(matrix, self._shapes[j])
                if (
                    placement.shared(self._shapes[j], self._shapes[i])
                    >= 0.9 * self._least
                ):
                    guesses.append((i, j, placement))
        return guesses
