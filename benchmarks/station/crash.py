"""Kill the station under load, again and again: nothing acknowledged may be lost.

    python benchmarks/station/crash.py --rounds 20

Each round starts the station with the same command, posts frames, and ends it
with `kill -9` at a random moment. Then every acknowledged frame must be in the
store with its image, the database must pass SQLite's integrity check, and no
child process may be left.
"""

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

import psutil
from harness import LoadGenerator, StationProcess, check_store, load_frames


def main():
    """Run the benchmark; the exit status tells whether all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--devices", type=int, default=4)
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--seconds", type=float, default=4.0, help="longest round")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--frames", type=Path, help="folder of images; else drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    names = [f"line-{n}" for n in range(1, arguments.devices + 1)]
    frames = load_frames(arguments.frames)
    rounds = []
    answered = {}
    with tempfile.TemporaryDirectory() as folder:
        station = StationProcess(folder, names, arguments.model)
        for number in range(1, arguments.rounds + 1):
            result = one_round(station, names, arguments, frames, number, answered)
            rounds.append(result)
            print(json.dumps(result), flush=True)
        restarted = station.start()
        station.stop()
    failed = [r for r in rounds if not r["good"]]
    summary = {
        "rounds": len(rounds),
        "failed": len(failed),
        "acknowledged": len(answered),
        "last_start_s": round(restarted, 2),
        "load_average": [round(load, 1) for load in psutil.getloadavg()],
        "cores": psutil.cpu_count(),
    }
    print(json.dumps(summary))
    if arguments.out:
        content = {"summary": summary, "rounds": rounds}
        arguments.out.write_text(json.dumps(content, indent=1) + "\n")
    raise SystemExit(bool(failed))


def one_round(station, names, arguments, frames, number, answered):
    """Start, load, kill, check."""
    start_s = station.start()
    generator = LoadGenerator(
        station.port, names, arguments.fps, frames, f"round-{number}"
    )
    generator.start()
    time.sleep(random.uniform(0.5, arguments.seconds))
    children = psutil.Process(station.process.pid).children(recursive=True)
    station.kill()
    load = generator.stop()
    answered |= load.answered
    psutil.wait_procs(children, timeout=10)
    left = [child.pid for child in children if child.is_running()]
    checked = check_store(station.data_dir, answered)
    good = checked["integrity"] == "ok" and not (
        checked["missing"] or checked["without_image"] or left
    )
    return {
        "round": number,
        "good": good,
        "start_s": round(start_s, 2),
        "acknowledged": len(load.answered),
        "acknowledged_in_all": len(answered),
        "stored_in_all": checked["stored"],
        "integrity": checked["integrity"],
        "missing": len(checked["missing"]),
        "without_image": len(checked["without_image"]),
        "children_left": len(left),
    }


if __name__ == "__main__":
    main()
