"""What scraping does to true values, and what it must leave alone."""

from typing import Any

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.simulated.randomness import seed_words
from clusters.simulated.telemetry.scraping import Scraper, Scraping
from clusters.stand import StandError
from clusters.telemetry import (
    EDGE_SIGNALS,
    NODE_SIGNALS,
    SignalKind,
    signal_index,
)

APPLICATION = load_application("small-core")
S, E = len(APPLICATION.services), len(APPLICATION.edges)
N = 400
RATE, CPU = signal_index(NODE_SIGNALS, "request_rate_rps"), signal_index(NODE_SIGNALS, "cpu_usage_millicores")
ERRORS, RESTARTS = signal_index(NODE_SIGNALS, "error_ratio"), signal_index(NODE_SIGNALS, "restarts")
DESIRED = signal_index(NODE_SIGNALS, "replicas_desired")
SEEDS, TICKS = seed_words(range(N)), np.full(N, 10)


def scrape(
    scraping: Scraping, nodes: np.ndarray, edges: np.ndarray, tick: int = 10, missing: float = np.nan
) -> tuple[np.ndarray, np.ndarray]:
    """One bucket of N stands, seen at a tick; stands come first."""
    scraper = Scraper(scraping, APPLICATION, 10.0, missing)
    seen = scraper.scrape(SEEDS, np.full(N, tick), np.moveaxis(nodes, 0, -1), np.moveaxis(edges, 0, -1))
    return np.moveaxis(seen[0], -1, 0), np.moveaxis(seen[1], -1, 0)


def true_values(value: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Every series has the same value, and nothing restarts."""
    nodes = np.full((N, S, len(NODE_SIGNALS)), value, dtype=np.float32)
    nodes[..., RESTARTS] = 0.0
    nodes[..., DESIRED] = 2.0
    return nodes, np.full((N, E, len(EDGE_SIGNALS)), value, dtype=np.float32)


def test_a_perfect_scraper_sees_what_is_there() -> None:
    nodes, edges = true_values()
    seen_nodes, seen_edges = scrape(Scraping(), nodes, edges)
    np.testing.assert_array_equal(seen_nodes, nodes)
    np.testing.assert_array_equal(seen_edges, edges)


def test_noise_has_the_size_asked_for_and_no_bias() -> None:
    nodes, _ = scrape(Scraping(noise_ratio=0.1), *true_values(3.0))
    rates = nodes[..., RATE] / 3.0
    assert rates.mean() == pytest.approx(1.0, abs=0.01)
    assert rates.std() == pytest.approx(0.1, abs=0.01)


def test_series_buckets_and_stands_have_noise_of_their_own() -> None:
    scraping = Scraping(noise_ratio=0.1)
    first, edges = scrape(scraping, *true_values())
    second, _ = scrape(scraping, *true_values(), tick=12)
    rates = first[:, 0, RATE]
    for other in (second[:, 0, RATE], first[:, 1, RATE], first[:, 0, CPU], np.roll(rates, 1), edges[:, 0, 0]):
        assert abs(np.corrcoef(rates, other)[0, 1]) < 0.2


def test_a_stand_is_scraped_alike_wherever_it_stands_in_a_batch() -> None:
    scraping = Scraping(noise_ratio=0.1, gap_ratio=0.2)
    nodes, edges = true_values()
    nodes[:, 3, RESTARTS] = 1.0
    whole, _ = scrape(scraping, nodes, edges)
    alone, _ = Scraper(scraping, APPLICATION, 10.0).scrape(
        SEEDS[7:8], TICKS[7:8], nodes[7][..., None], edges[7][..., None]
    )
    np.testing.assert_array_equal(alone[..., 0], whole[7])


def test_what_the_cluster_keeps_is_never_noisy_and_a_ratio_stays_one() -> None:
    nodes, _ = scrape(Scraping(noise_ratio=0.5), *true_values(1.0))
    for position, signal in enumerate(NODE_SIGNALS):
        if signal.kind is SignalKind.STATE and position not in (RESTARTS, DESIRED):
            assert (nodes[..., position] == 1.0).all(), signal.name
    assert nodes[..., ERRORS].max() == 1.0
    assert nodes[..., ERRORS].min() < 1.0


@pytest.mark.parametrize("missing", [np.nan, -1.0])
def test_a_gap_takes_all_series_of_a_service_and_its_calls(missing: float) -> None:
    nodes, edges = scrape(Scraping(gap_ratio=0.1, noise_ratio=0.1), *true_values(), missing=missing)
    gone = np.isnan(nodes) if np.isnan(missing) else nodes == missing
    per_service = gone.mean(axis=-1)
    assert set(np.unique(per_service)) == {0.0, 1.0}
    assert per_service.mean() == pytest.approx(0.1, abs=0.02)
    sources = [APPLICATION.service_names.index(edge.source) for edge in APPLICATION.edges]
    edge_gone = np.isnan(edges) if np.isnan(missing) else edges == missing
    np.testing.assert_array_equal(edge_gone.all(axis=-1), per_service[:, sources] == 1.0)


def test_what_was_missing_stays_missing() -> None:
    nodes, edges = true_values()
    nodes[:, 2, ERRORS] = -1.0
    seen, _ = scrape(Scraping(noise_ratio=0.5), nodes, edges, missing=-1.0)
    assert (seen[:, 2, ERRORS] == -1.0).all()


def test_a_restart_takes_along_what_was_counted_since_the_last_scrape() -> None:
    nodes, edges = true_values(100.0)
    nodes[:, 4, RESTARTS] = 1.0
    nodes[..., DESIRED] = 2.0
    seen, _ = scrape(Scraping(scrape_interval_seconds=10.0), nodes, edges)
    # One of two replicas loses a uniform share of one interval, which is the whole bucket: a quarter on average.
    for signal in (RATE, CPU):
        assert seen[:, 4, signal].mean() == pytest.approx(75.0, abs=2.0)
        assert seen[:, 4, signal].min() >= 50.0
        assert seen[:, 4, signal].max() <= 100.0
    np.testing.assert_array_equal(seen[:, 5], nodes[:, 5])
    assert (seen[:, 4, ERRORS] == 100.0).all()
    often, _ = scrape(Scraping(scrape_interval_seconds=1.0), nodes, edges)
    assert often[:, 4, RATE].mean() == pytest.approx(97.5, abs=0.2)


def test_the_newest_buckets_come_late() -> None:
    values = np.ones((2, 5, S, len(NODE_SIGNALS)), dtype=np.float32)
    late = Scraper(Scraping(delay_buckets=2), APPLICATION, 10.0).delay(values)
    assert np.isnan(late).all(axis=(0, 2, 3)).tolist() == [False, False, False, True, True]
    assert (values == 1.0).all()


@pytest.mark.parametrize(
    "wrong", [{"scrape_interval_seconds": 0.0}, {"noise_ratio": 1.5}, {"delay_buckets": -1}, {"gap_ratio": 1.0}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Scraping(**wrong)


def test_a_bucket_needs_a_scrape() -> None:
    with pytest.raises(StandError, match="scrape_interval_seconds"):
        Scraper(Scraping(scrape_interval_seconds=15.0), APPLICATION, 10.0)
