"""Four devices at 25 frames a second: is anything lost, how late, how much memory?

    python benchmarks/station/latency.py --seconds 600

Starts the station, posts frames over loopback at a fixed rate, whatever the
answers take, and counts. The latency is the client's, from sending a frame to
its answer, which comes after the verdict is stored: an upper bound of the time
from receipt to stored verdict.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from harness import LoadGenerator, StationProcess, check_store, load_frames


def main():
    """Run the benchmark and print its numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--devices", type=int, default=4)
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--frames", type=Path, help="folder of images; else drawn")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    names = [f"line-{n}" for n in range(1, arguments.devices + 1)]
    frames = load_frames(arguments.frames)
    more = ["--workers", str(arguments.workers)]
    with tempfile.TemporaryDirectory() as folder:
        station = StationProcess(folder, names, arguments.model, more)
        start_s = station.start()
        warm_up(station, names, arguments, frames)
        result = measure(station, names, arguments, frames)
        station.stop()
        checked = check_store(folder, result.pop("answered"))
    result |= {
        "start_s": round(start_s, 2),
        "lost": len(checked["missing"]),
        "integrity": checked["integrity"],
        "model": arguments.model.name if arguments.model else "the package's student",
        "frames": arguments.frames.name if arguments.frames else "drawn",
        "load_average": [round(load, 1) for load in psutil.getloadavg()],
        "cores": psutil.cpu_count(),
    }
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def warm_up(station, names, arguments, frames):
    """Let everything be loaded that is loaded at first use."""
    generator = LoadGenerator(station.port, names, arguments.fps, frames, "warm")
    generator.start()
    time.sleep(min(5.0, arguments.seconds))
    generator.stop()


def measure(station, names, arguments, frames):
    """Post for the time given and watch the memory."""
    processes = [psutil.Process(station.process.pid)]
    processes += processes[0].children(recursive=True)
    generator_process = psutil.Process()
    for process in [*processes, generator_process]:
        process.cpu_percent()
    generator = LoadGenerator(station.port, names, arguments.fps, frames, "frame")
    generator.start()
    begun = time.monotonic()
    memory = []
    while (elapsed := time.monotonic() - begun) < arguments.seconds:
        memory.append((elapsed, sum(rss(process) for process in processes)))
        time.sleep(min(5.0, arguments.seconds / 20))
    # Of a core, in percent: the web process, multiprocessing's own, the workers.
    cpu = [process.cpu_percent() for process in processes]
    own = generator_process.cpu_percent()
    load = generator.stop()
    due = arguments.devices * arguments.fps * arguments.seconds
    milliseconds = 1000 * np.array(load.latencies)
    delays = 1000 * np.array(load.delays)
    times, sizes = np.array(memory).T
    settled = times > times[-1] * 0.2
    slope = np.polyfit(times[settled], sizes[settled], 1)[0] if settled.sum() > 2 else 0
    return {
        "answered": load.answered,
        "seconds": arguments.seconds,
        "devices": arguments.devices,
        "fps": arguments.fps,
        "workers": arguments.workers,
        "frames_due": round(due),
        "frames_stored": len(load.answered),
        "refused": load.refused,
        "broken": load.broken,
        "latency_ms": quantiles(milliseconds),
        "latency_from_due_ms": quantiles(delays),
        "memory_mb": {
            "first": round(float(sizes[0]) / 2**20, 1),
            "last": round(float(sizes[-1]) / 2**20, 1),
            "highest": round(float(sizes.max()) / 2**20, 1),
            "growth_per_10_min": round(float(slope) * 600 / 2**20, 2),
        },
        "cpu_percent": {"station": cpu, "generator": own},
        "processes": len(processes),
    }


def quantiles(values):
    """Return median, p95, p99 and maximum."""
    levels = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    return {k: round(float(np.percentile(values, q)), 2) for k, q in levels.items()}


def rss(process):
    """Return the resident memory of a process, 0 when it is gone."""
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


if __name__ == "__main__":
    main()
