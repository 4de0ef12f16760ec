"""Objectives read from telemetry: the same of one stand, of a batch, and however the window lies in memory."""

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from envs.kernels.levels import ServiceLevels
from envs.service_levels import Objectives, good_ratios, levels_of, violations

APPLICATION = load_application("small-core")
N, T, J = 5, 4, len(APPLICATION.journeys)
NAMES = ("offered_rate_rps", "error_ratio", "latency_p95_milliseconds", "good_ratio")


def window(journeys):
    leading = journeys.shape[:-3]
    return TelemetryWindow(
        bucket_seconds=10.0,
        times_ns=np.zeros((*leading, T), dtype=np.int64),
        nodes=np.zeros((*leading, T, len(APPLICATION.services), len(NODE_SIGNALS)), dtype=np.float32),
        edges=np.zeros((*leading, T, len(APPLICATION.edges), len(EDGE_SIGNALS)), dtype=np.float32),
        journeys=journeys,
        stand=np.zeros((*leading, T, len(STAND_SIGNALS)), dtype=np.float32),
    )


def journeys_of(offered, errors, latency_milliseconds, good):
    """[N, T, J, F] of four [N, T, J]."""
    journeys = np.zeros((N, T, J, len(JOURNEY_SIGNALS)), dtype=np.float32)
    for name, values in zip(NAMES, (offered, errors, latency_milliseconds, good), strict=True):
        journeys[..., signal_index(JOURNEY_SIGNALS, name)] = values
    return journeys


def levels(journeys):
    return levels_of(window(journeys), Objectives.of(APPLICATION))


@pytest.fixture(scope="module")
def journeys():
    rng = np.random.default_rng(0)
    shape = (N, T, J)
    known = rng.random(shape) < 0.8
    slo = np.array([journey.slo_latency_milliseconds for journey in APPLICATION.journeys])
    return journeys_of(
        offered=rng.choice([0.0, 5.0, 20.0], shape),
        errors=np.where(known, rng.uniform(0, 0.05, shape), np.nan),
        latency_milliseconds=np.where(known, rng.uniform(0.2, 1.5, shape) * slo, np.nan),
        good=np.where(known, rng.uniform(0, 1, shape), np.nan),
    )


def test_one_stand_and_other_memory_orders_read_alike(journeys):
    whole = levels(journeys)
    kept = np.ascontiguousarray(journeys.transpose(1, 0, 3, 2)).transpose(1, 0, 3, 2)  # as rings of telemetry have it
    several = levels(np.stack([journeys, journeys]))
    for name in ServiceLevels._fields:
        values = getattr(whole, name)
        assert values.shape[:2] == (N, T)
        assert np.array_equal(getattr(levels(kept), name), values, equal_nan=values.dtype != np.bool_)
        assert getattr(several, name)[N:].tobytes() == values.tobytes()
        for stand in range(N):
            assert getattr(levels(journeys[stand]), name).tobytes() == values[stand].tobytes()


@pytest.mark.parametrize("told", [violations, good_ratios])
def test_what_is_told_has_the_windows_axes(journeys, told):
    whole = told(window(journeys), APPLICATION)
    assert whole.shape == (N, T)
    assert told(window(np.stack([journeys, journeys])), APPLICATION)[1].tobytes() == whole.tobytes()
    assert told(window(journeys[2]), APPLICATION).tobytes() == whole[2].tobytes()


def test_levels_say_what_the_formulas_say(journeys):
    offered, errors, latency, good = (
        journeys[..., signal_index(JOURNEY_SIGNALS, name)].astype(np.float64) for name in NAMES
    )
    found = levels(journeys)
    has_users = (offered > 0) & (good >= 0)
    load = np.where(has_users, offered, 0.0)
    assert found.weights == pytest.approx(load / np.maximum(load.sum(axis=-1, keepdims=True), 1e-9))
    assert np.array_equal(found.served, has_users.any(axis=-1))
    assert pytest.approx((np.nan_to_num(1.0 - good) * found.weights).sum(axis=-1)) == found.bad_share
    missed = [
        has_users[..., j]
        & ((latency[..., j] > journey.slo_latency_milliseconds) | (errors[..., j] > journey.slo_error_ratio))
        for j, journey in enumerate(APPLICATION.journeys)
    ]
    assert np.array_equal(violations(window(journeys), APPLICATION), np.any(missed, axis=0))
    assert 0 < found.violated.mean() < 1
    told = good_ratios(window(journeys), APPLICATION)
    assert told == pytest.approx((np.nan_to_num(good) * found.weights).sum(axis=-1))


def test_a_bucket_without_users_violates_nothing():
    empty = journeys_of(0.0, 1.0, 1e9, 0.0)
    found = levels(empty)
    assert not found.violated.any()
    assert not found.served.any()
    assert not found.weights.any()
    assert not found.bad_share.any()
    assert not good_ratios(window(empty), APPLICATION).any()
