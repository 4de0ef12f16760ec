import math

import numpy as np
import pytest

from rollouts.evaluation.statistics import PointBootstrap


def test_ratio_pools_pairs_and_leaves_out_unknown_points():
    figure = PointBootstrap(3).ratio([3.0, 1.0, math.nan], [4.0, 1.0, 9.0])
    assert figure.value == pytest.approx(4 / 5)
    assert figure.n == 5
    assert figure.low == pytest.approx(3 / 4) and figure.high == 1.0


def test_nothing_to_count_is_no_number_and_json_null():
    figure = PointBootstrap(2).ratio([0.0, 0.0], [0.0, 0.0])
    assert figure.n == 0
    assert figure.as_json() == {"value": None, "low": None, "high": None, "n": 0}


def test_interval_of_a_mean_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        figure = PointBootstrap(60, num_resamples=500, seed=trial).mean(generator.normal(1.0, 2.0, 60))
        hits += figure.low <= 1.0 <= figure.high
    assert 0.90 <= hits / 200 <= 0.99


def test_paired_difference_is_tighter_than_two_separate_intervals():
    generator = np.random.default_rng(1)
    hard = generator.uniform(0.0, 1.0, 100)
    bootstrap = PointBootstrap(100)
    figure = bootstrap.ratio_difference(hard + 0.1, hard, np.ones(100))
    assert figure.value == pytest.approx(0.1)
    assert figure.high - figure.low < 1e-9
    assert bootstrap.mean(hard).high - bootstrap.mean(hard).low > 0.05


def test_quantile_ignores_unknown_points_and_worst_is_the_largest():
    bootstrap = PointBootstrap(5)
    values = [0.0, 0.5, math.nan, 1.0, 0.25]
    worst = bootstrap.quantile(values, 1.0)
    assert (worst.value, worst.high, worst.n) == (1.0, 1.0, 4)
    assert bootstrap.quantile(values, 0.5).value == pytest.approx(0.375)
