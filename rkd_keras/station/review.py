"""Sampled review: how often is the station right, and training images from it."""

import csv
import io
import re
import secrets
import time
import zipfile

from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image, encode_image
from rkd_keras.station.frame_view import defect_view, frame_view, iso_time
from rkd_keras.station.store import NO_DEFECT, UNKNOWN, accounts, now_ms, reviews

OTHER = "other"


def precision_table(counts):
    """Turn answers into a precision per predicted class.

    Args:
        counts: `{predicted: {true_class: n}}`. An `"unknown"` is right when the
            surface is none of the classes: `"other"` or `"no_defect"`.

    Returns:
        List of dicts `predicted`, `reviewed`, `right`, `precision`, `low`,
        `high` (95 % Wilson interval) and `confused_with` {class: n}, by name.
    """
    from rkd_keras.evaluate.scores import wilson_interval

    table = []
    for predicted in sorted(counts):
        answers = counts[predicted]
        total = sum(answers.values())
        right = sum(n for true, n in answers.items() if is_right(predicted, true))
        low, high = wilson_interval(right, total)
        table.append(
            {
                "predicted": predicted,
                "reviewed": total,
                "right": right,
                "precision": right / total,
                "low": low,
                "high": high,
                "confused_with": {
                    true: n
                    for true, n in sorted(answers.items())
                    if not is_right(predicted, true)
                },
            }
        )
    return table


def is_right(predicted, true_class):
    """Tell whether an answer confirms what was predicted."""
    if predicted == UNKNOWN:
        return true_class in (OTHER, NO_DEFECT)
    return predicted == true_class


def answers_allowed(class_names):
    """Return what an operator may answer."""
    return (*class_names, NO_DEFECT, OTHER)


def draw(station, per_class, from_ms=None, to_ms=None):
    """Draw up to `per_class` random samples of each label that a station predicted.

    Returns:
        Dict of label to how many were drawn.
    """
    from_ms = from_ms if from_ms is not None else 0
    to_ms = to_ms if to_ms is not None else now_ms() + 1
    batch = time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(4)

    def job(connection):
        at_ms = now_ms()
        return {
            label: reviews.draw(
                connection,
                label,
                per_class,
                from_ms,
                to_ms,
                batch,
                at_ms,
                station.id,
            )
            for label in reviews.labels_between(connection, from_ms, to_ms, station.id)
        }

    return station.store.write(job)


def answer(store, review_id, true_class, class_names, account):
    """Store what a sample really shows.

    Raises:
        InputError: when the answer is none of the known ones, or there is no such
            sample.
    """
    if true_class not in answers_allowed(class_names):
        raise InputError(
            f"true_class must be one of {', '.join(answers_allowed(class_names))}. "
            f"Received: {true_class!r:.80}"
        )

    def job(connection):
        at_ms = now_ms()
        found = reviews.answer(connection, review_id, true_class, account.name, at_ms)
        if found:
            text = f"sample {review_id}: {true_class}"
            accounts.record(connection, at_ms, account.name, "review", text)
        return found

    if not store.write(job):
        raise InputError(f"there is no sample {review_id}")


def review_view(sample):
    """Return a sample as the world sees it."""
    frame = frame_view({**sample["frame"], "defects": []})
    del frame["defects"]
    return {
        "id": sample["id"],
        "batch": sample["batch"],
        "predicted": sample["predicted"],
        "true_class": sample["true_class"],
        "reviewed_by": sample["reviewed_by"],
        "reviewed_at": iso_time(sample["reviewed_ms"]),
        "frame": frame,
        "defect": defect_view(sample["defect"]) if sample["defect"] else None,
    }


def export_zip(store, files, path, class_names, corrections_only=False, station=None):
    """Write reviewed samples as a folder of training images, in a zip file.

    Each sample is cut out as the square that was classified and lies under
    `images/<class>/`; answers that are no class of the model lie under
    `not_a_class/<answer>/`, so that the first folder can be trained on as it is.
    `manifest.csv` says where each came from.

    Args:
        store: the `Store`.
        files: the `ImageFiles`.
        path: the zip file to write.
        class_names: the model's classes.
        corrections_only: leave out what was confirmed. Defaults to `False`.
        station: whose samples. Defaults to any.

    Returns:
        Number of images written.
    """
    with store.read() as connection:
        samples = reviews.answered(connection, station=station)
    manifest = io.StringIO()
    writer = csv.writer(manifest)
    writer.writerow(
        ["file", "true_class", "predicted", "frame_id", "defect_id", "reviewed_by"]
    )
    written = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for sample in samples:
            true_class = sample["true_class"]
            if corrections_only and is_right(sample["predicted"], true_class):
                continue
            image = _cut_out(files, sample)
            if image is None:
                continue
            top = "images" if true_class in class_names else "not_a_class"
            folder = re.sub(r"[^\w.-]", "_", true_class)
            name = f"{top}/{folder}/{sample['id']:08d}.png"
            archive.writestr(name, encode_image(image))
            writer.writerow(
                [
                    name,
                    true_class,
                    sample["predicted"],
                    sample["frame_id"],
                    sample["defect_id"],
                    sample["reviewed_by"],
                ]
            )
            written += 1
        archive.writestr("manifest.csv", manifest.getvalue())
    return written


def good_images(store, files, device_id):
    """Yield what people called no defect of a device's frames.

    Args:
        store: the `Store`.
        files: the `ImageFiles`.
        device_id: the device.

    Yields:
        Arrays `(H, W, 3)`, uint8: whole frames, and windows that the station had
        taken for a defect.
    """
    with store.read() as connection:
        samples = reviews.answered(connection)
    for sample in samples:
        is_good = sample["true_class"] == NO_DEFECT
        if is_good and sample["frame"]["device_id"] == device_id:
            image = _cut_out(files, sample)
            if image is not None:
                yield image


def _cut_out(files, sample):
    name = sample["frame"]["image"]
    data = files.read(name) if name else None
    if data is None:
        return None
    image = decode_image(data, name)
    defect = sample["defect"]
    if defect is None:
        return image
    x, y = defect["window_x"], defect["window_y"]
    return image[y : y + defect["window_height"], x : x + defect["window_width"]]
