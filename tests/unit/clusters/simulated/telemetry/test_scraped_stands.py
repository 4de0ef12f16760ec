"""Stands whose telemetry is scraped: what is observed differs from the truth, what happens does not."""

import numpy as np
import pytest

from clusters.commands import RestartPod
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.telemetry.scraping import Scraping
from clusters.stand import StandError
from clusters.telemetry import TelemetryWindow
from tests.stands import APPLICATION, node, scenario

EVERYTHING = Scraping(noise_ratio=0.1, gap_ratio=0.05, delay_buckets=1, histogram=True)


def stands(scraping: Scraping | None, *, missing: float = np.nan, num_stands: int = 4) -> SimulatedStands:
    """After two minutes of warm-up and one more."""
    batch = SimulatedStands(APPLICATION, num_stands, history_seconds=240.0, scraping=scraping, missing=missing)
    batch.reset(range(num_stands), [scenario(warmup_seconds=120.0)] * num_stands, range(num_stands))
    batch.advance(60.0)
    return batch


def window(scraping: Scraping | None, **options: float) -> TelemetryWindow:
    """The last three minutes."""
    return stands(scraping, **options).observe(180.0, 10.0)  # type: ignore[arg-type]


def test_users_measure_themselves_and_the_stand_goes_its_way() -> None:
    seen, true = window(EVERYTHING), window(None)
    np.testing.assert_array_equal(seen.journeys, true.journeys)
    np.testing.assert_array_equal(seen.stand, true.stand)


def test_noise_gaps_and_delay_are_in_what_is_observed() -> None:
    seen, true = window(Scraping(noise_ratio=0.1, gap_ratio=0.05, delay_buckets=1)), window(None)
    rates, true_rates = node(seen, "frontend", "request_rate_rps"), node(true, "frontend", "request_rate_rps")
    assert np.isnan(rates[:, -1]).all()
    ratio = rates[:, :-1] / true_rates[:, :-1]
    assert 0.0 < np.isnan(ratio).mean() < 0.2
    assert np.nanstd(ratio) == pytest.approx(0.1, abs=0.04)
    assert np.isnan(seen.edges[:, -1]).all()


def test_what_was_late_arrives_with_the_next_bucket() -> None:
    batch = stands(Scraping(noise_ratio=0.1, delay_buckets=1))
    before = batch.observe(60.0, 10.0).nodes.copy()
    batch.advance(10.0)
    after = batch.observe(60.0, 10.0).nodes
    np.testing.assert_array_equal(after[:, :4], before[:, 1:5])
    assert not np.isnan(after[:, 4, 1, 0]).any()
    assert np.isnan(after[:, 5]).all()


def test_branches_are_scraped_alike_and_another_seed_is_not() -> None:
    batch = stands(EVERYTHING)
    fork = batch.fork([1, 1, 1], [7, 7, 8])
    fork.advance(60.0)
    nodes = fork.observe(60.0, 10.0).nodes
    np.testing.assert_array_equal(nodes[0], nodes[1])
    assert not np.array_equal(nodes[0], nodes[2], equal_nan=True)


def test_a_stand_is_scraped_alike_alone_and_in_a_batch() -> None:
    alone = SimulatedStands(APPLICATION, 1, history_seconds=240.0, scraping=EVERYTHING)
    alone.reset([0], [scenario(warmup_seconds=120.0)], [2])
    alone.advance(60.0)
    np.testing.assert_array_equal(alone.observe(180.0, 10.0).nodes[0], window(EVERYTHING).nodes[2])


def test_stands_that_were_advanced_apart_are_scraped_alike() -> None:
    batch = SimulatedStands(APPLICATION, 4, history_seconds=240.0, scraping=EVERYTHING)
    batch.reset(range(4), [scenario(warmup_seconds=120.0)] * 4, range(4))
    for part in ([0, 2], [1], [3]):
        batch.advance(60.0, np.array(part))
    np.testing.assert_array_equal(batch.observe(180.0, 10.0).nodes, window(EVERYTHING).nodes)


def test_gaps_are_what_the_batch_says_is_missing() -> None:
    seen, expected = window(EVERYTHING, missing=-1.0), window(EVERYTHING)
    np.testing.assert_array_equal(seen.nodes, np.nan_to_num(expected.nodes, nan=-1.0))
    np.testing.assert_array_equal(seen.edges, np.nan_to_num(expected.edges, nan=-1.0))


def test_percentiles_of_histograms_lie_in_the_bucket_of_the_true_ones() -> None:
    bounds = np.array([0, 2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10000, 15000])
    seen = window(Scraping(histogram=True)).nodes[:, :, 1:, 3]
    true = window(None).nodes[:, :, 1:, 3]
    apart = np.abs(np.searchsorted(bounds, seen) - np.searchsorted(bounds, true))
    # Where the true percentile is all but a bound, the two may lie on its two sides.
    assert (apart == 0).mean() > 0.95
    assert apart.max() <= 1
    assert (np.abs(seen / true - 1) > 0.02).mean() > 0.3


def test_a_restart_leaves_a_dent_in_the_rate() -> None:
    batch, true = stands(Scraping(scrape_interval_seconds=10.0)), stands(None)
    for each in (batch, true):
        each.apply(0, RestartPod(service="valkey-cart"))
        each.advance(10.0)
    seen, real = (node(each.observe(10.0, 10.0), "valkey-cart", "request_rate_rps")[:, 0] for each in (batch, true))
    np.testing.assert_array_equal(seen[1:], real[1:])
    restarts = node(true.observe(10.0, 10.0), "valkey-cart", "restarts")[0, 0]
    assert (seen[0] < real[0]) == (restarts > 0)


def test_a_scraper_that_is_slower_than_the_buckets_is_refused() -> None:
    with pytest.raises(StandError, match="scrape_interval_seconds"):
        SimulatedStands(APPLICATION, 1, scraping=Scraping(scrape_interval_seconds=15.0))
