"""What becomes of calls: timeouts, retries, losses, messages, refusals; and that nothing gets lost on the way."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.reference.layout import CHANNEL_ATTEMPTS, CHANNEL_DONE, CHANNEL_RETRIES
from clusters.reference.run import ReferenceRun
from clusters.topology import Call
from tests.unit.clusters.reference.tiny import chain, load, parameters, play, service

TIMEOUT = 0.5


def caller(*, retries: int = 0, required: bool = True, asynchronous: bool = False, count: float = 1.0) -> Call:
    return Call(
        operation="back.serve",
        timeout_seconds=2 * TIMEOUT if asynchronous else TIMEOUT,
        max_retries=retries,
        required=required,
        asynchronous=asynchronous,
        count=count,
    )


def to_the_back(run: ReferenceRun) -> np.ndarray:
    """[5] sums of the channel from front to back; the other one is the users'."""
    by_channel = run.channels.sum(axis=0)
    return by_channel[np.argmax(by_channel[:, CHANNEL_RETRIES])]


def test_a_callee_that_is_too_slow_doubles_its_own_load() -> None:
    application = chain(service("front", calls=(caller(retries=1),)), service("back"))
    workload = load(20.0, 0.0)
    start = replace(parameters(application, workload), added_seconds=np.array([0.0, 2.0]))
    run = play(application, workload, 200.0, start=start)
    assert run.arrivals[:, 1].sum() == 2 * run.arrivals[:, 0].sum()
    assert run.completions[:, 1].sum() == run.arrivals[:, 1].sum(), "the callee carries on"
    assert run.failed.sum() == run.answered.sum() == run.arrivals[:, 0].sum()
    assert run.user_seconds.sum() / run.answered.sum() == pytest.approx(2 * TIMEOUT + 0.013, abs=0.002)
    assert run.latency_seconds[:, 1].sum() / run.completions[:, 1].sum() == pytest.approx(2.0167, abs=0.003)


def test_losses_are_retried_and_cost_a_timeout_each() -> None:
    loss, retries = 0.3, 2
    application = chain(service("front", calls=(caller(retries=retries),)), service("back"))
    workload = load(20.0, 0.0, step_seconds=2000.0)
    start = parameters(application, workload)
    edge = start.delay_seconds * 0.0
    edge[int(np.argmax(start.retries))] = loss
    run = play(application, workload, 2_100.0, start=replace(start, loss=edge))
    attempts = to_the_back(run)
    users = run.answered.sum()
    assert attempts[CHANNEL_ATTEMPTS] / users == pytest.approx(1 + loss + loss**2, rel=0.02)
    assert attempts[CHANNEL_RETRIES] == attempts[CHANNEL_ATTEMPTS] - users
    assert run.failed.sum() / users == pytest.approx(loss**3, rel=0.1)
    assert run.arrivals[:, 1].sum() / users == pytest.approx((1 - loss) * (1 + loss + loss**2), rel=0.02)


@pytest.mark.parametrize("required", [True, False])
def test_a_failing_call_fails_its_caller_only_where_it_is_required(required: bool) -> None:
    application = chain(service("front", calls=(caller(required=required, count=2.0),)), service("back"))
    workload = load(20.0, 0.0)
    start = replace(parameters(application, workload), own_error_ratio=np.array([0.0, 1.0]))
    run = play(application, workload, 200.0, start=start)
    assert run.failed.sum() == (run.answered.sum() if required else 0)
    assert run.arrivals[:, 1].sum() == run.arrivals[:, 0].sum() * (1 if required else 2)


def test_messages_wait_without_bound_and_keep_nobody_waiting() -> None:
    application = chain(service("front", calls=(caller(asynchronous=True, count=2.0),)), service("back", workers=4))
    run = play(application, load(70.0), 200.0)
    served = 1000.0 / 10.0
    lag = run.waiting[:, 2]
    assert lag[-1] == pytest.approx((2 * 70.0 - served) * 195.0, rel=0.05)
    assert run.refused.sum() == 0
    assert run.user_seconds.sum() / run.answered.sum() < 0.05


def test_a_fraction_of_a_call_is_a_chance() -> None:
    run = play(chain(service("front", calls=(caller(count=1.3),)), service("back")), load(30.0), 2000.0)
    assert run.arrivals[:, 1].sum() / run.arrivals[:, 0].sum() == pytest.approx(1.3, rel=0.01)


def test_nothing_gets_lost() -> None:
    calls = (caller(retries=1), caller(required=False), caller(asynchronous=True))
    application = chain(service("front", calls=calls, workers=8), service("back", workers=4))
    workload = load(60.0, 0.0)
    start = parameters(application, workload)
    start = replace(start, loss=np.full_like(start.loss, 0.05), own_error_ratio=np.array([0.01, 0.1]))
    run = play(application, workload, 400.0, start=start)
    assert run.refused.sum() > 100
    assert run.arrivals.sum() == run.completions.sum() + run.refused.sum()
    assert run.planned.sum() == run.answered.sum()
    assert run.present[-1].sum() == 0.0
    is_answered = run.channels[..., CHANNEL_DONE].sum(axis=0) > 0
    attempts = run.channels[..., CHANNEL_ATTEMPTS].sum(axis=0)
    assert (run.channels[..., CHANNEL_DONE].sum(axis=0) == attempts)[is_answered].all()


def test_the_entry_admits_what_the_limit_allows() -> None:
    application = chain(service("only"))
    workload = load(80.0)
    start = replace(parameters(application, workload), rate_limit_rps=50.0, shape=np.array([0.9]))
    run = play(application, workload, 1000.0, start=start)
    assert run.held_back.sum() / run.planned.sum() == pytest.approx(0.1, abs=0.01)
    assert run.answered.sum() / 1000.0 == pytest.approx(50.0, rel=0.02)
    assert run.planned.sum() - run.held_back.sum() - run.rate_limited.sum() == pytest.approx(run.answered.sum(), abs=20)


def test_a_service_refuses_what_exceeds_its_own_rate() -> None:
    application = chain(service("only"))
    workload = load(80.0)
    start = parameters(application, workload)
    start = replace(start, max_rate_rps=np.array([np.inf, 20.0]))
    run = play(application, workload, 1000.0, start=start)
    assert run.completions.sum() / 1000.0 == pytest.approx(20.0, rel=0.02)
    assert run.failed.sum() == pytest.approx(run.refused.sum(), abs=2)
