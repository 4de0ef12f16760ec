"""Runs as a whole: seeds, changes, traces, histograms."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.reference.layout import NUM_BINS
from clusters.reference.meters import latency_bin
from clusters.reference.parameters import Change
from clusters.reference.run import quantile
from clusters.topology import Call
from tests.unit.clusters.reference.tiny import chain, load, parameters, play, service

PAIR = chain(
    service("front", calls=(Call(operation="back.serve", count=2.0, timeout_seconds=5.0),)), service("back", cpu_ms=4.0)
)


def test_equal_seeds_are_equal_and_others_are_not() -> None:
    first, again, other = (play(PAIR, load(50.0), 200.0, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.present, again.present)
    np.testing.assert_array_equal(first.request_bins, again.request_bins)
    assert not np.array_equal(first.arrivals, other.arrivals)


def test_a_killed_service_loses_what_it_had_and_refuses_until_it_is_back() -> None:
    workload = load(90.0, 90.0, 90.0, 0.0)
    healthy = replace(parameters(PAIR, workload), added_seconds=np.array([0.0, 0.1]))
    gone = np.array([0.0, 0.0, 1.0])
    dead = replace(
        healthy,
        is_open=np.array([True, True, False]),
        cpu_servers=healthy.cpu_servers * (1 - gone),
        workers=healthy.workers * (1 - gone),
    )
    changes = (Change(at_seconds=100.0, parameters=dead, lost_share=gone), Change(at_seconds=200.0, parameters=healthy))
    run = play(PAIR, workload, 400.0, start=healthy, changes=changes)
    assert run.lost[:, 2].sum() > 5
    assert run.present[10:20, 2].max() < 1e-9
    assert run.failed[11:20].sum() == run.answered[11:20].sum() > 0
    assert run.failed[21:30].sum() == 0
    assert run.arrivals.sum() == run.completions.sum() + run.refused.sum() + run.lost.sum()
    assert run.planned.sum() == run.answered.sum()


def test_half_the_speed_doubles_the_work_under_way() -> None:
    workload = load(40.0, step_seconds=4000.0)
    healthy = parameters(PAIR, workload)
    slow = replace(healthy, speed=healthy.speed * np.array([1.0, 0.5, 1.0]))
    run = play(PAIR, workload, 4000.0, changes=(Change(at_seconds=2000.0, parameters=slow),))
    assert run.computing[5:200, 1].mean() == pytest.approx(0.4 / 0.6, rel=0.08)
    assert run.computing[205:, 1].mean() == pytest.approx(0.8 / 0.2, rel=0.15)


def test_more_requests_than_there_is_room_for_at_first_are_played_all_the_same() -> None:
    application = chain(service("only", workers=40_000))
    run = play(application, load(400.0, 0.0, step_seconds=50.0), 300.0)
    assert run.present.max() > 12_000
    assert run.completions.sum() == run.arrivals.sum()


def test_a_sampled_trace_has_every_execution_inside_its_callers() -> None:
    run = play(PAIR, load(20.0, 0.0), 200.0, traced_share=0.25)
    traces, ids, parents, operations, errors = run.spans.T
    assert len(set(traces)) == pytest.approx(0.25 * run.answered.sum(), rel=0.2)
    assert len(set(ids)) == len(ids)
    assert (np.bincount(traces)[1:] == 3).all()
    assert not errors.any()
    place = {span: k for k, span in enumerate(ids)}
    for k in np.flatnonzero(operations == 1):
        parent = place[parents[k]]
        assert traces[parent] == traces[k]
        assert operations[parent] == 0
        assert run.span_seconds[parent, 0] < run.span_seconds[k, 0] < run.span_seconds[k, 1]
        assert run.span_seconds[k, 1] <= run.span_seconds[parent, 1]
    assert (parents[operations == 0] == 0).all()


def test_a_histogram_knows_the_quantiles_of_what_went_into_it() -> None:
    samples = np.random.default_rng(0).exponential(0.02, 200_000)
    bins = np.bincount([latency_bin(x) for x in samples], minlength=NUM_BINS)
    assert quantile(bins, 0.95) == pytest.approx(np.quantile(samples, 0.95), rel=0.003)
    assert quantile(bins, 0.5) == pytest.approx(np.quantile(samples, 0.5), rel=0.003)
    assert np.isnan(quantile(np.zeros((2, NUM_BINS), dtype=np.int64), 0.95)).all()


def test_changes_out_of_order_and_broken_buckets_are_refused() -> None:
    workload = load(10.0)
    start = parameters(PAIR, workload)
    changes = tuple(Change(at_seconds=at, parameters=start) for at in (20.0, 10.0))
    with pytest.raises(ValueError, match="out of order"):
        play(PAIR, workload, 100.0, changes=changes)
    with pytest.raises(ValueError, match="whole buckets"):
        play(PAIR, workload, 95.0)


@pytest.mark.parametrize("name", ["small-core", "async-store", "review-store"])
def test_an_application_serves_its_users_at_the_nominal_rate(name: str) -> None:
    application = load_application(name)
    weights = np.array([request.weight for request in application.request_types])
    workload = replace(load(application.nominal_rate_rps), mix=tuple(weights / weights.sum()))
    run = play(application, workload, 100.0)
    assert run.failed.sum() < 0.01 * run.answered.sum()
    assert run.answered.sum() > 90 * application.nominal_rate_rps
