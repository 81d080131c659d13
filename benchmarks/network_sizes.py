"""Count parameters and multiply-adds of the networks of kept runs.

    python benchmarks/network_sizes.py

reads `docs/results/neu600/*/config.json` and writes `docs/results/network_sizes.csv`,
a row a network. Counts are of a 64 x 64 image and six classes.
"""

import csv
import json

from provenance import ROOT, provenance

from rkd_keras.files.replacing import replacing
from rkd_keras.runs.start_tensorflow import start_tensorflow

RESULTS = ROOT / "docs" / "results"
FIELDS = ("network", "parameters", "multiply_adds", "command", "commit", "machine")
CLASSES = 6


def main():
    start_tensorflow()
    from rkd_keras.models import network_size

    rows = {}
    for path in sorted((RESULTS / "neu600").glob("*/config.json")):
        config = json.loads(path.read_text(encoding="utf-8"))
        options = config["model_options"]
        name = network_name(config["model"], options)
        if name not in rows:
            pairs = tuple(
                (k, tuple(v) if isinstance(v, list) else v) for k, v in options.items()
            )
            size = network_size(config["model"], pairs, config["size"], CLASSES)
            rows[name] = {"network": name, **size, **provenance()}
            print(rows[name])
    with replacing(RESULTS / "network_sizes.csv") as temporary:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, FIELDS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows.values())


def network_name(model, options):
    """Write a network as it is called: `resnet18(width=0.25, stem_stride=2)`."""
    return f"{model}({', '.join(f'{k}={v}' for k, v in options.items())})"


if __name__ == "__main__":
    main()
