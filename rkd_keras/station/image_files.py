"""The images of frames, as files below one folder."""

import os
import re
import secrets
import shutil
import time
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.station.store import StorageFullError, frame_images

# The suffixes that a browser shows, told by the file's first bytes.
_SIGNATURES = (
    (b"\xff\xd8\xff", ".jpg", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", ".png", "image/png"),
    (b"BM", ".bmp", "image/bmp"),
)
MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".bmp": "image/bmp",
    ".webp": "image/webp",
}
_NAME = re.compile(r"\d{8}/\d{2}/[0-9a-f]{24}\.(jpg|png|bmp|webp)")


def sniff_suffix(data):
    """Tell a browser's image format from its first bytes.

    Args:
        data: the encoded image.

    Returns:
        `".jpg"`, `".png"`, `".bmp"`, `".webp"`, or `None` for anything else.

    Example:
        >>> sniff_suffix(bytes.fromhex("89504e470d0a1a0a"))
        '.png'
    """
    for signature, suffix, _ in _SIGNATURES:
        if data.startswith(signature):
            return suffix
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return None


class ImageFiles:
    """Keeps encoded images under names that no client has a say in.

    A name is the hour and a random number, such as
    `20260131/07/3f0a....jpg`; it is stored with the frame. A file is complete
    before the frame is committed, so every stored frame finds its image; files
    that no frame refers to (the process was killed in between) are swept at the
    next start.

    Args:
        folder: the folder; made when missing.
        min_free_bytes: room that must stay free on the disk. Defaults to 0.
        disk_usage: as `shutil.disk_usage`; tests give their own.
    """

    def __init__(self, folder, min_free_bytes=0, disk_usage=shutil.disk_usage):
        self.folder = Path(folder)
        self.min_free_bytes = min_free_bytes
        self._disk_usage = disk_usage
        self.folder.mkdir(parents=True, exist_ok=True)

    def free_bytes(self):
        """Return the room on the disk beyond what must stay free."""
        return self._disk_usage(self.folder).free - self.min_free_bytes

    def write(self, data, suffix, at_ms):
        """Write an image and return its name.

        Args:
            data: the encoded image.
            suffix: one of `MEDIA_TYPES`.
            at_ms: when it was received, milliseconds since 1970.

        Returns:
            The name, relative to the folder.

        Raises:
            StorageFullError: when there is no room.
        """
        if suffix not in MEDIA_TYPES:
            raise InputError(f"suffix must be one of {tuple(MEDIA_TYPES)}")
        hour = time.strftime("%Y%m%d/%H", time.gmtime(at_ms / 1000))
        name = f"{hour}/{secrets.token_hex(12)}{suffix}"
        path = self.folder / name
        try:
            try:
                path.write_bytes(data)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        except OSError as error:
            path.unlink(missing_ok=True)
            if StorageFullError.matches(error):
                raise StorageFullError("there is no room left for images") from error
            raise
        return name

    def path(self, name):
        """Return the path of a stored name.

        Raises:
            InputError: for anything that is not a name of ours.
        """
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r:.80} is not the name of a stored image")
        return self.folder / name

    def read(self, name):
        """Return an image's bytes, or `None` when its file is gone."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, names):
        """Remove files, and folders that became empty."""
        parents = set()
        for name in names:
            path = self.path(name)
            path.unlink(missing_ok=True)
            parents.add(path.parent)
        for parent in parents:
            for folder in (parent, parent.parent):
                try:
                    os.rmdir(folder)
                except OSError:
                    break

    def sweep(self, store, station):
        """Remove files of the last hours that no frame refers to.

        Only files that are newer than the hour before the newest frame can be
        left over from a killed process, so only these are looked at.

        Args:
            store: the `Store`.
            station: this station's identifier.

        Returns:
            How many were removed.
        """
        with store.read() as connection:
            newest = frame_images.newest_ms(connection, station) or 0
            first = time.strftime("%Y%m%d/%H", time.gmtime(newest / 1000 - 3600))
            names = [
                path.relative_to(self.folder).as_posix()
                for day in sorted(self.folder.glob("[0-9]" * 8))
                for hour in sorted(day.glob("[0-9][0-9]"))
                if f"{day.name}/{hour.name}" >= first
                for path in hour.iterdir()
            ]
            orphans = set(names) - frame_images.known(connection, names)
        for name in orphans:
            (self.folder / name).unlink(missing_ok=True)
        return len(orphans)


# What may make room. What was rejected, is to be reviewed or could not be judged is
# evidence, and goes by age alone.
_FOR_ROOM = ("accept",)


def prune(store, station, files, max_age_ms=None, max_bytes=None, now=None):
    """Remove the oldest images beyond an age or a total size; verdicts stay.

    The store forgets an image before its file goes, so that a crash in between
    leaves a stray file, never a frame that points at nothing. For room only images of
    accepted frames go.

    Args:
        store: the `Store`.
        station: this station's identifier; those of others stay.
        files: the `ImageFiles`.
        max_age_ms: greatest age in milliseconds, `None` for any.
        max_bytes: greatest total size, `None` for any. What the disk lacks to
            `min_free_bytes` is taken off as well.
        now: the time, milliseconds since 1970; with `max_age_ms`.

    Returns:
        How many images were removed.
    """
    removed = 0
    if max_age_ms is not None:
        while batch := _oldest(store, station, now - max_age_ms):
            removed += _drop(store, files, batch)
    with store.read() as connection:
        size = frame_images.size(connection, station)
    excess = max(size - max_bytes if max_bytes is not None else 0, -files.free_bytes())
    while excess > 0 and (batch := _oldest(store, station, None, _FOR_ROOM)):
        chosen = []
        for item in batch:
            if excess <= 0:
                break
            chosen.append(item)
            excess -= item[2]
        removed += _drop(store, files, chosen)
    return removed


def _oldest(store, station, before_ms, decisions=None):
    with store.read() as connection:
        return frame_images.oldest(connection, station, before_ms, decisions=decisions)


def _drop(store, files, batch):
    ids = [item[0] for item in batch]
    store.write(lambda connection: frame_images.forget(connection, ids))
    files.remove([item[1] for item in batch])
    return len(batch)
