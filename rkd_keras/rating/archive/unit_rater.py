"""Rate one unit of an archive: what every worker of every engine does."""

import time
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.rating.rate import rate

MEASURING = ("method", "polarity", "min_contrast", "mm_per_pixel", "size")
MEASURING += ("quality_gate",)


class UnitRater:
    """Classify, measure and grade the images of units; needs no TensorFlow.

    Args:
        settings: dict with `model` (path, or `None` for the package's own
            student), `out`, `batch_size`, `rules` (YAML text), `rules_source`, and
            `MEASURING`, which are arguments of `rate`.
    """

    def __init__(self, settings):
        from rkd_keras.measure import GradeRules
        from rkd_keras.predict import load
        from rkd_keras.rating.rules import open_rules

        self.settings = settings
        self.out = Path(settings["out"])
        self.predictor = load(settings["model"], threads=1)
        rules = GradeRules.parse(settings["rules"], settings["rules_source"])
        self.rules = open_rules(rules, self.predictor.class_names)
        self.measuring = {name: settings[name] for name in MEASURING}

    def __call__(self, unit):
        """Rate a unit and write its Parquet file.

        Batches are those of the unit, in its order, whatever engine runs it: so
        all engines give the same numbers to the last bit.

        Args:
            unit: a `Unit`.

        Returns:
            Facts, see `rkd_keras.rating.archive.table.write_part`, and `started`,
            `ended` (seconds since 1970) and `cpu_seconds`.
        """
        from rkd_keras.rating.archive.table import write_part
        from rkd_keras.rating.archive.units import read_unit

        started, cpu = time.time(), time.process_time()
        rows, batch = [], []
        for facts, data in read_unit(unit):
            row = dict(facts)
            rows.append(row)
            image = _decoded(row, data)
            if image is not None:
                batch.append((row, image))
            if len(batch) == self.settings["batch_size"]:
                self._rate(batch)
                batch = []
        self._rate(batch)
        return {
            **write_part(self.out, unit, rows),
            "started": started,
            "ended": time.time(),
            "cpu_seconds": time.process_time() - cpu,
        }

    def _rate(self, batch):
        images = [image for _, image in batch]
        verdicts = self.predictor.predict(images, len(images)) if images else []
        for (row, image), verdict in zip(batch, verdicts, strict=True):
            try:
                row.update(
                    rate(
                        image, rules=self.rules, verdict=verdict, **self.measuring
                    ).to_dict()
                )
            # One strange image must not end the scoring of millions.
            except Exception as error:
                row["error"] = f"{type(error).__name__}: {error}"


def _decoded(row, data):
    """Decode an image; what goes wrong is written into the row."""
    from rkd_keras.files.images import decode_image

    try:
        if isinstance(data, InputError):
            raise data
        return decode_image(data, row["file"])
    except Exception as error:
        known = isinstance(error, InputError)
        row["error"] = str(error) if known else f"{type(error).__name__}: {error}"
        return None
