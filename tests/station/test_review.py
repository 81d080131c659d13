from rkd_keras.station.coil_map import section_counts, section_length
from rkd_keras.station.review import is_right, precision_table


def test_precision_is_per_predicted_class():
    table = precision_table(
        {
            "scratches": {"scratches": 8, "inclusion": 2},
            "unknown": {"other": 3, "no_defect": 1, "patches": 1},
        }
    )
    assert [row["predicted"] for row in table] == ["scratches", "unknown"]
    assert table[0]["precision"] == 0.8
    assert table[0]["confused_with"] == {"inclusion": 2}
    assert table[1]["right"] == 4 and table[1]["confused_with"] == {"patches": 1}
    assert precision_table({}) == []


def test_an_unknown_is_right_when_it_is_no_class():
    assert is_right("unknown", "other") and is_right("unknown", "no_defect")
    assert not is_right("unknown", "scratches")
    assert not is_right("scratches", "no_defect")


def test_sections_hold_every_defect():
    defects = [{"label": "a", "position_m": x / 10} for x in range(101)]
    counts = section_counts(defects, 10.0, 10)["a"]
    assert counts == [10] * 9 + [11]
    assert section_counts(defects[:1], 0.0, 3) == {"a": [1, 0, 0]}
    assert section_counts([], 1.0, 3) == {}


def test_sections_are_round_and_at_most_eighty():
    for length in (0.0, 0.004, 0.9, 79.9, 81.0, 2000.0, 43_210.0):
        section = section_length(length)
        assert length / section <= 80.0001
        assert f"{section:e}"[0] in "125"
