import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rkd_keras.errors import InputError
from rkd_keras.files.results import check_targets, is_result, unique_name

ENDINGS = (".png", "_panels.png")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["a", "A", "a_2", "a_panels", "a_panels_2", "x" * 250]),
            st.binary(min_size=1, max_size=12).map(os.fsdecode),
            st.text(min_size=1, max_size=260),
        ),
        max_size=12,
    )
)
def test_no_two_results_share_a_name_on_any_file_system(stems):
    taken, results = set(), []
    for stem in stems:
        name = unique_name(f"folder/{stem.replace('/', '_')}.jpg", taken, ENDINGS)
        results += [f"{name}{ending}" for ending in ENDINGS]
        assert len(f"{name}_panels.png".encode()) <= 255
        assert "/" not in name and name.isprintable()
    assert len({result.casefold() for result in results}) == len(results)


def test_the_first_keeps_its_stem():
    taken = set()
    found = [unique_name(f, taken) for f in ("a/x.png", "b/x.png", "c/x.png", "y.png")]
    assert found == ["x", "x_2", "x_3", "y"]


def test_an_input_is_never_replaced(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path)
    target = tmp_path / "link" / "a.png"
    with pytest.raises(InputError, match="is an input and would be replaced"):
        check_targets([target], [tmp_path / "a.png"], overwrite=True)
    check_targets([target], [], overwrite=True)
    with pytest.raises(InputError, match="exists already; replace it with --overwrite"):
        check_targets([target], [])
    with pytest.raises(InputError, match="a.png is a file; give a folder"):
        check_targets([tmp_path / "a.png" / "b.png"], [], overwrite=True)


def test_what_cannot_be_read_is_no_result(tmp_path):
    assert not is_result(tmp_path / "none.png") and not is_result(tmp_path)
    (tmp_path / "a.png").write_bytes(b"rkd_keras result")
    assert not is_result(tmp_path / "a.png")


def test_a_file_anywhere_above_a_result_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(InputError, match="file is a file; give a folder with --json"):
        check_targets([tmp_path / "file" / "a" / "b.json"], [], option="--json")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match="nowhere is a file"):
        check_targets([tmp_path / "nowhere" / "b.png"], [])
