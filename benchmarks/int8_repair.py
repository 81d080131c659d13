"""What int8 costs in points of accuracy, as it comes and after its repair.

Each network is trained briefly on NEU, or comes with the package, and is written as
int8 from several sets of calibration images (drawn by seed) in these ways:

- calibrator: the ranges of TensorFlow's own calibrator, as the package once took them;
- plain: the range of each tensor's own values, no repair;
- repaired: as `rkd-keras export` does it;
- int8-dynamic: weights alone; it needs no calibration, so it is written once.

A row has the test accuracy of the Keras model and of the file, the points that are
lost, what the repair did, the file's size and the median time of an image on one core.
The repair sees training and validation images alone.

    python benchmarks/int8_repair.py path/to/NEU-DET --networks edge_resnet_tiny
"""

import argparse
import operator
import tempfile
import time
from pathlib import Path

import numpy as np
from provenance import provenance

from rkd_keras.studies.row_store import RowStore

SPLIT, SIDE = "neu-600", 64
# Trained here: options of `train`. The others' weights come with the package.
TRAINED = {
    "densenet121": {"width": 0.25, "stem_stride": 2},
    "mobilenet_v2": {"width": 0.25, "stem_stride": 2},
}
BUNDLED = ("edge_resnet_tiny", "edge_resnet_small")
WAYS = ("calibrator", "plain", "repaired", "int8-dynamic")
KEY = ("network", "calibration_set", "way")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--networks", nargs="+", default=[*BUNDLED, *TRAINED])
    parser.add_argument("--sets", type=int, default=3, help="calibration sets")
    parser.add_argument("--images", type=int, default=100, help="of each set")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[*WAYS])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--runs", type=Path, default=Path("runs/int8_repair"))
    parser.add_argument("--out", type=Path, default=Path("docs/results/int8_repair"))
    args = parser.parse_args()
    store = RowStore(args.out / "rows.jsonl", operator.itemgetter(*KEY))
    parts = load_parts(args.data)
    for network in args.networks:
        model = None
        for seed in range(args.sets):
            for way in args.ways:
                key = network, seed, way
                if key in store or (way == "int8-dynamic" and seed):
                    continue
                model = model or opened(args, network)
                row = dict(zip(KEY, key, strict=True)) | {"images": args.images}
                row |= measured(model, parts, seed, way, args.images)
                store.add({**row, "epochs": epochs(args, network), **provenance()})
                print(row, flush=True)


def load_parts(data):
    """Return dict of part to (images, labels), and the class names."""
    from rkd_keras.data import load_images, make_split, open_dataset

    index = open_dataset(data)
    split = make_split(index, SPLIT, seed=0, split_seed=0)
    found = {"class_names": index.class_names}
    for part in ("train", "val", "test"):
        chosen = getattr(split, part)
        images, kept = load_images([index.files[i] for i in chosen], (SIDE, SIDE))
        found[part] = images, np.asarray(index.labels)[chosen][kept]
    return found


def opened(args, network):
    """Return the trained `keras.Model`."""
    from rkd_keras.models import create_model
    from rkd_keras.runs import open_run, train

    if network in BUNDLED:
        return create_model(network, input_shape=(SIDE, SIDE, 3), weights="neu")
    out = args.runs / network
    if (out / "metrics.json").exists():
        return open_run(out).model
    return train(
        args.data,
        out,
        model=network,
        split=SPLIT,
        epochs=args.epochs,
        resume=(out / "config.json").exists(),
        quiet=True,
        **TRAINED[network],
    ).model


def epochs(args, network):
    return None if network in BUNDLED else args.epochs


def measured(model, parts, seed, way, count):
    """Write a file in one way; return what it costs."""
    from rkd_keras.export import export_model
    from rkd_keras.export.parity import Reference
    from rkd_keras.predict import load, new_card, write_card
    from rkd_keras.predict.keras_backend import KerasBackend

    images, _ = parts["train"]
    chosen = images[np.random.default_rng(seed).permutation(len(images))]
    card = new_card(parts["class_names"], (SIDE, SIDE, 3))
    tests, labels = parts["test"]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.tflite"
        if way in ("calibrator", "plain"):
            quantized = {"calibrator": calibrator, "plain": plain}[way]
            path.write_bytes(quantized(model, chosen[:count]))
            write_card(path, {**card, "quantization": "int8"})
            report = Reference(model, parts["val"][0], card).compare(path)
        else:
            report = export_model(
                model,
                path,
                card,
                quantization="int8" if way == "repaired" else way,
                calibration_images=chosen[:count],
                check_images=parts["val"][0],
                say=print,
            )
        seconds = time.perf_counter() - started
        predictor = load(path)
        float_accuracy = accuracy(KerasBackend(model, 1.0), tests, labels)
        found = accuracy(predictor, tests, labels)
        return {
            "float_accuracy": round(float_accuracy, 6),
            "accuracy": round(found, 6),
            "points_lost": round(100 * (float_accuracy - found), 3),
            "val_equal": round(report.equal_classes, 6),
            "repair": report.repair,
            "bytes": path.stat().st_size,
            "ms": round(median_ms(predictor, tests), 4),
            "seconds": round(seconds, 1),
        }


def plain(model, images):
    from rkd_keras.export.serving_model import serving_model
    from rkd_keras.export.tflite import convert_to_tflite

    return convert_to_tflite(serving_model(model), "int8", images)


def calibrator(model, images):
    """Return an int8 file whose ranges TensorFlow's calibrator has taken."""
    import keras
    import tensorflow as tf

    from rkd_keras.export.int8.tensors import with_outputs_in_order
    from rkd_keras.export.serving_model import serving_model

    serving = serving_model(model)

    def serve(pixels):
        probabilities, embedding = serving(pixels, training=False)
        return {"probabilities": probabilities, "embedding": embedding}

    def batches():
        for index, image in enumerate(images):
            batch = image[None].astype(np.float32)
            if index == 0:
                batch[0, 0, 0], batch[0, 0, 1] = 0, 255
            yield [batch]

    archive = keras.export.ExportArchive()
    archive.track(serving)
    entry = tf.TensorSpec((1, SIDE, SIDE, 3), tf.float32, name="images")
    archive.add_endpoint("serving_default", serve, input_signature=[entry])
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = batches
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        return with_outputs_in_order(converter.convert())


def accuracy(predictor, images, labels):
    answers = [
        predictor.predict_batch(images[start : start + 32])[0].argmax(axis=1)
        for start in range(0, len(images), 32)
    ]
    return float((np.concatenate(answers) == labels).mean())


def median_ms(predictor, images, runs=200):
    """Return the median time of one image in milliseconds, one thread."""
    times = []
    for index in range(runs):
        image = images[index : index + 1]
        started = time.perf_counter()
        predictor.predict_batch(image)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


if __name__ == "__main__":
    main()
