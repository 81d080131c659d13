"""The process that times one model; `benchmark_processes` talks to it."""

import json
import os
import sys
import time
from pathlib import Path

from rkd_keras.errors import InputError

WARM_UP = 10


def main():
    """Read one request a line, answer each with one line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run = predictor = None
    for line in sys.stdin:
        request = json.loads(line)
        if run is None:
            try:
                run, predictor, answer = _open(request)
            except (InputError, ImportError) as error:
                answer = {"error": str(error)}
        elif "memory" in request:
            answer = {"peak_mb": peak_mb()}
        elif "files" in request:
            answer = _verdicts(predictor, request["files"])
        else:
            answer = _time(*run, request["runs"], request["batch"])
        print("ANSWER " + json.dumps(answer), flush=True)


def peak_mb():
    """Return this process's largest resident memory in MB, `None` if unknown.

    `getrusage` would count what the parent held before this program began.
    """
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    return None


def _open(request):
    import numpy as np

    started = time.perf_counter()
    path, threads = request.get("file", request["model"]), request["threads"]
    predictor = None
    if request["role"] == "torch":
        call, shape = _torch(path, threads)
    elif request["role"] == "keras":
        call, shape = _keras(path, threads)
    else:
        from rkd_keras.predict import load

        predictor = load(path, threads=threads, runtime=request.get("load_as"))
        call, shape = predictor.predict_batch, predictor.input_shape
    image = np.random.default_rng(0).integers(0, 256, (1, *shape), np.uint8)
    call(image)
    loaded = time.perf_counter() - started
    for _ in range(WARM_UP):
        call(image)
    return (call, image), predictor, {"load_s": loaded}


def _verdicts(predictor, files):
    """Classify files; one that cannot be read has no verdict."""
    if predictor is None:
        return {"labels": None, "class_names": None}
    kept, images = [], []
    for index, file in enumerate(files):
        try:
            images.append(predictor.prepare(file))
        except InputError:
            continue
        kept.append(index)
    labels, class_names = [None] * len(files), [None] * len(files)
    for index, verdict in zip(kept, predictor.predict(images), strict=True):
        labels[index], class_names[index] = verdict.label, verdict.class_name
    return {"labels": labels, "class_names": class_names}


def _keras(path, threads):
    from rkd_keras.models import load_model

    model = load_model(Path(path), threads)
    return lambda images: model.predict(images, verbose=0), model.input_shape[1:]


def _torch(path, threads):
    os.environ["KERAS_BACKEND"] = "torch"
    import importlib

    import torch

    torch.set_num_threads(threads)
    import keras

    importlib.import_module("rkd_keras.layers")
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    model.eval()

    def call(images):
        with torch.inference_mode():
            pixels = torch.from_numpy(images.astype("float32"))
            return model(pixels, training=False).cpu().numpy()

    return call, model.input_shape[1:]


def _time(call, image, runs, batch):
    import numpy as np

    clock = time.perf_counter
    latencies = []
    for _ in range(runs):
        started = clock()
        call(image)
        latencies.append(clock() - started)
    images = np.repeat(image, batch, axis=0)
    call(images)
    started = clock()
    call(images)
    return {"latencies": latencies, "images_per_s": batch / (clock() - started)}


if __name__ == "__main__":
    main()
