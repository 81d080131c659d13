"""The folder that commands write new samples to: images, manifest, sheet."""

import csv
import re
from pathlib import Path

from rkd_keras.errors import InputError


class SampleFolder:
    """New samples with the list of what came from what.

    `images/<class>/<name>.png`, `manifest.csv` (file, label, split, method,
    sources) and `contact_sheet.png`. The manifest can be trained on: `--data
    <folder>/manifest.csv`.

    Args:
        path: the folder; made when missing.
        overwrite: whether to write into a folder that holds samples already.

    Raises:
        InputError: when the folder is not empty.
    """

    def __init__(self, path, overwrite=False):
        self.path = Path(path)
        if self.path.exists() and any(self.path.iterdir()):
            if not overwrite:
                raise InputError(
                    f"{path} is not empty; give another --out, or --overwrite to "
                    "replace the samples in it"
                )
            self._clear()
        self.images = self.path / "images"
        self.images.mkdir(parents=True, exist_ok=True)
        self.rows = []

    def add(self, image, label, name, method, sources, split=""):
        """Write one sample.

        Args:
            image: array `(H, W, 3)` or `(H, W, 1)`, uint8, RGB.
            label: its class's name.
            name: file name without suffix.
            method: how it was made.
            sources: files that it was made of.
            split: part of the data set, or `""`.
        """
        from rkd_keras.data.samples.contact_sheet import write_image

        # A class's name becomes a folder's: it must not lead elsewhere.
        folder = self.images / re.sub(r"[^\w.-]+|^\.+", "_", label)
        folder.mkdir(exist_ok=True)
        file = folder / f"{name}.png"
        write_image(file, image)
        self._row(file.relative_to(self.path), label, split, method, sources)

    def list_original(self, file, label, split=""):
        """List an image that is already somewhere else in the manifest."""
        self._row(Path(file).resolve(), label, split, "original", ())

    def finish(self, sheet_rows=()):
        """Write the manifest and the contact sheet.

        Args:
            sheet_rows: pairs of caption and images, see
                `rkd_keras.data.samples.contact_sheet`.

        Returns:
            Path of the manifest.
        """
        from rkd_keras.data.samples.contact_sheet import contact_sheet, write_image

        manifest = self.path / "manifest.csv"
        with manifest.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("file", "label", "split", "method", "sources"))
            writer.writerows(self.rows)
        if sheet_rows:
            write_image(self.path / "contact_sheet.png", contact_sheet(sheet_rows))
        return manifest

    def _row(self, file, label, split, method, sources):
        shown = ";".join(str(source) for source in sources)
        self.rows.append((file.as_posix(), label, split, method, shown))

    def _clear(self):
        """Remove the samples that this command wrote before, and nothing else."""
        manifest = self.path / "manifest.csv"
        if not manifest.is_file():
            raise InputError(
                f"{self.path} holds no samples of this command; give another --out"
            )
        with manifest.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                sample = self.path / row["file"]
                inside = (self.path / "images").resolve() in sample.resolve().parents
                if row["method"] != "original" and inside:
                    sample.unlink(missing_ok=True)
        manifest.unlink()
