"""Percentiles from three cumulants, against distributions that are known."""

import numpy as np
import pytest
from scipy import stats

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.telemetry.quantiles import Distributions, Mixtures
from tests.stands import APPLICATION

NEVER = np.full(1, np.inf, np.float32)


def distributions_of(samples: np.ndarray, timeout_seconds: np.ndarray = NEVER) -> Distributions:
    """Of samples [X, draws], from their cumulants [3, X, 1]; the last rows are calls with these timeouts."""
    cumulants = np.array([stats.kstat(samples, order, axis=1) for order in (1, 2, 3)], dtype=np.float32)
    scv = np.empty((len(samples) - len(timeout_seconds), 1), dtype=np.float32)
    return Distributions(cumulants[:, :, None], timeout_seconds, scv)


@pytest.mark.parametrize("parts", [1, 2, 6])
def test_the_percentile_of_a_sum_of_exponential_times(parts: int) -> None:
    samples = np.random.default_rng(1).exponential(0.1, size=(1, parts, 400_000)).sum(axis=1)
    found = distributions_of(samples)
    assert found.shapes[2, 0, 0] == pytest.approx(np.quantile(samples, 0.95), rel=0.02)
    for quantile in (0.5, 0.9, 0.99):
        limit = np.full((1, 1), np.quantile(samples, quantile), np.float32)
        assert found.share_within(limit)[0, 0] == pytest.approx(quantile, abs=0.02)


def test_nobody_waits_beyond_a_timeout() -> None:
    samples = np.random.default_rng(1).exponential([[1.0], [1.0]], size=(2, 1000))
    assert distributions_of(samples, np.array([0.5], np.float32)).shapes[2, 1, 0] == np.float32(0.5)


def test_a_mixtures_percentile_is_that_of_its_parts_put_together() -> None:
    graph = CompiledGraph(APPLICATION)
    mixtures = Mixtures(graph)
    rng = np.random.default_rng(2)
    num_rows = graph.num_operations + graph.num_channels
    scale = rng.uniform(0.01, 1.0, size=num_rows)
    samples = rng.exponential(scale[:, None], size=(num_rows, 40_000))
    never = np.full(graph.num_channels, np.inf, np.float32)
    weight = rng.uniform(0.1, 1.0, size=(num_rows, 1)).astype(np.float32)
    requests = np.split(weight, [graph.num_operations])
    found = mixtures.p95(distributions_of(samples, never), *requests)[:, 0] / 1e3
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
    none = np.zeros((num_rows, 1), np.float32)
    executions, attempts = np.split(none, [graph.num_operations])
    timeout = np.ones(graph.num_channels, np.float32)
    found = Distributions(np.ones((3, num_rows, 1), np.float32), timeout, np.empty_like(executions))
    assert np.isnan(Mixtures(graph).p95(found, executions, attempts)).all()
