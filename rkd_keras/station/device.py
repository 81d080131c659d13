"""One device: a camera or a client that posts frames."""

import time
from dataclasses import asdict, dataclass, field

from rkd_keras.errors import InputError
from rkd_keras.station.cameras import NOT_FETCHED, DeviceHealth
from rkd_keras.station.store import now_ms

# Their squares wait in memory.
MOST_NORMAL_FRAMES = 5000


@dataclass(frozen=True)
class DeviceSettings:
    """What an engineer sets for a device.

    Attributes:
        mm_per_pixel: size of a pixel on the strip, millimetres; `None` when it
            is not known, then sizes stay in pixels.
        speed_m_s: the line's speed for coils that begin without one, metres per
            second; `None` when the client posts positions itself.
        min_contrast: what has less contrast is surface, see
            `rkd_keras.measure.segment`; higher for a rough surface.
        normal_frames: so many of its frames a device learns from what its surface
            looks like without a defect; until then a frame on which nothing was found
            goes to review. 0 looks for marks alone and accepts such a frame.
        travel_axis: `"y"` when the strip travels down the image's rows, as under
            a line camera, `"x"` when along its columns.
    """

    mm_per_pixel: float | None = None
    speed_m_s: float | None = None
    travel_axis: str = "y"
    min_contrast: float = 0.06
    normal_frames: int = 200

    def __post_init__(self):
        """Check the ranges."""
        for name, high in (("mm_per_pixel", 1000.0), ("speed_m_s", 200.0)):
            value = getattr(self, name)
            if value is not None and not 0 < value <= high:
                raise InputError(
                    f"{name} must be above 0 and at most {high:g}. "
                    f"Received: {name}={value}"
                )
        if not 0 <= self.min_contrast <= 1:
            raise InputError(
                "min_contrast must be in [0, 1]. "
                f"Received: min_contrast={self.min_contrast}"
            )
        if not 0 <= self.normal_frames <= MOST_NORMAL_FRAMES:
            raise InputError(
                f"normal_frames must be from 0 to {MOST_NORMAL_FRAMES}. "
                f"Received: normal_frames={self.normal_frames}"
            )
        if self.travel_axis not in ("x", "y"):
            raise InputError(
                "travel_axis must be 'x' or 'y'. "
                f"Received: travel_axis={self.travel_axis!r:.20}"
            )

    def as_dict(self):
        """Return the settings as a dict for the store."""
        return asdict(self)


@dataclass
class Device:
    """A device as the running station holds it.

    Attributes:
        id: short name for addresses, lower case.
        name: name for people.
        source: where frames come from, see `open_source`; `kind` `"posted"` for
            clients that send them, `"pictures"` for what people load.
        settings: a `DeviceSettings`.
        enabled: whether it is to run.
        running_coil: the coil that runs, a dict, or `None`, and when it began on a
            clock that never steps, seconds. One tuple, changed as a whole.
        health: its `DeviceHealth`.
        runner: its `CameraRunner` while it runs, `None` for posted frames.
    """

    id: str
    name: str
    source: dict
    settings: DeviceSettings
    enabled: bool = True
    running_coil: tuple = (None, 0.0)
    health: DeviceHealth = field(default_factory=DeviceHealth)
    runner: object | None = None

    @property
    def coil(self):
        """The coil that runs, a dict, or `None`."""
        return self.running_coil[0]

    def begin_coil(self, coil):
        """Note the coil that runs now.

        Args:
            coil: as `devices.get_coil` returns it; `None` when none runs.
        """
        started_s = time.monotonic()
        if coil is not None:
            # Of a coil that began before the station was started, only the wall
            # clock knows how long it has run.
            started_s -= max(now_ms() - coil["started_ms"], 0) / 1000
        self.running_coil = (coil, started_s)

    @property
    def is_live(self):
        """Whether the station fetches the frames itself."""
        return self.source["kind"] not in NOT_FETCHED

    @property
    def is_pictures(self):
        """Whether it stands for the pictures that people load."""
        return self.source["kind"] == "pictures"
