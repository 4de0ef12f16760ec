"""The randomness of drawn scenarios."""

from collections import Counter

import numpy as np
import pytest

from envs.random_stream import normals, random_streams


def test_numbers_depend_on_seed_and_key_alone_however_many_are_asked_for():
    alone, beside = random_streams([7], 3)[0], random_streams([1, 7, 9], 3)[1]
    numbers = [alone.random() for _ in range(1000)]
    assert [beside.random() for _ in range(1000)] == numbers
    assert len(set(numbers)) == 1000
    for other in (*random_streams([8], 3), *random_streams([7], 4)):
        assert not {other.random() for _ in range(1000)} & set(numbers)


def test_numbers_are_uniform_and_independent_across_seeds_and_places():
    numbers = np.array([[rng.random() for _ in range(130)] for rng in random_streams(range(2000))])
    assert 0.0 < numbers.min() < numbers.max() < 1.0
    assert np.abs(numbers.mean(axis=0) - 0.5).max() < 5 / np.sqrt(12 * 2000)
    assert np.abs(numbers.std(axis=0) * np.sqrt(12) - 1).max() < 0.06
    correlations = np.corrcoef(numbers.T) - np.eye(130)
    assert np.abs(correlations).max() < 6 / np.sqrt(2000)


def test_normal_numbers_are_normal_and_their_own():
    numbers = normals(range(20_000), 0, 5)
    assert np.abs(numbers.mean(axis=0)).max() < 0.04
    assert numbers.std(axis=0) == pytest.approx(np.ones(5), abs=0.03)
    assert (np.abs(numbers) < 1.0).mean() == pytest.approx(0.6827, abs=0.01)
    assert (normals([5, 6], 0, 3) == numbers[5:7, :3]).all()


def test_choices_are_as_likely_as_each_other_and_within_their_bounds():
    (rng,) = random_streams([0])
    drawn = Counter(rng.one("abc") for _ in range(3000))
    assert set(drawn) == set("abc")
    assert min(drawn.values()) > 900
    assert all(2.0 <= rng.between((2.0, 3.0)) < 3.0 for _ in range(300))


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
    (rng,) = random_streams([0])
    assert {rng.multiple(bounds, unit) for _ in range(500)} == multiples


def test_some_are_different_and_hold_what_they_must():
    (rng,) = random_streams([0])
    seen = Counter()
    for _ in range(2000):
        some = rng.some("abcd", 3, besides="b")
        assert len(set(some)) == len(some) == 3
        assert "b" in some
        seen.update(some)
    assert min(seen[name] for name in "acd") > 1200
    assert rng.some("ab", 5, besides="x") in (["x", "a", "b"], ["x", "b", "a"])
    assert rng.some("ab", 1, besides="x") == ["x"]
    assert rng.some("", 2) == []


def test_every_order_of_a_shuffle_is_as_likely():
    orders = Counter()
    for rng in random_streams(range(6000)):
        values = [1, 2, 3]
        rng.shuffle(values)
        orders[tuple(values)] += 1
    assert len(orders) == 6
    assert min(orders.values()) > 850
