"""Write a pack's shards, and restore one image of them."""

import hashlib
import json
import os
from dataclasses import asdict

import rkd_keras
from rkd_keras.data.reading.boxes import to_voc
from rkd_keras.data.reading.identity import relative_names
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_bytes
from rkd_keras.files.names import is_utf8
from rkd_keras.files.pack_names import stays_inside
from rkd_keras.files.packs import FORMAT, MANIFEST, PackedImage
from rkd_keras.files.replacing import replacing
from rkd_keras.files.results import make_folder
from rkd_keras.files.tfrecord import encode_example, frame


def write_pack(source, names, out, shard_images, progress):
    """Write images as a pack.

    Args:
        source: a `PackSource`.
        names: their names in the pack.
        out: folder to write; there, and without another pack's files.
        shard_images: images in a shard.
        progress: function of the number of images done and of all.

    Returns:
        The manifest, a dict.
    """
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
    # Until the last shard is written, the folder is no pack.
    with replacing(out / MANIFEST) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return content


def _write_shard(path, source, names, members, progress):
    rows, offset = [], 0
    with replacing(path) as temporary, temporary.open("wb") as stream:
        for i in members:
            encoded = read_bytes(source.index.files[i])
            row = _row(source.index, i, names[i], path.name, offset, encoded)
            offset += stream.write(frame(_example(source, i, row, encoded)))
            rows.append(row)
            progress(i + 1, len(names))
        stream.flush()
        os.fsync(stream.fileno())
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
        group=index.groups[i],
        boxes=to_voc(index.boxes[i]).tolist() if i in index.boxes else None,
    )


def _example(source, i, row, encoded):
    features = {"image/encoded": encoded, "image/filename": row.name}
    if row.class_name is not None:
        features["image/class/text"] = row.class_name
        features["image/class/label"] = int(source.index.labels[i])
    if row.part is not None:
        features["image/part"] = row.part
    if row.group is not None:
        features["image/group"] = row.group
    if row.boxes is not None:
        features["image/boxes"] = [edge for box in row.boxes for edge in box]
    if i in source.index.annotations:
        file = source.index.annotations[i]
        features["annotation/filename"] = relative_names([file], source.index.root)[0]
        features["annotation/encoded"] = read_bytes(file)
    return encode_example(features)


def _shard_entry(path, rows):
    lines = []
    for row in rows:
        entry = {k: v for k, v in asdict(row).items() if v is not None}
        del entry["shard"]  # the file's name says it
        # What is not UTF-8 in a file's name can be written in ASCII alone.
        lines.append(json.dumps(entry, ensure_ascii=not is_utf8(row.name)) + "\n")
    text = "".join(lines).encode()
    index = path.with_suffix(".jsonl")
    with replacing(index) as temporary:
        temporary.write_bytes(text)
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


def restore(pack, image, out):
    """Write the files of one image: itself, and its annotation.

    Args:
        pack: the `Pack`.
        image: its `PackedImage`.
        out: folder to write to.

    Raises:
        InputError: when the record is damaged, or names a file outside of the pack.
    """
    features = pack.features(image)
    encoded = features.get("image/encoded", [b""])[0]
    if hashlib.sha256(encoded).hexdigest() != image.sha256:
        raise InputError(
            f"{pack.directory / image.name}: its record in {image.shard} holds other "
            "bytes than were packed"
        )
    files = {image.name: encoded}
    if "annotation/encoded" in features:
        name = os.fsdecode(features["annotation/filename"][0])
        if not stays_inside(name):
            raise InputError(f"{image.shard} names {name}, outside of the pack")
        files[name] = features["annotation/encoded"][0]
    for name, data in files.items():
        make_folder((out / name).parent)
        with replacing(out / name) as temporary:
            temporary.write_bytes(data)
