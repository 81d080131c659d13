"""Run one process a model and let them take turns."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from rkd_keras.errors import InputError

ROUNDS = 10


def measure(
    subjects, threads=1, runs=1000, batch=64, show_progress=True, labelled=None
):
    """Time models in processes of their own that take turns.

    Args:
        subjects: list of dicts with `model` (a path), `runtime` (what to call
            it), `role` (`"predictor"`, `"keras"` or `"torch"`), where the file to
            open is another one `file`, and where the runtime is not the file's own
            `load_as`, its name for `load`.
        threads: CPU threads of each. Defaults to `1`.
        runs: timed single images of each. Defaults to `1000`.
        batch: images a call where throughput is measured. Defaults to `64`.
        show_progress: whether to show a progress bar. Defaults to `True`.
        labelled: pair of lists, files of images and their classes' names, to score
            each model on after the timing. Defaults to `None`.

    Returns:
        List of dicts, one a subject: `model`, `runtime`, `median_ms`, `p95_ms`,
        `p99_ms` of a single image, `images_per_s`, `size_bytes`, `peak_mb` (the
        process's largest resident memory, `None` where the system does not
        tell), `load_s`, `runs`, `threads`; with `labelled` also `images`, `accuracy`
        and `equal_verdicts` (how many are those of the first), `None` for a role that
        gives no verdicts.

    Raises:
        InputError: when a model cannot be opened.
    """
    from rich.progress import Progress

    rounds = min(ROUNDS, runs)
    counts = [runs // rounds + (i < runs % rounds) for i in range(rounds)]
    workers = []
    try:
        with Progress(disable=not show_progress, transient=True) as bar:
            task = bar.add_task("timing", total=len(subjects) * (rounds + 1))
            for subject in subjects:
                # One after the other, so that loading does not disturb loading.
                workers.append(_Worker(subject, threads))
                bar.advance(task)
            latencies = [[] for _ in workers]
            rates = [[] for _ in workers]
            for count in counts:
                for worker, single, many in zip(workers, latencies, rates, strict=True):
                    answer = worker.ask({"runs": count, "batch": batch})
                    single += answer["latencies"]
                    many.append(answer["images_per_s"])
                    bar.advance(task)
        results = [
            _summary(worker, single, many, threads)
            for worker, single, many in zip(workers, latencies, rates, strict=True)
        ]
        if labelled is not None:
            _score(workers, results, *labelled)
        return results
    finally:
        for worker in workers:
            worker.close()


def _summary(worker, latencies, rates, threads):
    import numpy as np

    median, p95, p99 = np.percentile(latencies, [50, 95, 99]) * 1000
    file = Path(worker.subject.get("file", worker.subject["model"]))
    files = file.rglob("*") if file.is_dir() else [file]
    return {
        "model": worker.subject["model"],
        "runtime": worker.subject["runtime"],
        "median_ms": float(median),
        "p95_ms": float(p95),
        "p99_ms": float(p99),
        "images_per_s": float(np.median(rates)),
        "size_bytes": sum(f.stat().st_size for f in files if f.is_file()),
        "peak_mb": worker.ask({"memory": True})["peak_mb"],
        "load_s": worker.load_s,
        "runs": len(latencies),
        "threads": threads,
    }


def _score(workers, results, files, class_names):
    """Put into each result how many images its model knows, by which verdicts."""
    first = None
    for worker, result in zip(workers, results, strict=True):
        answer = worker.ask({"files": [str(file) for file in files]})
        result |= {"images": len(files), "accuracy": None, "equal_verdicts": None}
        if answer["labels"] is None:
            continue
        first = first or answer["labels"]
        pairs = zip(answer["class_names"], class_names, strict=True)
        result["accuracy"] = sum(a == b for a, b in pairs) / len(files)
        both = zip(answer["labels"], first, strict=True)
        result["equal_verdicts"] = sum(a == b for a, b in both)


class _Worker:
    """One model's process; it works only when it is asked to."""

    def __init__(self, subject, threads):
        self.subject = subject
        # A file, for a pipe that nobody reads would fill up and stop the process.
        self._messages = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rkd_keras.export.timing.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            text=True,
        )
        try:
            self.load_s = self.ask({**subject, "threads": threads})["load_s"]
        except BaseException:
            self.close()
            raise

    def ask(self, request):
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        # Runtimes may print to the standard output; answers are marked.
        for line in self._process.stdout:
            if line.startswith("ANSWER "):
                answer = json.loads(line.removeprefix("ANSWER "))
                if "error" in answer:
                    raise InputError(answer["error"])
                return answer
        self._messages.seek(0)
        trace = self._messages.read().strip().splitlines()
        raise RuntimeError(
            f"the process that timed {self.subject['model']} under "
            f"{self.subject['runtime']} ended: {trace[-1] if trace else 'no message'}"
        )

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._messages.close()
