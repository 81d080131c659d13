"""The folder of a run: where things are, and the rule that nothing is overwritten."""

import json
import shutil
from pathlib import Path
from typing import Any, TypeVar

from rkd_keras.errors import InputError
from rkd_keras.runs.settings import FREE

Folder = TypeVar("Folder", bound="RunFolder")

IMAGES = "images.json"


class RunFolder:
    """A folder that one process at a time writes a run into.

    Args:
        path: the folder. Nothing is read before it is asked for.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = None

    @property
    def config_path(self) -> Path:
        """Path of the settings."""
        return self.path / "config.json"

    @property
    def split_path(self) -> Path:
        """Path of the list of images."""
        return self.path / "split.json"

    @property
    def history_path(self) -> Path:
        """Path of the epochs' values."""
        return self.path / "history.csv"

    @property
    def model_path(self) -> Path:
        """Path of the trained model."""
        return self.path / "model.keras"

    @property
    def report_path(self) -> Path:
        """Path of the report."""
        return self.path / "report.html"

    @property
    def checkpoints(self) -> Path:
        """Folder of the training's state."""
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """Folder of TensorBoard's logs."""
        return self.path / "tensorboard"

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.path / "figures"

    @property
    def teacher_cache(self) -> Path:
        """Folder of the teacher's stored answers."""
        return self.path / "teacher_cache"

    @property
    def features(self) -> Path:
        """Path of the features that a head alone was trained on."""
        return self.path / "features.npy"

    def _read(self, name, kind):
        path = self.path / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read: {error}") from error
        if not isinstance(content, kind):
            raise InputError(f"{path} is no file of a run; write it anew")
        return content

    @classmethod
    def begin(
        cls: type[Folder],
        path: str | Path,
        config: dict[str, Any],
        resume: bool = False,
        overwrite: bool = False,
    ) -> Folder:
        """Begin a run, or continue one; nobody else works in it until `close`.

        Args:
            path: the folder; made when missing.
            config: dict of all settings, written to `config.json`.
            resume: whether to continue what the folder holds.
            overwrite: whether to begin again in a folder that holds a run. What the
                old run wrote is removed before anything of the new one is written.

        Returns:
            A `Run`.

        Raises:
            InputError: when the folder holds a run and neither flag is given, the
                settings to resume with differ, or somebody is at work there.
        """
        from rkd_keras.files.results import make_folder

        run = cls(path)
        run._refuse_what_is_there(config, resume, overwrite)
        make_folder(run.path)
        run.lock()
        try:
            if overwrite and run.config_path.exists():
                run.clear()
            if not run.config_path.exists():
                from rkd_keras.runs.versions import versions

                run.write_json("config.json", {**config, "versions": versions()})
            make_folder(run.figures)
        except BaseException:
            run.close()
            raise
        return run

    def _refuse_what_is_there(self, config, resume, overwrite):
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.path} is a file; give a folder with --out")
        if not self.path.exists() or overwrite and self.config_path.exists():
            return
        if self.config_path.exists():
            if not resume:
                raise InputError(
                    f"{self.path} holds a run already; continue it with --resume, "
                    "begin again with --overwrite, or give another --out"
                )
            self._refuse_other_settings(config)
        elif any(file.name != ".lock" for file in self.path.iterdir()):
            raise InputError(f"{self.path} is not empty and holds no run; give another")

    def _refuse_other_settings(self, config):
        begun = self.config or {}
        plain = json.loads(json.dumps(config))
        for name, value in plain.items():
            # A setting that is younger than the run was off when it began.
            if name in FREE or (name not in begun and not value):
                continue
            if begun.get(name) != value:
                raise InputError(
                    f"{self.path} was begun with {name}={begun.get(name)!r}, not "
                    f"{value!r}; resume with the same settings"
                )

    def lock(self) -> None:
        """Keep others out until `close`, or until this process ends.

        Raises:
            InputError: when another process is at work in the folder.
        """
        import filelock

        lock = filelock.FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise InputError(
                f"another process is at work in {self.path}; wait for it, or give "
                "another --out"
            ) from error
        except OSError as error:
            raise InputError(
                f"{self.path} cannot be written: {error.strerror}; give another --out"
            ) from error
        self._lock = lock

    def close(self) -> None:
        """Let others in again."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self: Folder) -> Folder:
        """Return the run."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def clear(self) -> None:
        """Remove what a run wrote here; files of anybody else stay.

        What scores and models would be believed of goes first, and the settings go
        last: whenever this is interrupted, what is left is the old run's alone.
        """
        exported = [self.path / Path(row["file"]).name for row in self.exports]
        for file in (
            *(self.model_path, self.path / "partial.keras", *exported),
            *self.path.glob("metrics*.json"),
            *(self.path / "exports.json", self.path / "benchmark.json"),
            self.path / IMAGES,
            self.path / "compared.json",
            *(self.report_path, self.history_path),
            *self.path.glob("teacher_cache*"),
            *self.path.glob("features*"),
            *(self.figures, self.tensorboard, self.checkpoints),
            *(self.split_path, self.config_path),
        ):
            if file.is_dir():
                shutil.rmtree(file)
            else:
                file.unlink(missing_ok=True)

    def keep_images(self, files: dict[str, list]) -> None:
        """Note which images a study is of, or refuse others than it began with.

        Args:
            files: dict from what they are to a list of paths.

        Raises:
            InputError: when images are new, gone or have another content; it says
                which.
        """
        from rkd_keras.data.reading.identity import digests_of, relative_names
        from rkd_keras.files.names import printable

        now = {
            what: dict(zip(relative_names(paths), digests_of(paths), strict=True))
            for what, paths in files.items()
        }
        begun = self._read(IMAGES, dict)
        if begun is None:
            self.write_json(IMAGES, now)
            return
        for what, images in now.items():
            earlier = begun.get(what, {})
            for how, names in (
                ("are new", images.keys() - earlier.keys()),
                ("are gone", earlier.keys() - images.keys()),
                ("have another content", _changed(earlier, images)),
            ):
                if names:
                    raise InputError(
                        f"{len(names)} images of {what} {how} since {self.path} was "
                        f"begun (such as {printable(min(names))}); bring back the old "
                        "ones, or begin again with --overwrite"
                    )

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file whole.

        Args:
            name: its name in the folder.
            content: what JSON can hold.
        """
        from rkd_keras.files.replacing import replacing

        with replacing(self.path / name) as temporary:
            text = json.dumps(content, indent=2, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")


def _changed(earlier, now):
    return {name for name in earlier.keys() & now.keys() if earlier[name] != now[name]}
