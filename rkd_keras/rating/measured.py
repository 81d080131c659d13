"""What `measure` found: a row an image, a row a defect, a row a class."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rkd_keras.measure import Grade, Measurement
    from rkd_keras.predict import Verdict

IMAGES, DEFECTS, NESTED = "images.csv", "defects.csv", "measurements.json"
CLASSES, SEPARATION = "classes.csv", "classes.json"
TABLES = (IMAGES, DEFECTS, NESTED, CLASSES, SEPARATION)


@dataclass(frozen=True)
class MeasuredImage:
    """One image that was rated.

    Attributes:
        file: its path.
        name: how its pictures are called, without what follows.
        true_class: its class where a data set tells it, or `None`.
        verdict: a `Verdict`, or `None` where nobody classified.
        measurement: a `Measurement`.
        grade: a `Grade`.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.rating import rate
        >>> squares = np.kron(np.eye(8), np.full((8, 8), 90)).astype("uint8")
        >>> found = rate(squares)
        >>> parts = found.verdict, found.measurement, found.grade
        >>> MeasuredImage(Path("a.png"), "a", "dent", *parts).class_name
        'dent'
    """

    file: Path
    name: str
    true_class: str | None
    verdict: Verdict | None
    measurement: Measurement
    grade: Grade

    @property
    def class_name(self) -> str | None:
        """The class by which Table 7 counts the image, `None` for none of them.

        The data set's where it tells one, the verdict's if not. An unknown verdict, or
        one that the data set contradicts, counts for no class, and so does a picture
        that could not be judged.

        Returns:
            A name or `None`.
        """
        from rkd_keras.measure import INVALID
        from rkd_keras.predict.verdict import UNKNOWN
        from rkd_keras.rating.rules import class_for_rules

        found = class_for_rules(self.verdict)
        if self.grade.decision == INVALID:
            return None
        if self.verdict is None:
            return self.true_class
        fits = found != UNKNOWN and self.true_class in (None, found)
        return found if fits else None

    def row(self) -> dict[str, Any]:
        """Return the image's row of `images.csv`."""
        from rkd_keras.files.names import printable
        from rkd_keras.rating.rate import flat_dict

        return {
            "file": printable(self.file),
            "true_class": self.true_class,
            **flat_dict(self.verdict, self.measurement, self.grade),
        }

    def defect_rows(self) -> list[dict[str, Any]]:
        """Return a row for each of its defects."""
        return [defect.to_dict() for defect in self.measurement.defects]


@dataclass(frozen=True)
class Measured:
    """All images that were rated.

    Attributes:
        images: list of what is known of each, as `MeasuredImage`.
        settings: dict of how they were measured.
        skipped: list of sentences on images that could not be decoded.
        out: folder of the tables and pictures, or `None`.
        foreign: whether the data set is not the one that the model's run is of, so
            that it was measured whole.

    Example:
        >>> Measured([], {}).classes
        []
    """

    images: list[MeasuredImage]
    settings: dict[str, Any]
    skipped: tuple[str, ...] = ()
    out: Path | None = None
    foreign: bool = False

    @property
    def classes(self) -> list[dict[str, Any]]:
        """The paper's Table 7, see `rkd_keras.measure.class_table`."""
        from rkd_keras.measure import class_table

        return class_table(self._by_class())

    @property
    def separation(self) -> dict[str, Any]:
        """What tells the classes apart, see `rkd_keras.measure.class_separation`."""
        from rkd_keras.measure import class_separation

        return class_separation(self._by_class())

    @property
    def left_out(self) -> dict[str, int]:
        """Images that Table 7 counts for no class.

        Returns:
            Dict of counts: `unknown` and `wrong` verdicts, `invalid` pictures.
        """
        judged = [i.verdict for i in self.images if i.verdict and not i.class_name]
        unknown = sum(verdict.is_unknown for verdict in judged)
        invalid = sum(self.invalid.values())
        return {"unknown": unknown, "wrong": len(judged) - unknown, "invalid": invalid}

    @property
    def invalid(self) -> dict[str, int]:
        """How many pictures could not be judged.

        Returns:
            Dict from what is wrong, such as `"black"`, to the number of pictures.
        """
        from rkd_keras.measure import INVALID

        grades = (image.grade for image in self.images)
        return dict(Counter(g.decisive for g in grades if g.decision == INVALID))

    @property
    def has_classes(self) -> bool:
        """Whether Table 7 can be told: one image is no summary."""
        return len(self._by_class()) > 1

    def write(self, out: str | Path) -> None:
        """Write the tables.

        Args:
            out: a folder that exists.

        Raises:
            InputError: when one cannot be written.
        """
        from rkd_keras.measure import write_table

        out = Path(out)
        rows = [image.row() for image in self.images]
        defects = [
            {"file": row["file"], **defect}
            for row, image in zip(rows, self.images, strict=True)
            for defect in image.defect_rows()
        ]
        nested = [
            {**row, "defects": image.defect_rows()}
            for row, image in zip(rows, self.images, strict=True)
        ]
        write_table(out / IMAGES, rows)
        write_table(out / DEFECTS, defects or [{"file": None}])
        write_table(out / NESTED, {"settings": self.settings, "images": nested})
        if self.has_classes:
            content = {
                "settings": self.settings,
                "classes": self.classes,
                "left_out": self.left_out,
                "separation": self.separation,
            }
            write_table(out / CLASSES, content["classes"])
            write_table(out / SEPARATION, content)

    def _by_class(self):
        return [
            (image.class_name, image.measurement)
            for image in self.images
            if image.class_name is not None
        ]
