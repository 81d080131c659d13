"""What Prometheus may read."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Counters of one station, in a registry of their own."""

    def __init__(self):
        self.registry = registry = CollectorRegistry()
        self.frames = Counter(
            "station_frames_total",
            "Frames stored with their verdict",
            ("device", "origin", "decision"),
            registry=registry,
        )
        self.refused = Counter(
            "station_frames_refused_total",
            "Frames that were not taken in",
            ("device", "reason"),
            registry=registry,
        )
        self.invalid = Counter(
            "station_frames_invalid_total",
            "Frames stored whose picture could not be judged",
            ("device", "fault"),
            registry=registry,
        )
        self.skipped = Counter(
            "station_frames_skipped_total",
            "Live frames that a newer one replaced",
            ("device",),
            registry=registry,
        )
        self.defects = Counter(
            "station_defects_total",
            "Defects stored",
            ("device", "label", "severity"),
            registry=registry,
        )
        self.warnings = Counter(
            "station_warnings_total", "Warnings raised", ("rule",), registry=registry
        )
        self.latency = Histogram(
            "station_latency_seconds",
            "From receipt of a frame to its stored verdict",
            ("origin",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.analysis = Histogram(
            "station_analysis_seconds",
            "Analysis of a frame in the inference process",
            buckets=_SECONDS,
            registry=registry,
        )
        self._gauges = {
            name: Gauge(f"station_{name}", text, registry=registry)
            for name, text in (
                ("queue_frames", "Frames that wait for analysis"),
                ("queue_writes", "Writes that wait for the store"),
                ("workers_alive", "Inference processes that run"),
                ("worker_restarts", "Inference processes that were replaced"),
                ("storage_full", "1 while nothing can be stored"),
                ("open_warnings", "Warnings that nobody acknowledged"),
                ("images_bytes", "Size of the images that are kept"),
            )
        }
        self._device_up = Gauge(
            "station_device_running",
            "1 while the device's frames come",
            ("device",),
            registry=registry,
        )
        self._device_rate = Gauge(
            "station_device_frame_rate",
            "Frames per second over the last seconds",
            ("device",),
            registry=registry,
        )

    def set(self, name, value):
        """Set one of the gauges that concern the whole station."""
        self._gauges[name].set(value)

    def set_device(self, device_id, health):
        """Set a device's gauges from its `DeviceHealth`."""
        self._device_up.labels(device_id).set(health.state == "running")
        self._device_rate.labels(device_id).set(health.frame_rate)

    def text(self):
        """Return all metrics in Prometheus's text format, as bytes."""
        return generate_latest(self.registry)
