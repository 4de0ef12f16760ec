"""Rings of telemetry: however much room they have, and whoever filled them, they tell the same."""

import numpy as np
import pytest

from clusters.simulated.stands import SimulatedStands
from clusters.simulated.telemetry.scraping import Scraping
from clusters.telemetry import TelemetryWindow
from tests.stands import APPLICATION, scenario

NUM_STANDS = 5
LEVELS = ("times_ns", "nodes", "edges", "journeys", "stand")
FULL, SHORT = scenario(warmup_seconds=120.0), scenario(warmup_seconds=60.0)
EVERYONE = range(NUM_STANDS)


def batch(spare_seconds: float = 0.0, scraping: Scraping | None = None, missing: float = -1.0) -> SimulatedStands:
    """Two minutes of history after a warm-up of as long."""
    stands = SimulatedStands(
        APPLICATION,
        NUM_STANDS,
        history_seconds=120.0,
        spare_seconds=spare_seconds,
        scraping=scraping,
        missing=missing,
    )
    stands.reset(EVERYONE, [FULL] * NUM_STANDS, EVERYONE)
    return stands


def assert_same(one: TelemetryWindow, other: TelemetryWindow) -> None:
    for level in LEVELS:
        np.testing.assert_array_equal(getattr(one, level), getattr(other, level), err_msg=level)


@pytest.mark.parametrize("spare_seconds", [50.0, 120.0, 250.0])
@pytest.mark.parametrize("scraping", [None, Scraping(noise_ratio=0.1, gap_ratio=0.1)])
def test_room_to_spare_changes_nothing_that_is_told(spare_seconds: float, scraping: Scraping | None) -> None:
    tight, roomy = batch(scraping=scraping), batch(spare_seconds, scraping)
    for stands in (tight, roomy):
        stands.prepare([2, 0], [FULL, SHORT], [12, 10])
    for step in range(40):  # several times around
        for stands in (tight, roomy):
            stands.advance(30.0)
            if step == 7:
                stands.reset([2], [FULL], [12])
            if step == 18:
                stands.reset([0, 4], [SHORT, SHORT], [10, 14])  # one of them was prepared
            if step == 30:
                stands.advance(20.0, np.array([3, 1]))
        assert_same(tight.observe(120.0, 10.0), roomy.observe(120.0, 10.0))
        assert_same(tight.observe(90.0, 30.0, np.array([3, 0])), roomy.observe(90.0, 30.0, np.array([3, 0])))


@pytest.mark.parametrize("missing", [-1.0, float("nan")])
def test_what_a_warm_up_does_not_reach_is_missing(missing: float) -> None:
    stands = batch(missing=missing)
    other = stands._empty(3, stands._history.empty(3))
    other._history._ring.fill(7.0)  # it may hold anything
    other.reset(range(3), [SHORT, FULL, SHORT], range(3))
    window = other.observe(120.0, 10.0)
    before = window.nodes[[0, 2], :6]
    assert np.isnan(before).all() if np.isnan(missing) else (before == missing).all()
    assert not (window.nodes == 7.0).all(axis=(2, 3)).any()
    np.testing.assert_array_equal(window.nodes[1], stands.observe(120.0, 10.0).nodes[1])


def test_what_was_prepared_is_taken_over_as_if_it_had_been_played_there() -> None:
    stands, played = batch(250.0), batch(250.0)
    stands.prepare([4, 1, 3], [FULL, SHORT, FULL], [5, 6, 7])
    for one in (stands, played):
        one.advance(70.0)
        one.reset([3, 4, 1], [FULL, FULL, SHORT], [7, 5, 6])
        one.advance(20.0)
    assert_same(stands.observe(120.0, 10.0), played.observe(120.0, 10.0))


def test_a_window_is_a_view_and_each_bucket_of_a_stand_one_run() -> None:
    stands = batch(250.0)
    window = stands.observe(120.0, 10.0)
    for level in (window.nodes, window.edges, window.journeys):
        assert np.shares_memory(level, stands._history._ring)
        assert level.strides[-2:] == (4, 4 * level.shape[-2])
        assert level.strides[0] == stands._history._ring.strides[1]
