"""The randomness of drawn scenarios."""

from collections import Counter

import numpy as np
import pytest

from envs.random_columns import RandomColumns


def numbers_of(rng, num=130):
    return np.stack([rng.uniform() for _ in range(num)], axis=1)


def test_numbers_depend_on_seed_and_key_alone_however_many_are_asked_for():
    (numbers,) = numbers_of(RandomColumns([7], 3), 1000)
    assert (numbers_of(RandomColumns([1, 7, 9], 3), 1000)[1] == numbers).all()
    assert len(set(numbers)) == 1000
    rng = RandomColumns([7], 3)
    for other in (RandomColumns([8], 3), RandomColumns([7], 4), rng.stage(0), rng.stage(1)):
        assert not set(numbers_of(other, 1000)[0]) & set(numbers)


def test_a_stage_has_its_own_numbers_whatever_others_took():
    rng = RandomColumns([1, 2])
    first = numbers_of(rng.stage(0))
    numbers_of(rng, 50)
    assert (numbers_of(rng.stage(0)) == first).all()
    assert (numbers_of(rng.stage(1).stage(0)) == first).all(), "a stage of a stage is the seed's"
    assert not set(numbers_of(rng.stage(1)).ravel()) & set(first.ravel())


def test_numbers_one_by_one_and_together_are_the_same_sequence():
    (expected,) = numbers_of(RandomColumns([5]), 100)
    rng = RandomColumns([5])
    parts = [rng.uniform(), rng.uniforms(40)[0], rng.uniform(), rng.uniforms(0)[0], rng.uniform(), rng.uniforms(57)[0]]
    assert (np.concatenate(parts) == expected).all()


@pytest.mark.parametrize("num_taken", [0, 3, 32, 40])
def test_numbers_of_some_are_those_of_the_whole_and_do_not_move_it(num_taken):
    rng = RandomColumns(range(20), 6)
    numbers_of(rng, num_taken) if num_taken else None
    rows = np.array([13, 2, 2])
    some = numbers_of(rng.of(rows))
    ahead, staged = numbers_of(rng), rng.of(rows).stage(2)
    assert (some == ahead[rows]).all()
    assert (numbers_of(staged) == numbers_of(rng.stage(2))[rows]).all()
    assert len(rng.of(rows)) == 3


def test_numbers_are_uniform_and_independent_across_seeds_and_places():
    numbers = numbers_of(RandomColumns(range(2000)))
    assert 0.0 < numbers.min() < numbers.max() < 1.0
    assert np.abs(numbers.mean(axis=0) - 0.5).max() < 5 / np.sqrt(12 * 2000)
    assert np.abs(numbers.std(axis=0) * np.sqrt(12) - 1).max() < 0.06
    correlations = np.corrcoef(numbers.T) - np.eye(130)
    assert np.abs(correlations).max() < 6 / np.sqrt(2000)


def test_normal_numbers_are_normal():
    numbers = RandomColumns(range(20_000)).normals(5)
    assert np.abs(numbers.mean(axis=0)).max() < 0.04
    assert numbers.std(axis=0) == pytest.approx(np.ones(5), abs=0.03)
    assert (np.abs(numbers) < 1.0).mean() == pytest.approx(0.6827, abs=0.01)
    assert (RandomColumns([5, 6]).normals(3) == numbers[5:7, :3]).all()


def test_positions_are_as_likely_as_each_other_and_within_their_bounds():
    rng = RandomColumns(range(3000))
    drawn = Counter(rng.index(3).tolist())
    assert set(drawn) == {0, 1, 2}
    assert min(drawn.values()) > 900
    counts = np.arange(3000) % 7 + 1
    of_each = rng.index(counts)
    assert (of_each >= 0).all() and (of_each < counts).all()
    assert set(of_each[counts == 7].tolist()) == set(range(7))


def test_numbers_between_bounds_are_of_all_or_of_each():
    rng = RandomColumns(range(2000))
    drawn = rng.between(2.0, 3.0)
    assert 2.0 <= drawn.min() < 2.01 < 2.99 < drawn.max() < 3.0
    assert drawn.mean() == pytest.approx(2.5, abs=0.03)
    low = np.arange(2000.0)
    shares = (rng.between(low, low + 10.0) - low) / 10.0
    assert 0.0 <= shares.min() < 0.01 < 0.99 < shares.max() < 1.0


@pytest.mark.parametrize(
    ("bounds", "unit", "multiples"),
    [
        ((60.0, 180.0), 10.0, {60.0 + 10.0 * k for k in range(13)}),
        ((55.0, 75.0), 10.0, {60.0, 70.0}),
        ((3.0, 8.0), 10.0, {10.0}),
        ((0.0, 20.0), 10.0, {10.0, 20.0}),
    ],
)
def test_a_multiple_takes_every_place_between_its_bounds(bounds, unit, multiples):
    low, high = bounds
    drawn = Counter(RandomColumns(range(1300)).multiple(low, high, unit).tolist())
    assert set(drawn) == multiples
    assert min(drawn.values()) > 0.6 * 1300 / len(multiples)
    others = np.array([low, 10.0]), np.array([high, 40.0])
    own, other = (RandomColumns([seed, seed + 5000]).multiple(*others, unit) for seed in (1, 2))
    assert {own[0], other[0]} <= multiples and {own[1], other[1]} <= {10.0, 20.0, 30.0, 40.0}


def test_no_seeds_and_no_numbers_are_nothing():
    assert RandomColumns([]).uniforms(3).shape == (0, 3)
    assert RandomColumns([]).index(3).shape == (0,)
