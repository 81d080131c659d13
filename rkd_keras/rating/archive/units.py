"""The units of work that an archive is scored in.

A unit is a shard of a pack, a TFRecord file of somebody else's, or some hundred
loose files. It is read by one worker and becomes one Parquet file, so what a
killed run had finished is told by which of these files exist.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from rkd_keras.errors import InputError


@dataclass(frozen=True)
class Unit:
    """A part of an archive.

    Attributes:
        number: position in the archive.
        images: how many images it holds, for the progress bar.
        digest: tells when what the unit stands for was changed.
        files: loose files; empty for the other two kinds.
        pack: folder of the pack, or `None`.
        shard: position of the shard in the pack.
        records: TFRecord file without a manifest, or `None`.
    """

    number: int
    images: int
    digest: str
    files: tuple = ()
    pack: str | None = None
    shard: int | None = None
    records: str | None = None

    def to_json(self):
        """Return the unit as text, which is how it travels to a worker."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text):
        """Return the unit that `to_json` wrote."""
        return cls(**json.loads(text))


def find_units(paths, unit_images):
    """Divide an archive.

    Args:
        paths: files, folders, globs, packs and TFRecord files; a folder may hold
            all of them.
        unit_images: loose files in a unit.

    Returns:
        List of `Unit`; the same archive gives the same.

    Raises:
        InputError: when a path does not exist, a pack is damaged, or there is
            nothing to score.
    """
    files, packs, records = _found(paths)
    drafts = [draft for pack in sorted(packs) for draft in _shards(pack)]
    drafts += [_records(path) for path in sorted(records)]
    files = sorted(files)
    for start in range(0, len(files), unit_images):
        drafts.append(_loose(files[start : start + unit_images]))
    if not drafts:
        raise InputError(f"no images were found in {', '.join(map(str, paths))}")
    return [Unit(number=number, **draft) for number, draft in enumerate(drafts)]


def _found(paths):
    """Sort what the paths hold into loose files, packs and TFRecord files."""
    from rkd_keras.files.images import IMAGE_SUFFIXES, list_images, warn_of_losses
    from rkd_keras.files.packs import is_pack
    from rkd_keras.files.results import is_result
    from rkd_keras.files.walking import Walked, walk

    files, packs, records = set(), set(), set()
    for path in map(os.path.abspath, paths):
        if not os.path.isdir(path):
            if path.endswith(".tfrecord") and os.path.isfile(path):
                records.add(path)
            else:
                files.update(map(str, list_images(path)))
            continue
        walked = Walked(packs=[path]) if is_pack(path) else walk(path)
        packs.update(map(str, walked.packs))
        warn_of_losses(path, walked)
        for inner in map(str, walked.files):
            if inner.lower().endswith(IMAGE_SUFFIXES):
                files.add(inner)
            elif inner.endswith(".tfrecord"):
                records.add(inner)
    return {file for file in files if not is_result(file)}, packs, records


def _shards(directory):
    from rkd_keras.files.packs import open_pack

    for position, shard in enumerate(open_pack(directory).manifest["shards"]):
        yield {
            "images": shard["images"],
            "digest": _digest(directory, shard["sha256"]),
            "pack": directory,
            "shard": position,
        }


def _records(path):
    from rkd_keras.files.tfrecord import FRAME_BYTES, HEADER_BYTES

    count, size = 0, os.path.getsize(path)
    with open(path, "rb") as stream:
        while len(header := stream.read(HEADER_BYTES)) == HEADER_BYTES:
            count += 1
            length = int.from_bytes(header[:8], "little")
            if length > size:  # damaged: reading will tell
                break
            stream.seek(length + FRAME_BYTES - HEADER_BYTES, os.SEEK_CUR)
    return {"images": count, "digest": _digest(path, size), "records": path}


def _loose(files):
    sizes = [os.path.getsize(f) if os.path.isfile(f) else None for f in files]
    return {
        "images": len(files),
        "digest": _digest(files, sizes),
        "files": tuple(files),
    }


def _digest(*facts):
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def read_unit(unit):
    """Read the images of a unit.

    Args:
        unit: a `Unit`.

    Yields:
        Dict with `file` and where they are known `true_class` and `part`, and the
        file's bytes; an `InputError` in place of the bytes where they cannot be
        read.
    """
    if unit.records is not None:
        yield from _read_records(Path(unit.records))
    elif unit.pack is not None:
        yield from _read_shard(unit)
    else:
        from rkd_keras.files.images import read_bytes

        for file in unit.files:
            yield {"file": file}, _attempt(read_bytes, file)


def _read_shard(unit):
    from rkd_keras.files.packs import open_pack

    pack = open_pack(unit.pack)
    shard = pack.manifest["shards"][unit.shard]
    try:
        images = pack.shard_images(shard)
    except InputError as error:
        yield {"file": str(pack.directory / shard["file"])}, error
        return
    for image in images:
        facts = {
            "file": str(pack.directory / image.name),
            "true_class": image.class_name,
            "part": image.part,
        }
        yield facts, _attempt(pack.read, image)


def _read_records(path):
    """Read TFRecords of others; names and classes by the customary features."""
    from rkd_keras.files.tfrecord import decode_example, read_record

    try:
        stream = path.open("rb")
    except OSError as error:
        yield {"file": str(path)}, InputError(f"{path} cannot be read: {error}")
        return
    with stream:
        number = 0
        while True:
            where = f"{path}: record {number}"
            facts = {"file": f"{path}/{number}"}
            try:
                data = read_record(stream, where)
                if data is None:
                    return
                features = decode_example(data, where)
            except InputError as error:
                yield facts, InputError(f"{error}; what follows it was not read")
                return
            for feature, fact in (
                ("image/filename", "file"),
                ("image/class/text", "true_class"),
            ):
                if features.get(feature):
                    text = features[feature][0].decode(errors="replace")
                    facts[fact] = f"{path}/{text}" if fact == "file" else text
            encoded = features.get("image/encoded")
            fault = InputError(f"{where} has no feature image/encoded")
            yield facts, encoded[0] if encoded else fault
            number += 1


def _attempt(read, what):
    try:
        return read(what)
    except InputError as error:
        return error
