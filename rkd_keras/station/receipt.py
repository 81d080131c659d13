"""What held when a frame came in: its verdict comes later, and things change."""

import time
from dataclasses import dataclass

from rkd_keras.station.device import Device, DeviceSettings
from rkd_keras.station.store import now_ms


@dataclass(frozen=True)
class Receipt:
    """One frame's device, settings and coil, taken when it was received.

    Attributes:
        device: the `Device`.
        origin: `"posted"`, `"live"` or `"loaded"`.
        settings: the `DeviceSettings` by which it is judged and placed.
        coil_id: the coil that it is filed under, or `None`.
        received_ms: milliseconds since 1970, for people.
        at_s: the same moment on a clock that never steps, for rules and positions.
        position_m: where along the strip it begins, metres; `None` when neither an
            encoder nor the line's speed tells.
        frame_key: the client's own name for the frame.
    """

    device: Device
    origin: str
    settings: DeviceSettings
    coil_id: int | None
    received_ms: int
    at_s: float
    position_m: float | None = None
    frame_key: str | None = None

    @classmethod
    def of(cls, device, origin, position_m=None, frame_key=None, coil=None):
        """Take down what holds now.

        Args:
            device: the `Device`.
            origin: `"posted"`, `"live"` or `"loaded"`.
            position_m: what the client's encoder says, metres. Defaults to what
                the coil's speed says.
            frame_key: the client's own name for the frame. Defaults to none.
            coil: the coil that the client named, a dict. Defaults to the one that
                runs on the device.

        Returns:
            A `Receipt`.

        Example:
            >>> line = Device("d", "D", {"kind": "posted"}, DeviceSettings())
            >>> line.begin_coil({"id": 3, "started_ms": 0, "speed_m_s": 2.0})
            >>> receipt = Receipt.of(line, "posted", position_m=7.5)
            >>> line.begin_coil({"id": 4, "started_ms": 0, "speed_m_s": 2.0})
            >>> receipt.coil_id, receipt.position_m
            (3, 7.5)
        """
        running, started_s = device.running_coil
        coil = running if coil is None else coil
        at_s = time.monotonic()
        if position_m is None and coil is not None and coil.get("speed_m_s"):
            # How far an earlier coil has gone, its speed does not tell any more.
            if running is not None and coil["id"] == running["id"]:
                position_m = max(at_s - started_s, 0.0) * coil["speed_m_s"]
        return cls(
            device=device,
            origin=origin,
            settings=device.settings,
            coil_id=None if coil is None else coil["id"],
            received_ms=now_ms(),
            at_s=at_s,
            position_m=None if position_m is None else float(position_m),
            frame_key=frame_key,
        )
