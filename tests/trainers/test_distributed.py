"""Two replicas, in one process and in two, against one process alone."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import replica_program

from rkd_keras.runs.worker_group import free_ports
from rkd_keras.trainers.distributed.gather import gather_replicas, share, whole
from rkd_keras.trainers.distributed.workers import (
    from_chief,
    is_chief,
    reason,
    sum_over_workers,
)

PROGRAM = Path(replica_program.__file__)


def start(arguments, **environment):
    # oneDNN sums in another order for another batch size.
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", PROGRAM, *map(str, arguments)],
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """Run all replicas once: the results' folder, the outputs, the time of death."""
    folder = tmp_path_factory.mktemp("replicas")
    addresses = [f"localhost:{port}" for port in free_ports(2)]
    cluster = {"worker": addresses}
    workers = [
        start(
            ["workers", folder],
            TF_CONFIG=json.dumps(
                {"cluster": cluster, "task": {"type": "worker", "index": index}}
            ),
        )
        for index in range(2)
    ]
    mirrored = start(["mirrored", folder])
    _, error = workers[1].communicate(timeout=600)
    died = time.time()
    outputs = [workers[0].communicate(timeout=120), mirrored.communicate(timeout=600)]
    statuses = (workers[0].returncode, workers[1].returncode, mirrored.returncode)
    assert statuses == (3, -9, 0), [error[-2000:], *(e[-3000:] for _, e in outputs)]
    return folder, outputs[0][0], died


def arrays_of(path):
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.mark.slow
@pytest.mark.parametrize("replica", ["0", "1", "mirrored"])
@pytest.mark.parametrize("variant", replica_program.VARIANTS)
def test_two_replicas_of_32_equal_one_of_64(processes, variant, replica):
    """Loss, gradients (of the largest), metrics and statistics agree to 1e-5.

    With batch statistics of each replica's own (`local`) another function is
    trained; what must agree there are the averaged moving means of the first
    normalisation, whose input is the same.
    """
    folder, _, _ = processes
    found = arrays_of(folder / f"{variant}_{replica}.npz")
    alone = arrays_of(folder / f"{variant}_alone.npz")
    assert set(found) == set(alone)
    if variant == "local":
        np.testing.assert_allclose(
            found["statistic_0"], alone["statistic_0"], rtol=1e-5, atol=1e-6
        )
        return
    gradients = [value for name, value in alone.items() if "gradient" in name]
    largest = max(np.abs(value).max() for value in gradients)
    for name, value in alone.items():
        # After a step at a rate of 1 the weights are far out, and rounding grows.
        tolerance = 1e-4 if name.startswith("log_val") else 1e-5
        scale = largest if name.startswith("gradient") else np.abs(value).max()
        np.testing.assert_allclose(
            found[name], value, rtol=0, atol=tolerance * max(1.0, scale), err_msg=name
        )
    assert largest > 0.1


@pytest.mark.slow
def test_statistics_agree_on_all_workers(processes):
    folder, _, _ = processes
    for name in replica_program.VARIANTS:
        first, second = (np.load(folder / f"{name}_{i}.npz") for i in range(2))
        for key in first.files:
            np.testing.assert_array_equal(first[key], second[key], err_msg=key)


@pytest.mark.slow
def test_workers_agree_on_numbers_and_bytes(processes):
    _, output, _ = processes
    assert "agreed b'seven b' None [3.0, 4.0]" in output


@pytest.mark.slow
def test_a_dead_worker_ends_the_other_within_a_minute(processes):
    _, output, died = processes
    line = next(line for line in output.splitlines() if line.startswith("lost "))
    _, moment, message = line.split(" ", 2)
    assert float(moment) - died < 60
    assert message.startswith("another worker is gone (")
    assert "--resume" in message


def test_one_process_is_left_alone():
    rows = np.ones((2, 3), "float32")
    assert gather_replicas(rows) is rows and gather_replicas(None) is None
    assert share(3.0) == 3.0 and whole(3.0) == 3.0
    assert is_chief(None) and from_chief(None, b"x") == b"x"
    np.testing.assert_array_equal(sum_over_workers(None, [1, 2]), [1, 2])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Graph execution error:\nCollective ops is aborted by: Error reported from "
            "/job:worker/task:1: The following tasks are unhealthy (stopped sending "
            "heartbeats):\n/job:worker/replica:0/task:1\nThe tasks have crashed.",
            "no sign of life from /job:worker/replica:0/task:1",
        ),
        (
            "Detected at node X\nCollective ops is aborted by: sendmsg: Connection "
            "reset by peer (104)\nAdditional GRPC error information",
            "sendmsg: Connection reset by peer (104)",
        ),
        ("", "no reason given"),
    ],
)
def test_the_reason_is_found_in_the_message(text, told):
    assert reason(text) == told
