"""The folder that new samples are written to: images, manifest, sheet."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.names import printable
from rkd_keras.files.replacing import replacing
from rkd_keras.files.results import make_folder, unique_name

COLUMNS = ("file", "label", "split", "method", "sources", "group")

NAMES_OF_ANY_BYTES = {"encoding": "utf-8", "errors": "surrogateescape"}


@dataclass(frozen=True)
class WrittenSamples:
    """What was written to a folder of samples.

    Attributes:
        path: the folder.
        manifest: path of the list of samples, which can be trained on.
        count: number of new samples.
        class_names: names of their classes, in order of appearance.
        has_parts: whether the manifest tells the parts, see `--split given`.

    Example:
        >>> folder = Path("mosaics")
        >>> WrittenSamples(folder, folder / "manifest.csv", 2, ("crazing",)).count
        2
    """

    path: Path
    manifest: Path
    count: int
    class_names: tuple
    has_parts: bool = False


class SampleFolder:
    """New samples with the list of what came from what.

    `images/<class>/<name>.png`, `manifest.csv` (file, label, split, method, sources,
    and the group of originals) and `contact_sheet.png`. The manifest can be trained on:
    `--data <folder>/manifest.csv`. Until all is written it is called
    `manifest.partial.csv`.

    Args:
        path: the folder; made when missing.
        overwrite: whether to write into a folder that holds samples already.
        inputs: files that samples are made of; none of them may be a sample of
            this folder.

    Raises:
        InputError: when the folder is not empty, cannot be made, or holds inputs.
    """

    def __init__(self, path, overwrite=False, inputs=()):
        self.path = Path(path)
        self.images = self.path / "images"
        self.manifest = self.path / "manifest.csv"
        self.partial = self.path / "manifest.partial.csv"
        self._refuse(inputs)
        if self.path.is_file():
            raise InputError(f"{path} is a file; give a folder with --out")
        if self.path.exists() and any(self.path.iterdir()):
            if not overwrite:
                raise InputError(
                    f"{path} is not empty; give another --out, or --overwrite to "
                    "replace the samples in it"
                )
            self._clear()
        make_folder(self.path)
        self.rows = []
        self._taken = {}
        self._written = []

    def add(self, image, class_name, name, method, sources, split=""):
        """Write one sample; where its name is taken, it gets a number.

        Args:
            image: array `(H, W, 3)` or `(H, W, 1)`, uint8, RGB.
            class_name: its class's name.
            name: file name without suffix.
            method: how it was made.
            sources: files that it was made of.
            split: part of the data set, or `""`.

        Returns:
            Path of the file.

        Raises:
            InputError: when it cannot be written.
        """
        from rkd_keras.files.images import write_image

        # A class's name becomes a folder's: it must not lead elsewhere.
        folder = self.images / re.sub(r"[^\w.-]+|^\.+", "_", class_name)
        make_folder(folder)
        taken = self._taken.setdefault(folder.name.casefold(), set())
        file = folder / f"{unique_name(f'{name}.png', taken)}.png"
        write_image(file, image)
        self._row(file.relative_to(self.path), class_name, split, method, sources)
        self._written.append(class_name)
        return file

    def list_original(self, file, class_name, split="", group=None):
        """List an image that is already somewhere else in the manifest.

        Args:
            file: its path.
            class_name: its class's name.
            split: part of the data set, or `""`.
            group: what it must stay together with, or `None`.
        """
        self._row(Path(file).resolve(), class_name, split, "original", (), group)

    def finish(self, sheet_rows=()):
        """Write the manifest and the contact sheet.

        Args:
            sheet_rows: pairs of caption and images, see
                `rkd_keras.data.samples.contact_sheet`.

        Returns:
            `WrittenSamples`.
        """
        from rkd_keras.data.samples.contact_sheet import contact_sheet
        from rkd_keras.files.images import write_image

        if any(len(images) for _, images in sheet_rows):
            sheet = contact_sheet(sheet_rows)
            write_image(self.path / "contact_sheet.png", sheet, is_result=True)
        with replacing(self.manifest) as temporary:
            _append(temporary, self.rows)
        self.partial.unlink(missing_ok=True)
        names = tuple(dict.fromkeys(self._written))
        has_parts = any(split for _, _, split, *_ in self.rows)
        return WrittenSamples(
            self.path, self.manifest, len(self._written), names, has_parts
        )

    def _row(self, file, class_name, split, method, sources, group=None):
        shown = ";".join(map(printable, sources))
        row = (file.as_posix(), class_name, split, method, shown, group or "")
        self.rows.append(row)
        # What was written must be known also when this is interrupted.
        _append(self.partial, [row])

    def _refuse(self, inputs):
        images = self.images.resolve()
        for file in inputs:
            if images in Path(file).resolve().parents:
                raise InputError(
                    f"{file} is a sample in {self.path}, where new ones are to be "
                    "written; give another --out"
                )

    def _clear(self):
        """Remove the samples that this command wrote before, and nothing else."""
        lists = [file for file in (self.partial, self.manifest) if file.is_file()]
        if not lists:
            raise InputError(
                f"{self.path} holds no samples of this command; give another --out"
            )
        for listed in lists:
            with listed.open(newline="", **NAMES_OF_ANY_BYTES) as file:
                for row in csv.DictReader(file):
                    sample = self.path / (row["file"] or "")
                    inside = self.images.resolve() in sample.resolve().parents
                    if row["method"] != "original" and inside:
                        sample.unlink(missing_ok=True)
        for listed in lists:
            listed.unlink()


def _append(path, rows):
    """Append to a list of samples; a new one gets its titles first."""
    try:
        with path.open("a", newline="", **NAMES_OF_ANY_BYTES) as file:
            writer = csv.writer(file)
            if not file.tell():
                writer.writerow(COLUMNS)
            writer.writerows(rows)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
