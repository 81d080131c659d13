"""What every long command writes: one folder a run."""

import json
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rkd_keras.errors import InputError

PACKAGES = ("rkd-keras", "tensorflow", "keras", "numpy", "opencv-python-headless")
# Settings that may differ between a run and its continuation.
FREE_SETTINGS = (
    *("out", "resume", "overwrite", "strict", "quiet", "teacher_cache"),
    "strategy",
)


@dataclass
class RunDirectory:
    """The folder of one run, and the rule that nothing is overwritten.

    Attributes:
        path: the folder.
    """

    path: Path

    @classmethod
    def open(cls, path, settings, resume=False, overwrite=False):
        """Begin a run in `path`, or continue one.

        Args:
            path: the folder; made when missing.
            settings: dict of all settings, written to `config.json`.
            resume: whether to continue what the folder holds.
            overwrite: whether to begin again in a folder that holds a run.

        Returns:
            A `RunDirectory`.

        Raises:
            InputError: when the folder holds a run and neither flag is given,
                or the settings to resume with differ from those it was begun
                with.
        """
        run = cls(Path(path))
        if run.config_path.exists() and not overwrite:
            if not resume:
                raise InputError(
                    f"{path} holds a run already; continue it with --resume, begin "
                    "again with --overwrite, or give another --out"
                )
            run._check_same(settings)
        elif run.path.exists() and any(run.path.iterdir()) and not overwrite:
            raise InputError(f"{path} is not empty and holds no run; give another")
        if overwrite and run.config_path.exists():
            for name in ("checkpoints/last.npz", "checkpoints/best.weights.h5"):
                (run.path / name).unlink(missing_ok=True)
            (run.path / "teacher_cache.npz").unlink(missing_ok=True)
        run.figures.mkdir(parents=True, exist_ok=True)
        if not (resume and run.config_path.exists()):
            run.write_json("config.json", {**settings, "versions": versions()})
        return run

    @property
    def config_path(self):
        """Path of the settings."""
        return self.path / "config.json"

    @property
    def figures(self):
        """Folder of the figures."""
        return self.path / "figures"

    @property
    def model_path(self):
        """Path of the trained model."""
        return self.path / "model.keras"

    def write_json(self, name, content):
        """Write a JSON file in one step."""
        path = self.path / name
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        partial.replace(path)

    def read_json(self, name):
        """Read a JSON file of the run.

        Raises:
            InputError: when it is missing or no JSON.
        """
        path = self.path / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read: {error}") from error

    def _check_same(self, settings):
        begun = self.read_json("config.json")
        plain = json.loads(json.dumps(settings))
        for name, value in plain.items():
            # A setting that is younger than the run was off when it began.
            if name in FREE_SETTINGS or (name not in begun and not value):
                continue
            if begun.get(name) != value:
                raise InputError(
                    f"{self.path} was begun with {name}={begun.get(name)!r}, not "
                    f"{value!r}; resume with the same settings"
                )


def versions():
    """Return the versions of Python and of the packages that matter."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
