"""What belongs together is found, and no split divides it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rkd_keras.data import (
    PROTOCOLS,
    Groups,
    ImageIndex,
    find_groups,
    make_split,
    match_recorded,
    open_dataset,
)
from rkd_keras.data.reading import overlap_cache
from rkd_keras.data.reading.groups import take_whole
from rkd_keras.data.synthetic import draw_strip
from rkd_keras.errors import InputError
from rkd_keras.files.images import write_image

NAMES = tuple("abcdef")


def neu_shaped(each):
    """Six classes of 300 that are not on disk, `each` of them on one coil."""
    labels = np.repeat(np.arange(6), 300)
    files = [f"{NAMES[y]}_{i // each}_{i % each}.png" for i, y in enumerate(labels)]
    return ImageIndex(files, labels, NAMES)


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    """Two classes of nine crops; each three are of one frame."""
    folder = tmp_path_factory.mktemp("crops")
    for number, name in enumerate(("dent", "rust")):
        (folder / name).mkdir()
        for frame in range(3):
            image = draw_strip(130, 130, 1, 10 * number + frame).image
            for i in range(3):
                crop = np.ascontiguousarray(image[: 96 + i, 15 * i : 96 + 15 * i])
                write_image(folder / name / f"frame{frame}_{i}.png", crop)
    return folder


def divided(split):
    """Groups of which two parts have images."""
    ids = [set(split.groups.ids[getattr(split, p)]) for p in ("train", "val", "test")]
    return ids[0] & ids[1] | ids[0] & ids[2] | ids[1] & ids[2]


def test_groups_by_nothing_a_column_and_a_pattern():
    files = ["set/a/c1_1.png", "set/a/c1_2.png", "set/b/c2_1.png", "set/b/c1_3.png"]
    index = ImageIndex(files, [0, 0, 1, 1], ("a", "b"))
    assert find_groups(index).together() == []
    groups = find_groups(index, r"/c(\d)_")
    assert groups.together() == [[0, 1, 3]]
    assert groups.summary.startswith("3 of 4 images are kept together in 1 groups, by")
    index.groups = ("monday", None, "monday", None)
    assert find_groups(index, "column").together() == [[0, 2]]
    joined = find_groups(index, "column").joined([[1, 2]])
    assert joined.by == "column" and joined.together() == [[0, 1, 2]]


def test_groups_that_cannot_be_found():
    index = ImageIndex(["set/a/c1.png", "set/b/x.png"], [0, 1], ("a", "b"))
    for by, reason in (
        ("column", "the data set has no column group"),
        ("coil", "whose brackets name the group"),
        ("(", "is no regular expression"),
        (r"c(\d)", "finds nothing in 'b/x.png'"),
    ):
        with pytest.raises(InputError, match=reason):
            find_groups(index, by)
    with pytest.raises(ValueError, match="of one length"):
        ImageIndex(["a.png"], [0], ("a",), groups=("x", "y"))


def test_the_column_of_a_manifest(tmp_path):
    rows = ("1.png,dent,coil 7", "2.png,dent,", "3.png,rust, coil 7")
    (tmp_path / "list.csv").write_text("\n".join(("file,label,group", *rows)))
    index = open_dataset(tmp_path / "list.csv")
    assert index.groups == ("coil 7", None, "coil 7")
    assert find_groups(index, "column").together() == [[0, 2]]


pools_of = st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=25), max_size=4)


@given(pools_of, st.randoms(use_true_random=False))
def test_whole_groups_are_taken(groups_of_pools, random):
    ids = np.array([g for groups in groups_of_pools for g in groups], int)
    ends = np.cumsum([0, *map(len, groups_of_pools)])
    pools = [np.arange(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True)]
    counts = [random.randint(0, len(pool)) for pool in pools]
    taken, left = take_whole(pools, ids, counts)
    for pool, *parts in zip(pools, taken, left, strict=True):
        assert sorted(np.concatenate(parts)) == list(pool)
    groups = [{ids[i] for part in parts for i in part} for parts in (taken, left)]
    assert not groups[0] & groups[1]
    alone, _ = take_whole(pools, np.arange(len(ids)), counts)
    for pool, part, count in zip(pools, alone, counts, strict=True):
        np.testing.assert_array_equal(part, pool[:count])


def test_counts_come_as_near_as_groups_allow():
    ids = np.repeat([0, 1, 2, 3], [4, 4, 4, 3])
    ((taken,), _) = take_whole([np.arange(15)], ids, [5])
    assert len(taken) == 4
    ((taken,), _) = take_whole([np.arange(15)], ids, [6])
    assert len(taken) == 7
    # One group of all images stays where it is.
    ((taken,), (left,)) = take_whole([np.arange(9)], np.zeros(9, int), [8])
    assert len(taken) == 0 and len(left) == 9


@pytest.mark.parametrize("protocol", [p for p in PROTOCOLS if p.startswith("neu")])
def test_no_protocol_divides_a_group(protocol):
    index, plain = neu_shaped(7), protocol.removesuffix("-grouped")
    pattern = r"^(._\d+)_"
    for seed in (0, 1):
        split = make_split(index, protocol, seed, seed, groups=pattern)
        assert not divided(split)
        usual = make_split(index, plain, seed, seed)
        for part in ("train", "val", "test"):
            now, before = (index.counts(getattr(s, part)) for s in (split, usual))
            assert np.abs(now - before).max() <= 4, part


def test_grouped_protocols_are_the_plain_ones_where_nothing_overlaps():
    index = neu_shaped(1)
    for protocol in PROTOCOLS:
        if protocol.endswith("-grouped"):
            grouped = make_split(index, protocol, 2, 1)
            plain = make_split(index, protocol.removesuffix("-grouped"), 2, 1)
            assert grouped.groups.by == "overlap" and plain.groups.by == "none"
            for part in ("train", "val", "test"):
                expected = getattr(plain, part)
                np.testing.assert_array_equal(getattr(grouped, part), expected)
    with pytest.raises(InputError, match="keeps groups together; give neu-600"):
        make_split(index, "neu-600-grouped", groups="none")


def test_holdout_keeps_overlapping_images_together(crops):
    index = open_dataset(crops)
    for split_seed in range(3):
        split = make_split(index, split_seed=split_seed, val_fraction=0.5)
        assert len(split.groups.together()) == 6 and not divided(split)
        assert index.counts(split.test).tolist() == [3, 3]
        assert index.counts(split.val).tolist() == [3, 3]
    apart = make_split(index, groups="none")
    assert apart.groups.together() == []
    by_name = make_split(index, groups=r"(\w+/frame\d)")
    np.testing.assert_array_equal(by_name.test, make_split(index).test)


def test_what_is_kept_together_is_recorded(crops, tmp_path):
    index = open_dataset(crops)
    make_split(index).write(tmp_path / "split.json", index)
    recorded = json.loads((tmp_path / "split.json").read_text())
    assert recorded["groups"]["by"] == "overlap"
    first = [f"dent/frame0_{i}.png" for i in range(3)]
    assert recorded["groups"]["together"][0] == first
    assert len(match_recorded(index, recorded).indices) == 6
    make_split(index, groups="none").write(tmp_path / "split.json", index)
    recorded = json.loads((tmp_path / "split.json").read_text())
    assert recorded["groups"] == {"by": "none", "together": []}


def test_given_parts_are_not_mended_but_told():
    index = neu_shaped(3)
    index.parts = tuple(["train"] * 200 + ["test"] * 100) * 6
    # 200 is no multiple of three: one coil is in both.
    with pytest.raises(InputError, match=r"belongs together.*66_2.png \(test\)"):
        make_split(index, "given", groups=r"^(._\d+)_")
    index.parts = tuple(["train"] * 201 + ["test"] * 99) * 6
    split = make_split(index, "given", groups=r"^(._\d+)_")
    assert not divided(split) and len(split.val) == pytest.approx(120, abs=6)
    assert make_split(index, "given").groups.by == "none"


def test_a_class_that_is_one_group_cannot_be_tested():
    files = [Path(f"{name}_{i}.png") for name in "ab" for i in range(6)]
    index = ImageIndex(files, [0] * 6 + [1] * 6, ("a", "b"))
    with pytest.raises(InputError, match="class 'a' cannot be divided into test"):
        make_split(index, groups=r"^(.)_")


def test_copies_belong_to_the_group_of_what_they_are_copies_of(tmp_path):
    files = []
    for i in range(24):
        files.append(tmp_path / f"coil{i % 12}_{i}.png")
        files[-1].write_bytes(b"same" if i in (0, 5) else b"%03d" % i)
    index = ImageIndex(files, [0, 1] * 12, ("a", "b"))
    split = make_split(index, groups=r"coil(\d+)_")
    assert [0, 5, 12, 17] in split.groups.together()
    assert not divided(split)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr(overlap_cache, "WORTHWHILE", 0.0)
    monkeypatch.setenv("RKD_KERAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "overlaps"


def test_a_search_is_remembered(crops, cache, monkeypatch):
    index = open_dataset(crops)
    found = find_groups(index, "overlap")
    (file,) = cache.iterdir()

    def refuse(*args, **kwargs):
        raise AssertionError("searched again")

    with monkeypatch.context() as patch:
        patch.setattr(overlap_cache, "find_overlaps", refuse)
        again = find_groups(open_dataset(crops), "overlap")
        np.testing.assert_array_equal(again.ids, found.ids)
        # Other images, or the same in another order, are another question.
        with pytest.raises(AssertionError, match="searched again"):
            find_groups(ImageIndex(index.files[1:], index.labels[1:], NAMES), "overlap")
    file.write_text("{")
    assert len(find_groups(index, "overlap").together()) == 6
    assert json.loads(file.read_text())["groups"]


def test_a_cache_that_cannot_be_written_costs_nothing(crops, cache):
    cache.parent.write_text("a file where the folder should be")
    index = open_dataset(crops)
    assert len(find_groups(index, "overlap").together()) == 6
    assert isinstance(find_groups(index, "overlap"), Groups)


def test_groups_that_nobody_asked_for_do_not_refuse_a_data_set(tmp_path, caplog):
    """Images of one and the same drawing: all overlap, and are divided all the same."""
    import cv2

    rng = np.random.default_rng(0)
    for label, name in enumerate("ab"):
        (tmp_path / name).mkdir()
        for number in range(9):
            image = np.full((64, 64), 128, np.uint8)
            place = int(rng.integers(5, 55))
            cv2.line(image, (place, 5), (place, 60), 30 + 180 * label, 2)
            cv2.imwrite(str(tmp_path / name / f"{number}.png"), image)
    index = open_dataset(tmp_path)
    split = make_split(index, quiet=True)
    assert len(split.test) == 6 and "divided at random" in caplog.text
    with pytest.raises(InputError, match="cannot be divided into test"):
        make_split(index, groups="overlap", quiet=True)


@pytest.fixture
def coils(tmp_path):
    """A manifest of two classes on four coils, and images without a coil."""
    lines = ["file,label,group"]
    for i in range(18):
        name = ("dent", "rust")[i % 2]
        image = np.random.default_rng(i).integers(0, 255, (16, 16), np.uint8)
        write_image(tmp_path / f"{i}.png", image)
        lines.append(f"{i}.png,{name},{f'coil {i // 4}' if i < 16 else ''}")
    (tmp_path / "coils.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "coils.csv"


def test_groups_travel_in_manifests_and_packs(coils, tmp_path):
    from rkd_keras.data import check, pack_images, unpack_images

    wanted = open_dataset(coils).groups
    assert wanted[:5] == ("coil 0",) * 4 + ("coil 1",) and wanted[16:] == (None, None)
    check(coils, manifest=tmp_path / "again.csv", quiet=True)
    assert open_dataset(tmp_path / "again.csv").groups == wanted
    pack_images(coils, tmp_path / "pack", quiet=True)
    packed = open_dataset(tmp_path / "pack")
    assert packed.groups == wanted
    together = make_split(packed, groups="column").groups
    assert together.together() == find_groups(open_dataset(coils), "column").together()
    unpack_images(tmp_path / "pack", tmp_path / "out", quiet=True)
    assert open_dataset(tmp_path / "out" / "manifest.csv").groups == wanted
    # Without a group there is no column.
    header = "file,label\n0.png,dent\n1.png,rust\n"
    (tmp_path / "plain.csv").write_text(header)
    check(tmp_path / "plain.csv", manifest=tmp_path / "plain2.csv", quiet=True)
    assert (tmp_path / "plain2.csv").read_text().startswith("file,label,split\n")


def test_new_samples_are_made_of_a_part_that_divides_no_group(coils, tmp_path):
    from rkd_keras.data import write_fusions

    made = write_fusions(
        *(coils, tmp_path / "made"),
        **{"per_class": 2, "size": 16, "split": "holdout", "groups": "column"},
        quiet=True,
    )
    split = make_split(open_dataset(made.manifest), "given", groups="column")
    assert len(split.test) and not divided(split)
    listed = open_dataset(made.manifest)
    assert {g for g in listed.groups if g} == {f"coil {i}" for i in range(4)}
