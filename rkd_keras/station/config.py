"""How a station is set up."""

import ipaddress
import math
from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError

# A thousand years: what is longer cannot be counted in the database's milliseconds.
MOST_DAYS = 365_000


@dataclass(frozen=True)
class StationConfig:
    """Everything that is fixed while a station runs.

    Attributes:
        data_dir: folder of the database, images, reports and rules.
        database_url: SQLAlchemy URL; `None` for SQLite in `data_dir`.
        model: model file; `None` for the student of the package.
        keras_model: `.keras` file for heat maps by gradients; `None` for none.
        generator: `.keras` file of a CycleGAN generator to show; `None` for none.
        host: address to listen on. Defaults to `"127.0.0.1"`.
        port: TCP port. Defaults to `8080`.
        workers: inference processes. Defaults to `1`.
        analysis_timeout_s: longest time for one frame, seconds.
        max_upload_bytes: largest image that is taken in, bytes.
        max_pixels: most pixels of an image.
        queue_frames: most posted frames that may wait.
        keep_images_days: greatest age of a kept image, days.
        keep_images_bytes: greatest size of all kept images, bytes.
        min_free_bytes: room that must stay free on the disk, bytes.
        stall_after_s: seconds without a frame until a device counts as stalled.
        lost_after_s: seconds without a frame until it counts as lost.
        labelled: folders of labelled images that may be evaluated.
        tls: whether it is served by HTTPS, for the cookies' sake.
        mqtt_url: `mqtt://host:port/prefix`; `None` for no messages.

    Raises:
        InputError: for a number that must be above 0 and is not, or a port that
            is none.

    Example:
        >>> StationConfig(Path("station")).url
        'http://127.0.0.1:8080'
    """

    data_dir: Path
    database_url: str | None = None
    model: Path | None = None
    keras_model: Path | None = None
    generator: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    analysis_timeout_s: float = 10.0
    max_upload_bytes: int = 20 * 2**20
    max_pixels: int = 20_000_000
    queue_frames: int = 256
    keep_images_days: float = 30.0
    keep_images_bytes: int = 20 * 2**30
    min_free_bytes: int = 500 * 2**20
    stall_after_s: float = 2.0
    lost_after_s: float = 10.0
    labelled: tuple[Path, ...] = ()
    tls: bool = False
    mqtt_url: str | None = None

    def __post_init__(self):
        """Check what cannot work."""
        positive = (
            "workers",
            "analysis_timeout_s",
            "max_upload_bytes",
            "max_pixels",
            "queue_frames",
            "keep_images_days",
            "keep_images_bytes",
            "stall_after_s",
            "lost_after_s",
        )
        for name in positive:
            value = getattr(self, name)
            # NaN is above nothing and below nothing.
            if not 0 < value < math.inf:
                raise InputError(f"{name} must be above 0. Received: {name}={value}")
        if not 0 <= self.min_free_bytes < math.inf:
            raise InputError(
                "min_free_bytes must be at least 0. "
                f"Received: min_free_bytes={self.min_free_bytes}"
            )
        if self.keep_images_days > MOST_DAYS:
            raise InputError(
                f"keep_images_days must be at most {MOST_DAYS}. "
                f"Received: keep_images_days={self.keep_images_days}"
            )
        if self.lost_after_s < self.stall_after_s:
            raise InputError(
                "lost_after_s must be at least stall_after_s. Received: "
                f"lost_after_s={self.lost_after_s}, stall_after_s={self.stall_after_s}"
            )
        if not 0 < self.port < 65536:
            raise InputError(f"port must be 1 to 65535. Received: port={self.port}")

    @property
    def url(self):
        """Where a browser on this machine finds the station."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def is_local(self):
        """Whether only this machine can reach the station."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def store_url(self):
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'station.db'}"

    @property
    def images_dir(self):
        """Folder of the frames' images."""
        return self.data_dir / "images"

    @property
    def reports_dir(self):
        """Folder of the reports."""
        return self.data_dir / "reports"

    @property
    def exports_dir(self):
        """Folder of the exported training images."""
        return self.data_dir / "exports"

    @property
    def normal_dir(self):
        """Folder of what is normal for each device."""
        return self.data_dir / "normal"

    @property
    def grading_file(self):
        """The grading rules in use."""
        return self.data_dir / "rules" / "grading.yaml"

    @property
    def alarms_file(self):
        """The warning rules in use."""
        return self.data_dir / "rules" / "warnings.yaml"

    @property
    def max_waiting_bytes(self):
        """Most bytes that waiting frames may hold."""
        return max(256 * 2**20, 2 * self.max_upload_bytes)
