"""The floor: the last value of each journey goes on, and no candidate is better than another."""

from dataclasses import replace

import numpy as np

from clusters.telemetry import JOURNEY_SIGNALS, TelemetryWindow, signal_index
from envs.time_scales import TimeScales
from learners.world_models.persistence import PersistenceRanker, load_ranker
from rollouts.evaluation.ranking_contract import DecisionPoint, Prediction
from tests.episodes import APPLICATION, CATALOGUE, make_episode

CANDIDATES = CATALOGUE.features(np.arange(4))


def history(good_ratios: list[float], latencies_milliseconds: list[float]) -> TelemetryWindow:
    """Buckets whose journeys, equally loaded, all have these values."""
    telemetry = make_episode(num_steps=1).telemetry
    size = len(good_ratios)
    journeys = np.zeros((size, *telemetry.journeys.shape[1:]), np.float32)
    journeys[..., signal_index(JOURNEY_SIGNALS, "offered_rate_rps")] = 10.0
    journeys[..., signal_index(JOURNEY_SIGNALS, "good_ratio")] = np.array(good_ratios)[:, None]
    journeys[..., signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")] = np.array(latencies_milliseconds)[:, None]
    return replace(
        telemetry,
        times_ns=telemetry.times_ns[:size],
        nodes=telemetry.nodes[:size],
        edges=telemetry.edges[:size],
        journeys=journeys,
        stand=telemetry.stand[:size],
    )


def predicted(window: TelemetryWindow, ranker: PersistenceRanker | None = None) -> Prediction:
    scenario = make_episode(num_steps=1).scenario
    point = DecisionPoint(scenario=scenario, history=window, candidates=(0, 1, 2, 3))
    (found,) = (ranker or PersistenceRanker()).predict([point], [CANDIDATES])
    return found


def test_the_last_bucket_is_repeated_for_every_candidate() -> None:
    found = predicted(history([1.0] * 9 + [0.25], [20.0] * 9 + [70.0]))
    shape = (4, 30, len(APPLICATION.journeys), 1)
    np.testing.assert_array_equal(found.good_ratio, np.full(shape, 0.25))
    np.testing.assert_array_equal(found.latency_p95_milliseconds, np.full(shape, 70.0))
    np.testing.assert_array_equal(found.error_ratio, np.zeros(shape))
    assert found.quantiles == (0.5,)
    assert np.isnan(found.expected_cost).all()
    steps = TimeScales(control_step_seconds=60.0)
    assert predicted(history([1.0], [1.0]), PersistenceRanker(time_scales=steps)).good_ratio.shape[1] == 60


def test_scores_are_the_last_minute_s_good_share_and_risk_its_violations() -> None:
    # Ten buckets of ten seconds: the last six count, of which three are slow.
    slow = history([0.0] * 4 + [1.0] * 3 + [0.5] * 3, [1e6] * 4 + [1.0] * 3 + [1e6] * 3)
    found = predicted(slow)
    np.testing.assert_allclose(found.scores, np.full(4, -0.25))
    np.testing.assert_allclose(found.expected_risk, np.full(4, 0.5))
    assert found.recovery_probability.tolist() == 4 * [0.0]
    healthy = predicted(history([0.0] * 4 + [1.0] * 6, [1e6] * 4 + [1.0] * 6))
    np.testing.assert_allclose(healthy.scores, np.zeros(4))
    assert healthy.recovery_probability.tolist() == 4 * [1.0]


def test_the_ranker_is_made_by_name() -> None:
    assert load_ranker(name="floor").name == "floor"
