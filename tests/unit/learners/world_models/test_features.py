"""Telemetry as a model sees it: scales from the training windows alone, no NaN in, units back out."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from clusters.scenario import Split
from clusters.telemetry import JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, signal_index
from learners.world_models.features import (
    FORECAST_JOURNEY_SIGNALS,
    JOURNEY_FEATURES,
    SERVICE_FEATURES,
    STAND_FEATURES,
    Statistics,
    encode_frames,
    fit_statistics,
    journey_values,
)
from learners.world_models.windows import Windows
from tests.unit.learners.synthetic import episode
from tests.unit.learners.world_models.plays import joined

_CPU = signal_index(NODE_SIGNALS, "cpu_usage_millicores")
_ERRORS = signal_index(NODE_SIGNALS, "error_ratio")
_RATE_LIMIT = signal_index(STAND_SIGNALS, "rate_limit_rps")


@pytest.fixture(scope="module")
def windows() -> Windows:
    return joined([*(episode(seed) for seed in range(4)), episode(9, split=Split.VALIDATION)])


def with_nodes(windows: Windows, nodes: np.ndarray) -> Windows:
    return replace(windows, frames=replace(windows.frames, nodes=nodes))


def test_statistics_know_nothing_of_validation_windows(windows: Windows) -> None:
    training, validation = windows.split()
    nodes = windows.frames.nodes.copy()
    nodes[np.unique(validation.history_positions)] *= 50.0
    changed = with_nodes(windows, nodes).split()[0]
    expected, found = fit_statistics(training), fit_statistics(changed)
    for field in fields(Statistics):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name), err_msg=field.name)
    assert not np.array_equal(fit_statistics(with_nodes(windows, nodes)).node_centre, expected.node_centre)


def test_signals_are_centred_per_entity_and_scaled_by_their_spread_within_entities(windows: Windows) -> None:
    nodes = windows.frames.nodes.copy()
    nodes[:, 1] *= 100.0
    moved = with_nodes(windows, nodes)
    statistics = fit_statistics(moved)
    logs = np.log1p(nodes[..., _CPU].astype(float))
    np.testing.assert_allclose(statistics.node_centre[:, _CPU], logs.mean(axis=0), rtol=1e-4)
    assert statistics.node_scale[_CPU] == pytest.approx(np.sqrt(((logs - logs.mean(axis=0)) ** 2).mean()), rel=1e-4)
    np.testing.assert_allclose(
        statistics.reward_centre.sum(), windows.returns.mean(), rtol=1e-4, err_msg="parts of the mean reward"
    )
    services = encode_frames(moved.frames, moved.layout, statistics).services
    assert float(services[..., _CPU].mean(dim=0).abs().max()) < 0.05


def test_what_was_not_measured_is_an_average_input_and_no_target(windows: Windows) -> None:
    nodes, statistics = windows.frames.nodes.copy(), fit_statistics(windows)
    nodes[:40, 2, _ERRORS] = np.nan
    nodes[:40, 0] = np.nan
    whole = encode_frames(windows.frames, windows.layout, statistics)
    holed = encode_frames(with_nodes(windows, nodes).frames, windows.layout, statistics)
    for inputs, size in (
        (holed.services, SERVICE_FEATURES),
        (holed.journeys, JOURNEY_FEATURES),
        (holed.stand, STAND_FEATURES),
    ):
        assert inputs.shape[-1] == size
        assert inputs.isfinite().all()
    assert (holed.services[:40, 2, _ERRORS] == 0.0).all()
    assert (whole.stand[:, [_RATE_LIMIT, len(STAND_SIGNALS) + _RATE_LIMIT]] == 0.0).all()
    missing = holed.node_targets.isnan()
    assert missing[:40, 0].all()
    assert missing[:40, 2].sum() == 40
    assert missing.sum() == 40 * 4
    # The rest, and what other services show, is as it was.
    torch.testing.assert_close(holed.services[:, 1], whole.services[:, 1])
    assert not torch.equal(holed.services[:40, 2], whole.services[:40, 2])


def test_statistics_survive_signals_that_are_never_or_rarely_there(windows: Windows) -> None:
    nodes = windows.frames.nodes.copy()
    nodes[..., _ERRORS] = np.nan
    nodes[5:, 0, _CPU] = np.nan
    statistics = fit_statistics(with_nodes(windows, nodes))
    for field in fields(Statistics):
        assert np.isfinite(getattr(statistics, field.name)).all(), field.name
    assert statistics.node_centre[0, _CPU] == pytest.approx(np.log1p(nodes[:5, 0, _CPU].astype(float)).mean(), rel=1e-5)


def test_forecasts_come_back_in_their_units_and_ratios_stay_ratios(windows: Windows) -> None:
    statistics = fit_statistics(windows)
    targets = encode_frames(windows.frames, windows.layout, statistics).journey_targets.numpy()
    values = journey_values(targets[..., None], statistics)[..., 0]
    columns = [signal_index(JOURNEY_SIGNALS, name) for name in FORECAST_JOURNEY_SIGNALS]
    np.testing.assert_allclose(values, windows.frames.journeys[..., columns], rtol=1e-3, atol=1e-6)
    for extreme in (-50.0, 50.0):
        good_ratio, latency, error_ratio = journey_values(np.full((1, 3, 2), extreme, np.float32), statistics)[0]
        assert (good_ratio == float(extreme > 0)).all()
        assert ((error_ratio >= 0.0) & (error_ratio <= 1.0)).all()
        assert (latency >= 0.0).all()
