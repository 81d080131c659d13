"""A frame's way: queue, inference, image file, store, and only then the answer."""

import hashlib
import logging
import time
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import sqlalchemy as sa

from rkd_keras.errors import InputError
from rkd_keras.station import records
from rkd_keras.station.frozen_check import FrozenCheck
from rkd_keras.station.image_files import sniff_suffix
from rkd_keras.station.receipt import Receipt
from rkd_keras.station.store import StorageFullError, frames

_LOG = logging.getLogger(__name__)


@dataclass
class _Passage:
    """One frame on its way."""

    receipt: Receipt
    data: bytes
    done: Future = field(default_factory=Future)

    @property
    def device(self):
        """The `Device` that it came from."""
        return self.receipt.device

    @property
    def frame_key(self):
        """The client's own name for it, or `None`."""
        return self.receipt.frame_key

    @property
    def digest(self):
        """What tells another image under the same key; `None` without a key."""
        key = self.frame_key
        return None if key is None else hashlib.sha256(self.data).hexdigest()


class FrameKeyUsedError(InputError):
    """A client posted another image under a key that it had used already.

    Args:
        frame_key: the key.
        frame_id: the frame that was stored under it.
    """

    def __init__(self, frame_key, frame_id):
        super().__init__(
            f"the frame_key {frame_key!r} was used for another image, which is frame "
            f"{frame_id}; this one was not stored: give it a key of its own"
        )


class Ingest:
    """Takes frames in.

    Args:
        store: the `Store`.
        files: the `ImageFiles`.
        pool: the `InferencePool`.
        state: the `StorageState`.
        metrics: the `Metrics`.
        normal: the `NormalSurfaces`.
        on_stored: called with `(receipt, record, data)` after each frame; the
            record is the stored frame with `defects`, or has `id` `None` when it
            could only be shown.
    """

    def __init__(self, store, files, pool, state, metrics, normal, on_stored):
        self._store = store
        self._files = files
        self._pool = pool
        self._state = state
        self._metrics = metrics
        self._normal = normal
        self._on_stored = on_stored
        self._frozen = FrozenCheck()
        # One thread, so that frames are stored in the order they came in.
        self._filing = ThreadPoolExecutor(1, thread_name_prefix="filing")

    def post(self, receipt, data):
        """Take in a frame that a client sent; it is stored or refused, never lost.

        Args:
            receipt: its `Receipt`. Under a `frame_key` that was used, the same image
                gives the stored verdict and stores nothing.
            data: the encoded image.

        Returns:
            `concurrent.futures.Future` of the stored frame, a dict; it is resolved
            after the commit. It fails with `InputError` for what is no image, and
            with `FrameKeyUsedError` for another image under a key that was used.

        Raises:
            QueueFullError: when too many frames wait.
            StorageFullError: when nothing can be stored.
        """
        device = receipt.device
        if self._state.full:
            self._metrics.refused.labels(device.id, "storage").inc()
            raise self._state.kind(self._state.reason)
        device.health.frame()
        passage = _Passage(receipt, data)
        try:
            analysed = self._pool.submit(self._request(receipt, data), len(data))
        except Exception:
            self._metrics.refused.labels(device.id, "queue").inc()
            raise
        analysed.add_done_callback(lambda f: self._file_later(passage, f))
        return passage.done

    def live(self, device, data):
        """Take in a camera's newest frame; one that still waits makes way."""
        receipt = Receipt.of(device, "live")
        passage = _Passage(receipt, data)
        analysed, replaced = self._pool.offer(
            device.id, self._request(receipt, data), len(data)
        )
        if replaced:
            device.health.skipped += 1
            self._metrics.skipped.labels(device.id).inc()
        analysed.add_done_callback(lambda f: self._file_later(passage, f))
        return passage.done

    def close(self):
        """Finish the frames on their way."""
        self._filing.shutdown()

    def _request(self, receipt, data):
        settings = receipt.settings
        request = ("frame", data, settings.mm_per_pixel, settings.min_contrast)
        return request + self._normal.request_part(receipt.device)

    def _file_later(self, passage, analysed):
        try:
            self._filing.submit(self._file, passage, analysed)
        except RuntimeError:
            passage.done.cancel()

    def _file(self, passage, analysed):
        name = None
        try:
            reply = analysed.result()
            self._metrics.analysis.observe(reply["analysis_ms"] / 1000)
            reply = self._frozen(passage.device, reply, passage.frame_key)
            if reply.get("fault") is None:
                self._normal.collect(passage.device, reply)
            frame, defects = self._rows(passage, reply)
            image, suffix = passage.data, sniff_suffix(passage.data)
            if reply["image"] is not None:
                image, suffix = reply["image"], ".png"
            if passage.receipt.origin == "live" and self._state.full:
                self._show_only(passage, frame, defects, image)
                return
            name = self._files.write(image, suffix, passage.receipt.received_ms)
        except CancelledError:
            passage.done.cancel()
            return
        except Exception as error:
            self._failed(passage, error, name)
            return
        frame |= {"image": name, "image_bytes": len(image)}
        stored = self._store.submit(lambda c: frames.insert(c, frame, defects))
        stored.add_done_callback(
            lambda f: self._stored(passage, f, frame, defects, image)
        )

    def _is_same(self, record, passage):
        """Tell whether a stored frame is of the image that was posted again."""
        if record["key_sha256"] is not None:
            return record["key_sha256"] == passage.digest
        # Of before digests were kept; pruned images cannot be compared.
        kept = self._files.read(record["image"]) if record["image"] else None
        recoded = sniff_suffix(passage.data) is None
        return kept is None or recoded or kept == passage.data

    @staticmethod
    def _rows(passage, reply):
        frame = records.frame_row(passage.receipt, reply)
        frame["key_sha256"] = passage.digest
        return frame, records.defect_rows(passage.receipt, reply)

    def _stored(self, passage, stored, frame, defects, image):
        error = stored.exception()
        if error is not None:
            # Not in the writer's thread: it may have to ask the store.
            self._filing.submit(self._failed, passage, error, frame["image"])
            return
        device = passage.device
        record = {**frame, "id": stored.result(), "defects": defects}
        seconds = time.monotonic() - passage.receipt.at_s
        self._metrics.latency.labels(frame["origin"]).observe(seconds)
        self._metrics.frames.labels(device.id, frame["origin"], frame["decision"]).inc()
        if frame["fault"] is not None:
            self._metrics.invalid.labels(device.id, frame["fault"]).inc()
        for defect in defects:
            self._metrics.defects.labels(
                device.id, defect["label"], str(defect["severity"])
            ).inc()
        self._finish(passage, record, image)

    def _show_only(self, passage, frame, defects, image):
        self._state.lost_live += 1
        record = {**frame, "id": None, "image": None, "defects": defects}
        self._finish(passage, record, image)

    def _finish(self, passage, record, image):
        try:
            self._on_stored(passage.receipt, record, image)
        except Exception:
            _LOG.exception("a stored frame could not be shown")
        passage.done.set_result(record)

    def _failed(self, passage, error, name):
        # It may be posted again.
        self._frozen.forget(passage.device)
        if name is not None:
            self._files.remove([name])
        if isinstance(error, sa.exc.IntegrityError):
            try:
                record = self._earlier(passage)
            except Exception as lost:
                record, error = None, lost
            else:
                error = InputError("the device was removed before the frame was stored")
            if record is not None and not self._is_same(record, passage):
                record, error = None, FrameKeyUsedError(passage.frame_key, record["id"])
            if record is not None:
                passage.done.set_result(record)
                return
        reason = "input"
        if isinstance(error, StorageFullError):
            reason = "storage"
            self._state.set_full(str(error), type(error))
        elif not isinstance(error, InputError):
            reason = "error"
            _LOG.error("a frame could not be stored", exc_info=error)
        self._metrics.refused.labels(passage.device.id, reason).inc()
        passage.done.set_exception(error)

    def _earlier(self, passage):
        if passage.frame_key is None:
            return None
        with self._store.read() as connection:
            return frames.get_by_key(connection, passage.device.id, passage.frame_key)
