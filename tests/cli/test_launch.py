import csv
import io
import json
import signal
import subprocess
import sys
import threading
import time

import keras
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.runs.experiment import Settings, run_experiment
from rkd_keras.runs.worker_group import WorkerGroup, free_ports
from rkd_keras.trainers.distributed.tf_config import (
    choose_strategy,
    workers_of_tf_config,
)

PYTHON = (sys.executable, "-c")


def group(code, workers=2, threads=1):
    return WorkerGroup([code], workers, threads, PYTHON, io.StringIO())


def test_workers_know_their_place_and_their_lines_are_told_apart():
    workers = group(
        "import os, json; c = json.loads(os.environ['TF_CONFIG']);"
        "print(c['task'], len(set(c['cluster']['worker'])),"
        " os.environ['TF_NUM_INTRAOP_THREADS'])",
        workers=3,
    )
    assert workers.run() == 0
    lines = sorted(workers.stream.getvalue().splitlines())
    assert lines == [
        f"[worker {i}] {{'type': 'worker', 'index': {i}}} 3 1" for i in range(3)
    ]


def test_one_worker_is_a_plain_process():
    workers = group("import os; print('TF_CONFIG' in os.environ)", workers=1)
    assert workers.run() == 0
    assert workers.stream.getvalue() == "[worker 0] False\n"


@pytest.mark.parametrize(
    ("end", "status", "told"),
    [
        ("sys.exit(4)", 4, "worker 1 failed with status 4; the others are ended"),
        ("os.kill(os.getpid(), 9)", 1, "worker 1 was killed by SIGKILL; the others"),
    ],
)
def test_a_failing_worker_ends_the_others(end, status, told):
    workers = group(
        "import json, os, sys, time\n"
        "if json.loads(os.environ['TF_CONFIG'])['task']['index'] == 1:\n"
        f"    {end}\n"
        "time.sleep(300)"
    )
    assert workers.run() == status
    assert told in workers.stream.getvalue()
    assert all(process.poll() is not None for process in workers.processes)


def test_ctrl_c_ends_all(monkeypatch):
    # A worker that turns a deaf ear is killed.
    monkeypatch.setattr("rkd_keras.runs.worker_group.PATIENCE", 0.5)
    workers = group(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(300)"
    )

    def press():
        while workers.stream.getvalue().count("deaf") < 2:
            time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    assert workers.run() == 130
    thread.join()
    assert all(process.poll() is not None for process in workers.processes)


def test_ports_are_free_and_different():
    assert len(set(free_ports(5))) == 5


def test_only_trainings_are_spread(invoke):
    result = invoke("launch", "--workers", 2, "--", "predict", "model.tflite")
    assert isinstance(result.exception, InputError)
    assert "only train and distill" in str(result.exception)


def test_tf_config_decides_the_strategy(monkeypatch):
    def config(workers, index=0, **more):
        cluster = {"worker": [f"host{i}:1" for i in range(workers)], **more}
        return json.dumps(
            {"cluster": cluster, "task": {"type": "worker", "index": index}}
        )

    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert choose_strategy() == "none"
    monkeypatch.setenv("TF_CONFIG", config(1))
    assert choose_strategy() == "none"
    monkeypatch.setenv("TF_CONFIG", config(1, chief=["host9:1"]))
    assert choose_strategy() == "multi_worker"
    assert choose_strategy("mirrored") == "mirrored"
    for broken in ("{", "[]", config(2, index=2), '{"cluster": {"worker": ["a:1"]}}'):
        with pytest.raises(InputError, match="TF_CONFIG is not usable"):
            workers_of_tf_config(broken)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "parallel"}, "strategy must be one of none, mirrored, multi"),
        ({"strategy": "multi_worker"}, "needs TF_CONFIG, which names all workers"),
        ({"strategy": "mirrored", "clipnorm": 1.0}, "clipnorm would clip each"),
        ({"strategy": "mirrored", "loss": "adaptive_gmean_paper"}, "the whole batch"),
        ({"strategy": "mirrored", "precision": "mixed_float16"}, "not supported"),
    ],
)
def test_what_means_nothing_over_replicas_is_refused(
    tmp_path, monkeypatch, changes, message
):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(InputError, match=message):
        run_experiment(Settings(data="", out=str(tmp_path / "run"), **changes))
    assert not (tmp_path / "run").exists()


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_two_workers_killed_and_resumed_end_as_one_process(
    strips, tmp_path, monkeypatch
):
    """By `launch`, with a real SIGKILL of the second worker; then `--resume`."""
    psutil = pytest.importorskip("psutil")
    from rkd_keras.layers import BatchNormalization
    from rkd_keras.models import SARSN34

    # Statistics over workers are not fused: the same rounding in both runs, for
    # Adam's first steps magnify whatever differs.
    monkeypatch.setattr(BatchNormalization, "_fuses", lambda layer, inputs: False)

    options = {"width": 0.0625, "stem_stride": 2}
    teacher = tmp_path / "teacher.keras"
    SARSN34(6, input_shape=(32, 32, 3), **options).save(teacher)
    settings = Settings(
        data=str(strips),
        out=str(tmp_path / "alone"),
        model_options=options,
        size=32,
        epochs=4,
        batch_size=16,
        precision="float32",
        teacher=str(teacher),
        teacher_views=2,
        quiet=True,
    )
    run_experiment(settings)
    out = tmp_path / "spread"
    command = [
        *(sys.executable, "-m", "rkd_keras.cli.app", "launch", "--workers", "2", "--"),
        *("distill", "--data", strips, "--out", out, "--teacher", teacher),
        *("--width", "0.0625", "--stem-stride", "2", "--size", "32", "--epochs", "4"),
        *("--batch-size", "16", "--precision", "float32", "--teacher-views", "2"),
        *("--sync-batch-norm", "--quiet"),
    ]
    command = [str(part) for part in command]
    launcher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not (out / "history.csv").exists():
        assert launcher.poll() is None, launcher.stdout.read()[-3000:]
        time.sleep(0.02)
    children = psutil.Process(launcher.pid).children()
    children[1].kill()
    started = time.monotonic()
    output, _ = launcher.communicate(timeout=60)
    assert launcher.returncode == 1 and time.monotonic() - started < 60
    assert "worker 1 was killed by SIGKILL; the others are ended" in output
    assert not any(child.is_running() for child in children)
    assert not (out / "model.keras").exists()
    finished = len(rows_of(out / "history.csv"))
    assert 1 <= finished < 4

    done = subprocess.run(
        [*command, "--resume"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    ours, theirs = rows_of(out / "history.csv"), rows_of(tmp_path / "alone/history.csv")
    assert [row.keys() for row in ours] == [row.keys() for row in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        for name in ("epoch", "loss", "kd_loss", "distance_loss", "learning_rate"):
            # Rounding grows from step to step; one step agrees to 1e-5.
            np.testing.assert_allclose(float(mine[name]), float(other[name]), rtol=5e-3)
    # The chief alone wrote: what is there is what one process leaves.
    names = {p.relative_to(out) for p in out.rglob("*") if "tfevents" not in p.name}
    alone = {
        p.relative_to(tmp_path / "alone")
        for p in (tmp_path / "alone").rglob("*")
        if "tfevents" not in p.name
    }
    assert names == alone
    model = keras.saving.load_model(out / "model.keras", compile=False)
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert norms and not any(layer.synchronized for layer in norms)
