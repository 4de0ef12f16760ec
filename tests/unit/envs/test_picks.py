"""Picks of some among several."""

import numpy as np

from envs.kernels.families import fill_picks
from envs.kernels.picks import NONE
from envs.random_columns import RandomColumns
from envs.scenarios.picks import first_positions, one_of, shuffled, some_positions

NUM = 500


def test_the_lowest_priorities_of_those_that_are_meant_come_first():
    priorities = np.array([[0.5, -1.0, 0.2, 0.2, 0.9], [0.1, 0.3, 0.3, -2.0, 0.0]])
    is_meant = np.array([True, True, True, True, False])
    given = priorities.copy()
    assert first_positions(priorities, is_meant, 3).tolist() == [[1, 2, 3], [3, 0, 1]], "ties by position"
    np.testing.assert_array_equal(priorities, given)
    assert first_positions(priorities, is_meant, 6).tolist() == [[1, 2, 3, 0, NONE, NONE], [3, 0, 1, 2, NONE, NONE]]
    assert first_positions(np.empty((2, 0)), np.empty(0, dtype=np.bool_), 2).tolist() == [[NONE, NONE]] * 2


def test_priorities_are_ranked_as_a_stable_sort_does():
    priorities = np.random.default_rng(1).integers(0, 6, (NUM, 9)) / 6.0
    ranked = first_positions(priorities, np.ones(9, dtype=np.bool_), 9)
    np.testing.assert_array_equal(ranked, np.argsort(priorities, axis=1, kind="stable"))


def test_what_comes_beside_those_that_are_meant_comes_first():
    besides = np.where(np.arange(NUM) % 2, 2, NONE)
    picked = some_positions(np.array([True, False, False, True]), 3, RandomColumns(range(NUM)), besides=besides)
    assert (picked[1::2, 0] == 2).all()
    assert {tuple(row) for row in picked[1::2, 1:].tolist()} == {(0, 3), (3, 0)}
    assert {tuple(row) for row in picked[::2].tolist()} == {(0, 3, NONE), (3, 0, NONE)}


def test_one_of_those_that_are_meant_is_picked_as_often_as_another():
    is_meant = np.zeros((4 * NUM, 5), dtype=np.bool_)
    is_meant[::2, [0, 2, 4]] = True
    picked = one_of(is_meant, RandomColumns(range(4 * NUM)))
    assert (picked[1::2] == NONE).all()
    shares = np.bincount(picked[::2], minlength=5) / (2 * NUM)
    assert shares[[1, 3]].tolist() == [0.0, 0.0]
    assert np.abs(shares[[0, 2, 4]] - 1 / 3).max() < 0.05


def test_names_are_shuffled_and_what_is_none_goes_to_the_end():
    names = np.tile([7, NONE, 8, 9, NONE], (NUM, 1))
    rows = shuffled(names, RandomColumns(range(NUM)))
    assert (rows[:, 3:] == NONE).all()
    assert len({tuple(row) for row in rows[:, :3].tolist()}) == 6
    assert {tuple(sorted(row)) for row in rows[:, :3].tolist()} == {(7, 8, 9)}


def test_members_are_picked_by_their_shares_of_their_own_pool():
    ends, shares, members = np.array([0, 3, 4, 4]), np.array([0.25, 0.5, 1.0, 1.0]), np.array([5, 6, 7, 8])
    pool = np.array([0, 1, 1, 1, 1, 1, 1, 2, 2, 3])
    numbers = np.array([0.5, 0.0, 0.2, 0.25, 0.49, 0.5, 1.0, 0.0, 1.0, 0.1])
    picked = np.zeros(len(pool), dtype=np.int64)
    fill_picks(pool, numbers, ends, shares, members, picked)
    assert picked.tolist() == [NONE, 5, 5, 6, 6, 7, 7, 8, 8, NONE]
