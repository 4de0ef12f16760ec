"""Sums by group are what a loop would sum, and do not depend on how many stands there are."""

import numpy as np

from clusters.simulated.row_groups import RowGroups

MEMBERS = ((3,), (0, 2, 4), (), (1, 0))


def test_groups_are_summed_in_their_order() -> None:
    rows = np.arange(10.0, dtype=np.float32).reshape(5, 2)
    groups = RowGroups(MEMBERS)
    wanted = [rows[list(members)].sum(axis=0) for members in MEMBERS]
    np.testing.assert_array_equal(groups.sum(rows), wanted)
    np.testing.assert_array_equal(groups.sum(np.stack([rows, -rows])), [wanted, np.negative(wanted)])
    np.testing.assert_array_equal(groups.greatest(rows)[1], rows[4])


def test_a_stands_sum_is_the_same_to_the_last_bit_in_any_batch() -> None:
    rows = np.random.default_rng(0).lognormal(sigma=3.0, size=(60, 33)).astype(np.float32)
    groups = RowGroups.by_owner([row % 7 for row in range(60)], 7)
    whole = groups.sum(rows)
    for n in range(33):
        np.testing.assert_array_equal(groups.sum(rows[:, n : n + 1].copy())[:, 0], whole[:, n])


def test_many_members_are_folded_in_the_same_order_as_few() -> None:
    rows = np.random.default_rng(1).lognormal(sigma=3.0, size=(2, 40, 5)).astype(np.float32)
    for num_groups in (3, 35):
        owners = [row % num_groups for row in range(40)]
        wanted = np.zeros((2, num_groups + 1, 5), dtype=np.float32)
        for row, owner in enumerate(owners):
            wanted[:, owner] += rows[:, row]
        np.testing.assert_array_equal(RowGroups.by_owner(owners, num_groups + 1).sum(rows), wanted)
        np.testing.assert_array_equal(RowGroups.by_owner(owners, num_groups).sum(rows), wanted[:, :-1])


def test_rows_of_nobody_are_left_out() -> None:
    groups = RowGroups.by_owner([-1, 0, 1, 0], 2)
    np.testing.assert_array_equal(groups.sum(np.array([[8.0], [1.0], [2.0], [4.0]], np.float32)), [[5.0], [2.0]])
    assert RowGroups.by_owner([0, 1, 2], 3).is_identity
