import csv
import json
import math

import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.measure import class_separation, class_table, measure, write_table
from rkd_keras.measure.table import FEATURES, features


def bar(length, width=4, upright=False, at=(3, 3)):
    mask = np.zeros((64, 64), bool)
    mask[at[0] : at[0] + width, at[1] : at[1] + length] = True
    return measure(None, mask.T if upright else mask)


EMPTY = measure(None, np.zeros((64, 64), bool))


def test_features_of_a_bar():
    found = features(bar(40))
    assert tuple(found) == FEATURES
    assert found["area"] == 160
    assert found["longest"] == 40
    assert found["elongation"] == pytest.approx(10)
    assert found["steepness"] == 0
    assert features(bar(40, upright=True))["steepness"] == 90
    assert math.isnan(features(EMPTY)["k"])


def test_the_class_table_is_means_and_deviations():
    table = class_table([("b", bar(40)), ("a", bar(10)), ("a", bar(30)), ("a", EMPTY)])
    assert [row["class"] for row in table] == ["a", "b"]
    row = table[0]
    assert (row["images"], row["without_defect"]) == (3, 1)
    areas = [40, 120, 0]
    assert row["area"] == pytest.approx(np.mean(areas))
    assert row["area_sd"] == pytest.approx(np.std(areas))
    # Without a defect there is no K to average.
    assert row["k"] == pytest.approx(np.mean([bar(10).k, bar(30).k]))
    assert class_table([("a", EMPTY)])[0]["k"] is None
    assert class_table([]) == []


def test_separation_finds_what_tells_classes_apart():
    lying = [("lying", bar(n)) for n in (20, 30, 40)]
    upright = [("upright", bar(n, upright=True)) for n in (20, 30, 40)]
    found = class_separation(lying + upright)
    assert found["explained"]["steepness"] == pytest.approx(1)
    assert found["explained"]["area"] == pytest.approx(0)
    assert found["pairs"] == [
        {"classes": ["lying", "upright"], "feature": "steepness", "auc": 1.0}
    ]


def test_area_under_roc_by_counting_pairs():
    rng = np.random.default_rng(0)
    measured = [
        (name, bar(int(n)))
        for name, low in (("a", 5), ("b", 12))
        for n in rng.integers(low, low + 20, 30)
    ]
    pair = class_separation(measured)["pairs"][0]
    values = {
        name: [features(m)[pair["feature"]] for c, m in measured if c == name]
        for name in "ab"
    }
    wins = sum((x > y) + 0.5 * (x == y) for x in values["a"] for y in values["b"]) / (
        30 * 30
    )
    assert pair["auc"] == pytest.approx(max(wins, 1 - wins))
    assert 0.5 < pair["auc"] < 1


def test_classes_without_defects_can_be_separated():
    found = class_separation([("a", EMPTY), ("b", bar(9)), ("a", EMPTY)])
    assert found["explained"]["area"] == pytest.approx(1)
    json.dumps(found)


def test_csv_and_json_hold_the_rows(tmp_path):
    rows = [
        {"file": "a, b.png", "area": 1.25, "k": None, "cut": True},
        {"file": 'c"d.png', "extra": 3},
    ]
    write_table(tmp_path / "t.csv", rows)
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    assert found[0] == {
        "file": "a, b.png",
        "area": "1.25",
        "k": "",
        "cut": "True",
        "extra": "",
    }
    assert found[1]["file"] == 'c"d.png'
    write_table(tmp_path / "t.json", rows)
    assert json.loads((tmp_path / "t.json").read_text()) == rows


def test_measurements_and_defects_are_tables(tmp_path):
    result = measure(np.full((64, 64), 9, np.uint8), np.eye(64, dtype=bool))
    write_table(tmp_path / "images.csv", [result.to_dict()])
    write_table(tmp_path / "defects.json", [d.to_dict() for d in result.defects])
    found = json.loads((tmp_path / "defects.json").read_text())
    assert found[0]["area"] == 64
    assert found[0]["mean_grey"] == 9


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match="'t.xlsx'"):
        write_table(tmp_path / "t.xlsx", [])
