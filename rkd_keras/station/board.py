"""The newest verdict of each device, for pages that look on."""

import asyncio
import time


class Board:
    """Holds one frame per device in memory, so that looking costs no disk."""

    def __init__(self):
        self._latest = {}
        self._number = 0

    def show(self, device_id, record, image):
        """Put up a device's newest frame.

        Args:
            device_id: the device.
            record: the frame as a dict.
            image: its encoded image.
        """
        self._number += 1
        self._latest[device_id] = (self._number, record, image)

    def latest(self, device_id):
        """Return `(number, record, image)` of a device, or `None`.

        Numbers grow with every frame that is put up.
        """
        return self._latest.get(device_id)

    async def newer(self, device_id, number, wait_s):
        """Wait for a frame with a higher number.

        Returns:
            As `latest`, or `None` when none came in time.
        """
        until = time.monotonic() + wait_s
        while True:
            latest = self._latest.get(device_id)
            if latest is not None and latest[0] > number:
                return latest
            if time.monotonic() >= until:
                return None
            await asyncio.sleep(0.03)

    def forget(self, device_id):
        """Take a device's frame down."""
        self._latest.pop(device_id, None)
