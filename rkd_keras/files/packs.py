"""Read packs: large sets of images in few files.

A leaf module: every room may import it. A pack is a folder with

- `rkd_pack.json`: the format, the classes, and name, size and SHA-256 of every file;
- `images-00000-of-00004.tfrecord`, ...: TFRecords of `tf.train.Example`, one for
  each image with its file's own bytes in `image/encoded`;
- `images-00000-of-00004.jsonl`, ...: a line for each record: the image's name,
  class, part, group and boxes, where the record begins, and the image file's SHA-256.

An image in a pack has a path as if the pack were the folder that was packed:
`pack/train/scratches/1.png`. So whatever takes a path takes it too.
"""

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rkd_keras.errors import InputError
from rkd_keras.files.pack_names import matches, stays_inside
from rkd_keras.files.tfrecord import decode_example, read_record

MANIFEST = "rkd_pack.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class PackedImage:
    """Where an image lies in a pack, and what the pack says of it.

    Attributes:
        name: path below the packed folder, with `/`.
        shard: name of the TFRecord file.
        offset: position of the record in it, in bytes.
        file_bytes: size of the image's file.
        sha256: hexadecimal digest of the image's file.
        class_name: its class, or `None`.
        part: `"train"`, `"val"`, `"test"` or `None`.
        group: what it must stay together with, such as a coil's name, or `None`.
        boxes: list of `[xmin, ymin, xmax, ymax]` in pixels from 1, the maxima
            included (as in Pascal VOC), or `None`.

    Example:
        >>> PackedImage("a/1.png", "images.tfrecord", 0, 9, "00", "a").part is None
        True
    """

    name: str
    shard: str
    offset: int
    file_bytes: int
    sha256: str
    class_name: str | None = None
    part: str | None = None
    group: str | None = None
    boxes: list | None = None


class Pack:
    """An open pack.

    Args:
        directory: the pack's folder.

    Attributes:
        directory: the same, a `Path`.
        manifest: what `rkd_pack.json` says, a dict.

    Raises:
        InputError: when the folder holds no pack, or `rkd_pack.json` is damaged.
    """

    def __init__(self, directory):
        self.directory = Path(directory)
        path = self.directory / MANIFEST
        try:
            self.manifest = json.loads(path.read_text(encoding="utf-8"))
            known = self.manifest["format"] == FORMAT
            shards = [
                (s["file"], s["index"], s["images"], s["bytes"], s["sha256"])
                for s in self.manifest["shards"]
            ]
            self.class_names = tuple(self.manifest["class_names"])
        except OSError as error:
            raise InputError(f"{directory} is no pack: {path} is missing") from error
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path} is not the manifest of a pack; pack the images again"
            ) from error
        if not known or any(Path(name).name != name for s in shards for name in s[:2]):
            raise InputError(f"{path} is of another format than {FORMAT}")

    def shard_images(self, shard):
        """List the images of one shard, in the order of their records.

        Args:
            shard: an entry of the manifest's `shards`.

        Returns:
            List of `PackedImage`.

        Raises:
            InputError: when the shard's index is missing or damaged.
        """
        path = self.directory / shard["index"]
        try:
            lines = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} of the pack is missing; copy it again") from error
        if hashlib.sha256(lines).hexdigest() != shard["index_sha256"]:
            raise InputError(
                f"{path} is damaged: its checksum is not the one in {MANIFEST}; copy "
                "it again"
            )
        try:
            rows = [json.loads(line) for line in lines.splitlines()]
            images = [PackedImage(shard=shard["file"], **row) for row in rows]
            safe = all(stays_inside(image.name) for image in images)
        except (ValueError, TypeError) as error:
            raise InputError(f"{path} is no index of a pack") from error
        if not safe:
            raise InputError(f"{path} names an image outside of the pack")
        return images

    @functools.cached_property
    def images(self):
        """All images, a dict from the name to a `PackedImage`, in order."""
        rows = (row for s in self.manifest["shards"] for row in self.shard_images(s))
        return {row.name: row for row in rows}

    def check_shards(self):
        """Make sure that every shard is there and whole in length.

        Raises:
            InputError: names the first shard that is missing or cut off.
        """
        for shard in self.manifest["shards"]:
            path = self.directory / shard["file"]
            if not path.is_file():
                raise InputError(f"{path} of the pack is missing; copy it again")
            if path.stat().st_size != shard["bytes"]:
                raise InputError(
                    f"{path} has {path.stat().st_size} bytes instead of "
                    f"{shard['bytes']}; copy it again"
                )

    def damaged_shards(self):
        """Compare the shards with their checksums, reading all of them.

        Yields:
            A sentence for each shard that is missing or damaged.
        """
        for shard in self.manifest["shards"]:
            path = self.directory / shard["file"]
            digest = hashlib.sha256()
            try:
                with path.open("rb") as stream:
                    while block := stream.read(2**20):
                        digest.update(block)
            except OSError:
                yield f"{path} of the pack is missing; copy it again"
                continue
            if digest.hexdigest() != shard["sha256"]:
                yield f"{path} is damaged: its checksum is not the one in {MANIFEST}"

    def features(self, image):
        """Read an image's record.

        Args:
            image: a `PackedImage`.

        Returns:
            Dict of the record's features, see `decode_example`.

        Raises:
            InputError: when the shard is missing, or the record damaged; the
                message names the image and the shard.
        """
        path = self.directory / image.shard
        where = f"{self.directory / image.name}: its record in {image.shard}"
        try:
            with path.open("rb") as stream:
                stream.seek(image.offset)
                data = read_record(stream, where)
        except OSError as error:
            raise InputError(
                f"{self.directory / image.name} cannot be read: {path} is missing"
            ) from error
        if data is None:
            raise InputError(f"{where} is cut off: the file ends before it")
        return decode_example(data, where)

    def read(self, image):
        """Read the bytes of an image's file.

        Args:
            image: a `PackedImage`.

        Returns:
            Bytes.

        Raises:
            InputError: see `features`.
        """
        encoded = self.features(image).get("image/encoded")
        if not encoded:
            name = self.directory / image.name
            raise InputError(f"{name}: its record in {image.shard} holds no image")
        return encoded[0]

    def paths(self, inner="."):
        """List paths of the images whose name is, lies below, or matches `inner`.

        Args:
            inner: an image's name, a folder or a glob. Defaults to `"."`: all.

        Returns:
            List of `Path`.
        """
        inner = PurePosixPath(inner)
        if str(inner) in self.images:
            return [self.directory / inner]
        if any(mark in str(inner) for mark in "*?["):
            names = (n for n in self.images if matches(PurePosixPath(n), inner.parts))
        else:
            names = (n for n in self.images if PurePosixPath(n).is_relative_to(inner))
        return [self.directory / name for name in names]


def is_pack(directory):
    """Tell whether a folder is a pack.

    Args:
        directory: a path.

    Returns:
        Whether it holds a `rkd_pack.json`.

    Example:
        >>> is_pack("nowhere")
        False
    """
    return (Path(directory) / MANIFEST).is_file()


def open_pack(directory):
    """Open a pack; an unchanged one is opened once a process.

    Args:
        directory: the pack's folder.

    Returns:
        A `Pack`.

    Raises:
        InputError: see `Pack`.
    """
    directory = Path(directory)
    manifest = directory / MANIFEST
    state = manifest.stat() if manifest.is_file() else None
    return _opened(directory, state and (state.st_mtime_ns, state.st_ino))


@functools.lru_cache(maxsize=16)
def _opened(directory, state):
    return Pack(directory)


def enclosing_pack(path):
    """Find the pack that a path leads into.

    Args:
        path: a path; it need not exist.

    Returns:
        Pair of the `Pack` and the rest of the path, or `None`.

    Example:
        >>> enclosing_pack("nowhere/1.png") is None
        True
    """
    path = Path(path)
    for folder in path.parents:
        if is_pack(folder):
            return open_pack(folder), path.relative_to(folder).as_posix()
    return None


def find_packed(path):
    """Find an image that lies in a pack.

    Args:
        path: a path such as `pack/train/scratches/1.png`.

    Returns:
        Pair of the `Pack` and the `PackedImage`, or `None`.

    Raises:
        InputError: when the pack around it is damaged.

    Example:
        >>> find_packed("nowhere/1.png") is None
        True
    """
    found = enclosing_pack(path)
    image = found and found[0].images.get(found[1])
    return (found[0], image) if image else None
