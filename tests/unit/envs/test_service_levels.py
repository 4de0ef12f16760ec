"""Objectives read from telemetry: the same of one stand, of a batch, and however the window lies in memory."""

from dataclasses import fields

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from envs.service_levels import ServiceLevels, service_levels

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
    whole = service_levels(window(journeys), APPLICATION)
    innermost = np.moveaxis(np.ascontiguousarray(np.moveaxis(journeys, 0, -1)), -1, 0)
    several = service_levels(window(np.stack([journeys, journeys])), APPLICATION)
    for field in fields(ServiceLevels):
        values = getattr(whole, field.name)
        assert values.shape[:2] == (N, T)
        view = getattr(service_levels(window(innermost), APPLICATION), field.name)
        assert np.array_equal(view, values, equal_nan=values.dtype != np.bool_)
        assert getattr(several, field.name)[1].tobytes() == values.tobytes()
        for stand in range(N):
            alone = getattr(service_levels(window(journeys[stand]), APPLICATION), field.name)
            assert alone.tobytes() == values[stand].tobytes()


def test_levels_say_what_the_formulas_say(journeys):
    offered, errors, latency, good = (
        journeys[..., signal_index(JOURNEY_SIGNALS, name)].astype(np.float64) for name in NAMES
    )
    levels = service_levels(window(journeys), APPLICATION)
    has_users = (offered > 0) & (good >= 0)
    load = np.where(has_users, offered, 0.0)
    assert levels.weights == pytest.approx(load / np.maximum(load.sum(axis=-1, keepdims=True), 1e-9))
    assert np.array_equal(levels.served, has_users.any(axis=-1))
    assert levels.bad_share == pytest.approx((np.nan_to_num(1.0 - good) * levels.weights).sum(axis=-1))
    missed = [
        has_users[..., j]
        & ((latency[..., j] > journey.slo_latency_milliseconds) | (errors[..., j] > journey.slo_error_ratio))
        for j, journey in enumerate(APPLICATION.journeys)
    ]
    assert np.array_equal(levels.violated, np.any(missed, axis=0))
    assert 0 < levels.violated.mean() < 1
    assert levels.mean(good) == pytest.approx((np.nan_to_num(good) * levels.weights).sum(axis=-1))


def test_a_bucket_without_users_violates_nothing():
    levels = service_levels(window(journeys_of(0.0, 1.0, 1e9, 0.0)), APPLICATION)
    assert not levels.violated.any()
    assert not levels.served.any()
    assert not levels.weights.any()
    assert not levels.bad_share.any()
