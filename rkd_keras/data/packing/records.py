"""Pack large sets of images into few files, and unpack them again."""

import csv
import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import rkd_keras
from rkd_keras.data.packing.pack_source import find_source, relative
from rkd_keras.data.reading.boxes import to_voc
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_bytes
from rkd_keras.files.packs import FORMAT, MANIFEST, PackedImage, open_pack, stays_inside
from rkd_keras.files.tfrecord import encode_example, frame


def pack_images(path, out, labelled=True, shard_images=1000, progress=None):
    """Write images into sharded TFRecords with checksums and a manifest.

    Every record is a `tf.train.Example` that TensorFlow reads as well:
    `image/encoded` (the file's own bytes), `image/filename`, and where they are
    known `image/class/text`, `image/class/label`, `image/part`, `image/boxes`
    (`xmin, ymin, xmax, ymax` in pixels from 1, the maxima included, box after box, as
    in Pascal VOC), `annotation/filename` and `annotation/encoded`.

    Args:
        path: data set in any layout that `open_dataset` reads.
        out: folder to write, made when missing.
        labelled: whether classes are looked for; if not, all images below the
            folder are packed, which is enough for scoring. Defaults to `True`.
        shard_images: images in a shard. Defaults to `1000`.
        progress: function called with the number of images done and of all after
            each image, or `None`.

    Returns:
        The manifest, a dict.

    Raises:
        InputError: when an image cannot be read or is listed twice, or
            `shard_images` is below 1; see also `open_dataset`.

    Example:
        >>> import tempfile, pathlib
        >>> from rkd_keras.data import open_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for name in ("dent", "scratch"):
        ...     (folder / "images" / name).mkdir(parents=True)
        ...     _ = (folder / "images" / name / "1.png").write_bytes(b"any bytes")
        >>> pack_images(folder / "images", folder / "pack")["images"]
        2
        >>> open_dataset(folder / "pack").class_names
        ('dent', 'scratch')
    """
    if shard_images < 1:
        raise InputError(f"a shard holds at least 1 image, not {shard_images}")
    source, out = find_source(path, labelled), Path(out)
    names = source.names()
    out.mkdir(parents=True, exist_ok=True)
    # Until the last shard is written, the folder is no pack.
    (out / MANIFEST).unlink(missing_ok=True)
    count = -(-len(names) // shard_images)
    shards = []
    for number in range(count):
        file = out / f"images-{number:05d}-of-{count:05d}.tfrecord"
        members = range(number * shard_images, len(names))[:shard_images]
        rows = _write_shard(file, source, names, members, progress)
        shards.append(_shard_entry(file, rows))
    content = {
        "format": FORMAT,
        "created_by": f"rkd_keras {rkd_keras.__version__}",
        "layout": source.layout,
        "class_names": list(source.index.class_names),
        "images": len(names),
        "shards": shards,
    }
    _write_whole(out / MANIFEST, (json.dumps(content, indent=1) + "\n").encode())
    return content


def _write_shard(path, source, names, members, progress):
    rows, offset = [], 0
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as stream:
            for i in members:
                encoded = read_bytes(source.index.files[i])
                row = _row(source.index, i, names[i], path.name, offset, encoded)
                offset += stream.write(frame(_example(source, i, row, encoded)))
                rows.append(row)
                if progress is not None:
                    progress(i + 1, len(names))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def _row(index, i, name, shard, offset, encoded):
    return PackedImage(
        name=name,
        shard=shard,
        offset=offset,
        file_bytes=len(encoded),
        sha256=hashlib.sha256(encoded).hexdigest(),
        class_name=index.class_names[index.labels[i]] if index.class_names else None,
        part=index.parts[i],
        boxes=to_voc(index.boxes[i]).tolist() if i in index.boxes else None,
    )


def _example(source, i, row, encoded):
    features = {"image/encoded": encoded, "image/filename": row.name}
    if row.class_name is not None:
        features["image/class/text"] = row.class_name
        features["image/class/label"] = int(source.index.labels[i])
    if row.part is not None:
        features["image/part"] = row.part
    if row.boxes is not None:
        features["image/boxes"] = [edge for box in row.boxes for edge in box]
    if i in source.index.annotations:
        file = source.index.annotations[i]
        features["annotation/filename"] = relative(file, source.root)
        features["annotation/encoded"] = read_bytes(file)
    return encode_example(features)


def _shard_entry(path, rows):
    lines = []
    for row in rows:
        entry = {k: v for k, v in asdict(row).items() if v is not None}
        del entry["shard"]  # the file's name says it
        lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
    text = "".join(lines).encode()
    index = path.with_suffix(".jsonl")
    _write_whole(index, text)
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return {
        "file": path.name,
        "images": len(rows),
        "bytes": path.stat().st_size,
        "sha256": digest.hexdigest(),
        "index": index.name,
        "index_sha256": hashlib.sha256(text).hexdigest(),
    }


def _write_whole(path, data):
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def unpack_images(directory, out, progress=None):
    """Write a pack's images as files again: the same bytes under the same names.

    What cannot be restored is left out and told; the rest is written. A pack of a
    CSV manifest gives a `manifest.csv` too, for there the folders do not tell the
    classes.

    Args:
        directory: the pack's folder.
        out: folder to write, made when missing.
        progress: function called with the number of images done and of all after
            each image, or `None`.

    Returns:
        List of sentences, one for each image that could not be restored.

    Raises:
        InputError: when the folder holds no pack or its index is damaged.

    Example:
        >>> import tempfile, pathlib
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> (folder / "images" / "dent").mkdir(parents=True)
        >>> _ = (folder / "images" / "dent" / "1.png").write_bytes(b"any bytes")
        >>> manifest = pack_images(folder / "images", folder / "pack")
        >>> unpack_images(folder / "pack", folder / "again")
        []
        >>> (folder / "again" / "dent" / "1.png").read_bytes()
        b'any bytes'
    """
    pack, out, faults = open_pack(directory), Path(out), []
    out.mkdir(parents=True, exist_ok=True)
    for done, image in enumerate(pack.images.values(), start=1):
        try:
            _restore(pack, image, out)
        except InputError as error:
            faults.append(str(error))
        if progress is not None:
            progress(done, len(pack.images))
    if pack.manifest["layout"] == "manifest":
        with (out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("file", "label", "split"))
            for image in pack.images.values():
                writer.writerow((image.name, image.class_name, image.part or ""))
    return faults


def _restore(pack, image, out):
    features = pack.features(image)
    encoded = features.get("image/encoded", [b""])[0]
    if hashlib.sha256(encoded).hexdigest() != image.sha256:
        raise InputError(
            f"{pack.directory / image.name}: its record in {image.shard} holds other "
            "bytes than were packed"
        )
    files = {image.name: encoded}
    if "annotation/encoded" in features:
        name = features["annotation/filename"][0].decode()
        if not stays_inside(name):
            raise InputError(f"{image.shard} names {name}, outside of the pack")
        files[name] = features["annotation/encoded"][0]
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
