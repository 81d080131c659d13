"""What is normal for each device, learnt from its first frames."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from rkd_keras.errors import InputError

_LOG = logging.getLogger(__name__)

# Of a frame; a large one has thousands, and one of two neighbours tells enough.
MOST_SQUARES = 250


class NormalSurfaces:
    """Collects the squares of a device's first frames, and has them learnt from.

    Until that is done nothing says that a frame without a defect is sound, and it is
    not accepted. What was learnt is kept in a file, which the inference processes read;
    what was collected is not: a station that is started again begins again.

    Args:
        folder: where the files are kept, a `Path`.
        learn: called with statistics by frame and the file to write, in a thread of
            its own; see `Jobs.learn_normal`.
    """

    def __init__(self, folder, learn):
        self._folder = folder
        self._learn = learn
        self._rows = {}
        self._learning = set()
        self._forgotten = set()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="normal")

    def file(self, device):
        """Return the file of a device, `None` for one that never learns.

        Args:
            device: a `Device`.
        """
        if device.is_pictures or not device.settings.normal_frames:
            return None
        return self._folder / f"{device.id}.npz"

    def request_part(self, device):
        """Return the arguments of `FrameAnalyzer.analyze` about what is normal."""
        file = self.file(device)
        # Pictures that people load are of any surface.
        return None if file is None else str(file), device.is_pictures

    def state(self, device):
        """Tell how far a device is: `off`, `learnt`, `learning`, or a count of frames.

        Returns:
            Text for people.
        """
        file = self.file(device)
        if file is None:
            return "off"
        if file.exists():
            return "learnt"
        with self._lock:
            if device.id in self._learning:
                return "learning"
            seen = len(self._rows.get(device.id, ()))
        return f"{seen} of {device.settings.normal_frames} frames"

    def collect(self, device, reply):
        """Take what the inference process described, while a device learns.

        Args:
            device: the `Device`.
            reply: what `FrameAnalyzer` returned.
        """
        rows, file = reply.get("good_squares"), self.file(device)
        if rows is None or file is None or not len(rows):
            return
        with self._lock:
            if device.id in self._learning:
                return
            collected = self._rows.setdefault(device.id, [])
            collected.append(rows[:: -(-len(rows) // MOST_SQUARES)])
            if len(collected) < device.settings.normal_frames:
                return
            del self._rows[device.id]
            self._learning.add(device.id)
        self._thread.submit(self._finish, device.id, collected, file)

    def forget(self, device):
        """Have a device begin again, as a new one or after a change of product."""
        with self._lock:
            self._rows.pop(device.id, None)
            if device.id in self._learning:
                # What is being learnt now is of before.
                self._forgotten.add(device.id)
            (self._folder / f"{device.id}.npz").unlink(missing_ok=True)

    def learn_reviewed(self, device, jobs):
        """Learn from what people called no defect of a device's frames.

        Args:
            device: the `Device`.
            jobs: the `Jobs`.

        Raises:
            InputError: when the device does not learn, or that is too little.
        """
        file = self.file(device)
        if file is None:
            raise InputError(
                f"{device.name} looks for marks alone; set normal_frames first"
            )
        jobs.learn_reviewed(device.id, file)
        with self._lock:
            self._rows.pop(device.id, None)

    def close(self):
        """Finish what is being learnt."""
        self._thread.shutdown(cancel_futures=True)

    def _finish(self, device_id, rows, file):
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._learn(rows, file)
        except Exception as error:
            _LOG.error("%s did not learn what is normal: %s", device_id, error)
        finally:
            with self._lock:
                self._learning.discard(device_id)
                if device_id in self._forgotten:
                    self._forgotten.discard(device_id)
                    file.unlink(missing_ok=True)
