import numpy as np

from rkd_keras.data.samples.partners import same_class_partners

LABELS = np.array([0, 1, 0, 0, 2, 1, 0, 0])


def test_partners_are_of_the_class_distinct_and_others():
    for seed in range(5):
        partners = same_class_partners(LABELS, 3, (seed, 0)).numpy()
        assert (LABELS[partners] == LABELS[:, None]).all()
        for i in np.flatnonzero(LABELS == 0):
            assert len({i, *partners[i]}) == 4


def test_too_few_of_a_class_repeat_and_one_alone_is_its_own():
    partners = same_class_partners(LABELS, 3, (0, 1)).numpy()
    assert partners[1].tolist() == [5, 5, 5]
    assert partners[4].tolist() == [4, 4, 4]


def test_every_pair_comes_up():
    seen = {
        (i, int(j))
        for seed in range(60)
        for i, j in enumerate(
            same_class_partners([0, 0, 0, 0], 1, (seed, 1)).numpy()[:, 0]
        )
    }
    assert seen == {(i, j) for i in range(4) for j in range(4) if i != j}


def test_one_hot_labels_and_the_seed():
    by_index = same_class_partners(LABELS, 2, (3, 4))
    by_one_hot = same_class_partners(np.eye(3)[LABELS], 2, (3, 4))
    np.testing.assert_array_equal(by_index, by_one_hot)
    assert (by_index.numpy() != same_class_partners(LABELS, 2, (3, 5)).numpy()).any()
