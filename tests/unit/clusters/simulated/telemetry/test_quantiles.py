"""Percentiles from three cumulants, against distributions that are known."""

import numpy as np
import pytest
from scipy import stats

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.telemetry.quantiles import Mixtures, Times, p95_of, shape_of, share_within
from tests.stands import APPLICATION


def times_of(samples: np.ndarray) -> Times:
    """[X, 1] cumulants of samples [X, draws]."""
    cumulants = (stats.kstat(samples, order, axis=1)[:, None].astype(np.float32) for order in (1, 2, 3))
    return Times(*cumulants)


@pytest.mark.parametrize("parts", [1, 2, 6])
def test_the_percentile_of_a_sum_of_exponential_times(parts: int) -> None:
    samples = np.random.default_rng(1).exponential(0.1, size=(1, parts, 400_000)).sum(axis=1)
    shape = shape_of(times_of(samples))
    assert p95_of(shape)[0, 0] == pytest.approx(np.quantile(samples, 0.95), rel=0.02)
    for quantile in (0.5, 0.9, 0.99):
        limit = np.full((1, 1), np.quantile(samples, quantile), np.float32)
        assert share_within(shape, limit)[0, 0] == pytest.approx(quantile, abs=0.02)


def test_a_mixtures_percentile_is_that_of_its_parts_put_together() -> None:
    graph = CompiledGraph(APPLICATION)
    mixtures = Mixtures(graph)
    rng = np.random.default_rng(2)
    num_rows = graph.num_operations + graph.num_channels
    scale = rng.uniform(0.01, 1.0, size=num_rows)
    samples = rng.exponential(scale[:, None], size=(num_rows, 40_000))
    shape = shape_of(times_of(samples))
    weight = rng.uniform(0.1, 1.0, size=(num_rows, 1)).astype(np.float32)
    found = mixtures.p95(shape, p95_of(shape), weight)[:, 0]
    for group, rows in enumerate(graph.parts):
        if not len(rows):
            assert np.isnan(found[group])
            continue
        limit = found[group]
        within = (weight[rows, 0] * (samples[rows] <= limit).mean(axis=1)).sum() / weight[rows].sum()
        assert within == pytest.approx(0.95, abs=0.006), group


def test_a_group_without_requests_has_no_percentile() -> None:
    graph = CompiledGraph(APPLICATION)
    num_rows = graph.num_operations + graph.num_channels
    ones = np.ones((num_rows, 1), np.float32)
    shape = shape_of(Times(ones, ones, 2.0 * ones))
    assert np.isnan(Mixtures(graph).p95(shape, p95_of(shape), 0.0 * ones)).all()
