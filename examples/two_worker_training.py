"""Train one network with two workers, here two processes of this machine.

python examples/two_worker_training.py                     # drawn strips
python examples/two_worker_training.py --data path/to/NEU-DET --epochs 20
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile

import keras

from rkd_keras.data import evaluation_dataset, load_samples, make_split, open_dataset
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.models import ResNet18
from rkd_keras.trainers import (
    ReplicaStatistics,
    connect_workers,
    fit_replicas,
    get_recipe,
    is_chief,
    watch_workers,
)


def main(data=None, epochs=8, out="two_workers.keras"):
    data = data or write_dataset(tempfile.mkdtemp(), per_class=40, size=64)
    if "TF_CONFIG" not in os.environ:
        return start_both(data, epochs, out)

    # Each worker runs what follows. Before anything else they find each other.
    strategy = connect_workers()
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=0)
    train, val, test = (
        load_samples(index, part) for part in (split.train, split.val, split.test)
    )
    classes = len(index.class_names)
    recipe = get_recipe("fast").with_changes(batch_size=16, epochs=epochs)
    pipeline = recipe.pipeline(*train, classes, seed=0)
    with strategy.scope():
        model = ResNet18(classes, width=0.125, stem_stride=2)
        model.compile(
            recipe.optimizer(pipeline.steps_per_epoch),
            recipe.loss(index.counts(split.train)),
            metrics=recipe.metrics(classes),
            jit_compile=False,
        )
    # 16 images a step, 8 on each worker: what one process would see, cut in two.
    with watch_workers(strategy):
        history = fit_replicas(
            model,
            strategy,
            lambda *shard: pipeline.dataset(0, shard),
            epochs=epochs,
            steps_per_epoch=pipeline.steps_per_epoch,
            validation=val,
            callbacks=[ReplicaStatistics(strategy, model)],
        ).history
    if not is_chief(strategy):
        return None
    # A copy outside of the strategy belongs to the chief alone.
    trained = keras.Model.from_config(model.get_config())
    trained.set_weights(model.get_weights())
    trained.compile(metrics=["accuracy"])
    _, accuracy = trained.evaluate(evaluation_dataset(*test), verbose=0)
    print(f"validation, epoch by epoch: {history['val_accuracy']}")
    print(f"accuracy on images that were never trained on: {accuracy:.3f}")
    trained.save(out)
    print(f"saved to {out}")
    return accuracy


def start_both(data, epochs, out):
    """Start this file twice, with a TF_CONFIG that names both workers."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(2)]
    workers = [f"localhost:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    command = [sys.executable, __file__, "--data", str(data)]
    command += ["--epochs", str(epochs), "--out", out]
    processes = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": workers}, "task": task})
        environment = {**os.environ, "TF_CONFIG": config}
        processes.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, text=True
            )
        )
    for process in processes:
        print(process.communicate()[0], end="")
    return max(process.returncode for process in processes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--out", default="two_workers.keras")
    main(**vars(parser.parse_args()))
