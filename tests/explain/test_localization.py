import numpy as np
import pytest

from rkd_keras.explain import (
    LocalizationScores,
    box_energy,
    pointing_hit,
)


def test_pointing_and_energy_by_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(20):
        heat = rng.random((12, 15))
        left, top = rng.integers(0, 10, 2)
        box = [left, top, left + 4, top + 5]
        best, inside, total = (-1.0, False), 0.0, 0.0
        for y in range(12):
            for x in range(15):
                within = box[0] <= x < box[2] and box[1] <= y < box[3]
                total += heat[y, x]
                inside += heat[y, x] * within
                best = max(best, (heat[y, x], within))
        assert pointing_hit(heat, [box]) == best[1]
        assert box_energy(heat, [box]) == pytest.approx(inside / total)


def test_a_map_without_heat_points_nowhere():
    cold = np.zeros((5, 5))
    assert not pointing_hit(cold, [[0, 0, 5, 5]])
    assert box_energy(cold, [[0, 0, 5, 5]]) == 0


def test_boxes_that_overlap_count_once():
    heat = np.ones((4, 4))
    assert box_energy(heat, [[0, 0, 2, 4], [1, 0, 3, 4]]) == 0.75


def test_scores_are_means_per_class_and_over_classes():
    scores = LocalizationScores(("a", "b", "none"))
    heat = np.zeros((10, 10))
    heat[2, 2] = 3
    heat[7, 7] = 1
    scores.add(0, heat, [[0, 0, 5, 5]])
    scores.add(0, heat, [[5, 5, 10, 10]])
    scores.add(1, heat, [[0, 0, 10, 5]])
    first, second, mean = scores.table()
    assert first == {
        "class": "a",
        "images": 2,
        "pointing": 0.5,
        "energy": 0.5,
        "chance": 0.25,
    }
    assert (second["pointing"], second["energy"], second["chance"]) == (1, 0.75, 0.5)
    assert mean == {
        "class": "mean",
        "images": 3,
        "pointing": 0.75,
        "energy": 0.625,
        "chance": 0.375,
    }
    assert LocalizationScores(("a",)).table() == []


def test_uniform_heat_has_the_energy_of_chance():
    scores = LocalizationScores(("a",))
    rng = np.random.default_rng(1)
    for _ in range(5):
        left, top = rng.integers(0, 20, 2)
        scores.add(0, np.ones((30, 30)), [[left, top, left + 9, top + 7]])
    row = scores.table()[0]
    assert row["energy"] == pytest.approx(row["chance"])
