"""The station itself: all its parts, put together and run."""

import logging
import os
import uuid

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

from rkd_keras.data.synthetic.camera import simulate_strip
from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing
from rkd_keras.station.actions import Actions
from rkd_keras.station.alarm_desk import AlarmDesk
from rkd_keras.station.alarm_rules import DEFAULT_YAML, AlarmRules
from rkd_keras.station.analysis import (
    check_grading_text,
    default_grading_text,
    make_analyzer,
)
from rkd_keras.station.board import Board
from rkd_keras.station.device_manager import DeviceManager
from rkd_keras.station.frame_view import frame_view
from rkd_keras.station.image_files import ImageFiles
from rkd_keras.station.ingest import Ingest
from rkd_keras.station.jobs import Jobs, make_jobs
from rkd_keras.station.maintenance import Maintenance
from rkd_keras.station.metrics import Metrics
from rkd_keras.station.normal_surfaces import NormalSurfaces
from rkd_keras.station.security import Accounts
from rkd_keras.station.storage_state import StorageState
from rkd_keras.station.store import Store
from rkd_keras.station.workers import FrameQueue, InferencePool

_LOG = logging.getLogger(__name__)


class Station:
    """A rating station: devices, inference, store and what watches over them.

    Only one process may work on a data folder; the lock goes with the process,
    however it ends.

    Args:
        config: a `StationConfig`.
        analyzer: factory of the inference handler; tests give their own.
        jobs: factory of the jobs' handler; tests give their own.
        simulate: the strip of simulated devices; tests give their own.

    Raises:
        InputError: when the data folder, database or model cannot be used.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.station import StationConfig
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     station = Station(StationConfig(pathlib.Path(folder)))
        ...     station.asks_for_password
        ...     station.close()
        False
    """

    def __init__(
        self,
        config,
        analyzer=make_analyzer,
        jobs=make_jobs,
        simulate=simulate_strip,
    ):
        self.config = config
        self._make_folders()
        self._lock = _lock(config.data_dir / "station.lock")
        self.store = Store(config.store_url)
        self.id = _identifier(config.data_dir / "station.id")
        self.metrics = Metrics()
        self.state = StorageState()
        self.board = Board()
        self.files = ImageFiles(config.images_dir, config.min_free_bytes)
        self.accounts = Accounts(self.store, config.data_dir / "secret.key")
        rules = AlarmRules(_text_of(config.alarms_file))
        self.desk = AlarmDesk(self.store, self.id, self.metrics, rules)
        self.pool = InferencePool(
            analyzer,
            (config.model, config.grading_file),
            config.workers,
            config.analysis_timeout_s,
            FrameQueue(config.queue_frames, config.max_waiting_bytes),
            # OpenCV's own limit: it is checked before a picture is unpacked.
            {"OPENCV_IO_MAX_IMAGE_PIXELS": str(config.max_pixels)},
        )
        self.jobs = Jobs(config, jobs)
        self.normal = NormalSurfaces(config.normal_dir, self.jobs.learn_normal)
        self.ingest = Ingest(
            self.store,
            self.files,
            self.pool,
            self.state,
            self.metrics,
            self.normal,
            self._on_stored,
        )
        self.devices = DeviceManager(
            self.store,
            self.id,
            self.ingest.live,
            config.stall_after_s,
            config.lost_after_s,
            simulate,
            self.normal.forget,
        )
        self.actions = Actions(self)
        self.maintenance = Maintenance(
            self.store,
            self.id,
            self.files,
            self.state,
            self.devices,
            self.desk,
            self.metrics,
            config.keep_images_days * 86_400_000,
            config.keep_images_bytes,
        )
        self._mqtt = None
        self._started = False

    @property
    def model(self):
        """What the inference process said about its model, a dict."""
        return self.pool.info or {}

    @property
    def class_names(self):
        """The model's classes."""
        return tuple(self.model.get("class_names", ()))

    @property
    def asks_for_password(self):
        """Whether users must log in: on a network, or once there are users."""
        return not self.config.is_local or self.accounts.any_users()

    def start(self):
        """Start everything; the devices that were running run again.

        Raises:
            InputError: when the model or the rules cannot be used, or the network
                would be let in without a password.
        """
        if self._started:
            return
        if not self.config.is_local and not self.accounts.any_users():
            raise InputError(
                f"--host {self.config.host} opens the station to the network, which "
                "needs a password: add a user with --add-user NAME first"
            )
        self.pool.start()
        self.devices.load()
        self._check_rules()
        self.files.sweep(self.store, self.id)
        if self.config.mqtt_url:
            from rkd_keras.station.mqtt_publisher import MqttPublisher

            self._mqtt = MqttPublisher(self.config.mqtt_url)
        if self.devices.pictures is None:
            made = self.devices.create("Loaded pictures", {"kind": "pictures"})
            self.devices.start(made)
        self.devices.start_enabled()
        self.maintenance.start()
        self._started = True

    def close(self):
        """Stop everything; what was taken in is stored first. Once is enough."""
        if self._lock is None:
            return
        self.maintenance.close()
        self.devices.close()
        self.pool.close()
        self.ingest.close()
        self.normal.close()
        self.jobs.close()
        if self._mqtt is not None:
            self._mqtt.close()
        self.store.close()
        os.close(self._lock)
        self._lock = None

    def _check_rules(self):
        """Tell what is wrong with the rules now, and not when they first fail."""
        config, names = self.config, self.class_names
        AlarmRules(_text_of(config.alarms_file)).check_classes(names)
        text = _text_of(config.grading_file)
        running = [device for device in self.devices.all() if device.enabled]
        check_grading_text(text, names, running, own_rules_fit=True)

    def use_alarm_rules(self, text, also=None):
        """Check, store and apply new warning rules.

        Args:
            text: the rules, YAML.
            also: as of `use_grading_rules`.

        Raises:
            InputError: when they are not valid; then the old ones stay.
        """
        rules = AlarmRules(text)
        rules.check_classes(self.class_names)
        self._keep_rules(self.config.alarms_file, text, also)
        self.desk.use(rules)

    def use_grading_rules(self, text, also=None):
        """Store grading rules that were checked; the workers read them again.

        Args:
            text: the rules, YAML.
            also: is done in one transaction with them, see `Store.write`.
        """
        self._keep_rules(self.config.grading_file, text, also)

    def _keep_rules(self, path, text, also):
        if also is None:
            _replace(path, text)
            return
        # The file last, inside the transaction: a record without the rules, or rules
        # without their record, would each be wrong.
        self.store.write(lambda c: also(c, None), lambda c, _: _replace(path, text))

    def update_gauges(self):
        """Bring the metrics that are read, not counted, up to date."""
        self.metrics.set("queue_frames", len(self.pool.queue))
        self.metrics.set("queue_writes", self.store.waiting)
        self.metrics.set("workers_alive", self.pool.alive)
        self.metrics.set("worker_restarts", self.pool.restarts)
        self.metrics.set("storage_full", self.state.full)
        self.metrics.set("open_warnings", len(self.desk.open))

    def _on_stored(self, receipt, record, image):
        device = receipt.device
        self.board.show(device.id, record, image)
        self.desk.observe(device, record, receipt.at_s)
        if self._mqtt is not None:
            self._mqtt.publish(device.id, frame_view(record))

    def _make_folders(self):
        config = self.config
        try:
            for folder in (
                config.data_dir,
                config.reports_dir,
                config.exports_dir,
                config.grading_file.parent,
            ):
                folder.mkdir(parents=True, exist_ok=True)
            if not config.alarms_file.exists():
                _replace(config.alarms_file, DEFAULT_YAML)
            if not config.grading_file.exists():
                _replace(config.grading_file, default_grading_text())
        except OSError as error:
            raise InputError(
                f"{config.data_dir} cannot be used as data folder: {error.strerror}"
            ) from error


def _text_of(path):
    """Read a file of rules, which people may have written themselves."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _replace(path, text):
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _identifier(path):
    """Return what tells this station from others on the same database."""
    if not path.exists():
        _replace(path, str(uuid.uuid4()))
    return path.read_text(encoding="utf-8").strip()


def _lock(path):
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise InputError(
            f"{path.parent} is in use by another station; give another --data-dir"
        ) from error
    return descriptor
