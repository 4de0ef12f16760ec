"""Counter-based numbers: pure, independent, uniform."""

import numpy as np
import pytest
from scipy import stats

from clusters.simulated.randomness import seed_words, tick_noise, uniforms

STREAMS = np.arange(3)


def test_a_number_depends_on_seed_tick_and_stream_alone() -> None:
    seeds, ticks = seed_words([7, 8, 7]), np.array([5, 5, 5])
    draws = uniforms(seeds, ticks, STREAMS)
    assert (draws[:, 0] == draws[:, 2]).all()
    assert len(np.unique(draws[:, :2])) == 6
    alone = uniforms(seed_words([8]), np.array([5]), np.array([2]))
    assert alone[0, 0] == draws[2, 1]


@pytest.mark.parametrize("axis", ["seed", "tick", "stream"])
def test_sequences_along_each_axis_are_uniform_and_uncorrelated(axis: str) -> None:
    count = 20_000
    varied, fixed = np.arange(count), np.zeros(count, dtype=np.int64)
    if axis == "stream":
        draws = uniforms(seed_words([1]), np.array([1]), varied)[:, 0]
    else:
        seeds = seed_words(range(count)) if axis == "seed" else seed_words([1] * count)
        draws = uniforms(seeds, varied if axis == "tick" else fixed, np.array([0]))[0]
    assert stats.kstest(draws, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 0.03
    assert 0.0 < draws.min() < draws.max() < 1.0


def test_a_seed_may_be_any_integer() -> None:
    assert seed_words([-1])[0] == seed_words([2**64 - 1])[0] == seed_words(np.array([-1]))[0]


def test_a_ticks_draws_are_standard_independent_and_each_stands_own() -> None:
    count = 20_000
    is_exponential = np.arange(6) >= 4
    noise = tick_noise(seed_words(range(-5, count - 5)), np.full(count, 3), is_exponential)
    normal, exponential = np.split(noise, [4])
    for row in normal:
        assert stats.kstest(row, "norm").pvalue > 0.001
    for row in exponential:
        assert stats.kstest(row, "expon").pvalue > 0.001
    assert np.abs(np.corrcoef(noise) - np.eye(6)).max() < 0.03
    alone = tick_noise(seed_words([2]), np.array([3]), is_exponential)
    assert (alone[:, 0] == noise[:, 7]).all()
