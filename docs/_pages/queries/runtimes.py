"""The students in every runtime: memory and verdicts.

The rows hold times as well; those that were taken beside other work are not shown.
"""

from ..numbers import percent
from ..tables import table
from . import query

NAMES = {
    "edge_resnet_small": "`EdgeResNetSmall`",
    "edge_resnet_tiny": "`EdgeResNetTiny`",
}
FILES = {
    "model.keras": ".keras",
    "student.onnx": "ONNX",
    "student.tflite": "TFLite",
    "saved_model": "SavedModel",
}


@query
def runtimes_table(results, threads=1):
    """Show what each file of each student holds and says in each runtime."""
    lines = [
        [
            NAMES[row["student"]],
            FILES.get(row["file"], "TFLite int8"),
            f"{row['runtime']} {row['version']}",
            f"{row['peak_mb']:.0f} MB",
            percent(row["accuracy"]),
            row["equal_verdicts"],
        ]
        for row in results.read("runtimes/rows.jsonl")
        if row["threads"] == threads
    ]
    titles = ["student", "file", "runtime", "memory", "accuracy", "verdicts as Keras"]
    return table(titles, lines)


@query
def float_verdicts_equal(results):
    """Tell whether every file but int8 gives the Keras model's verdicts everywhere."""
    rows = results.read("runtimes/rows.jsonl")
    floats = [row for row in rows if row["file"] in FILES]
    return all(row["equal_verdicts"] == row["images"] for row in floats)
