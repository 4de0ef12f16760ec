"""How replicas come, go, start cold and carry stress."""

import numpy as np
import pytest

from clusters.commands import (
    CheckStatus,
    ClearFault,
    CommandStatus,
    KillPods,
    Restart,
    Scale,
    ScaleWorkload,
    SetResources,
    StressCpu,
)
from clusters.simulated.parameters import COLD_SECONDS, TICK_SECONDS
from clusters.simulated.replicas import capacity
from clusters.simulated.stands import SimulatedStands
from tests.stands import APPLICATION, NOMINAL_RPS, journey, node, running


def ready_by_tick(stands: SimulatedStands, service: str, ticks: int) -> list[float]:
    """Ready replicas of the first stand in each of the next ticks, the mean over the tick."""
    s = stands._graph.service_index[service]
    counts = []
    for _ in range(ticks):
        stands.advance(TICK_SECONDS)
        counts.append(round(float(stands._work.capacity.now.ready[s, 0]), 3))
    return counts


def cpu_ms(stands: SimulatedStands, service: str) -> float:
    """CPU milliseconds per second that the first stand's service can give to requests."""
    return float(capacity(stands._graph, stands._state).cpu_ms[stands._graph.service_index[service], 0])


def test_a_new_replica_takes_its_startup_time_and_is_cold_at_first() -> None:
    stands = running(1)
    startup = APPLICATION.service("checkout").startup_seconds
    before = cpu_ms(stands, "checkout")
    stands.apply(0, Scale(service="checkout", replicas=2))
    assert startup == 6.0
    assert ready_by_tick(stands, "checkout", 2) == [1.4, 2.0], "ready for the last 4 of the first 10 seconds"
    assert before < cpu_ms(stands, "checkout") < 2.0 * before
    stands.advance(COLD_SECONDS)
    assert cpu_ms(stands, "checkout") == pytest.approx(2.0 * before)
    assert not stands._work.capacity.is_timed.any(), "nothing is left to wait for"


def test_scaling_down_is_at_once_and_takes_the_youngest_first() -> None:
    stands = running(1)
    stands.apply(0, Scale(service="frontend", replicas=4))
    stands.advance(TICK_SECONDS)
    receipt = stands.apply(0, Scale(service="frontend", replicas=2))
    assert receipt.postcheck_status is CheckStatus.PASSED, "the two that were not ready are gone, the old two stay"
    assert ready_by_tick(stands, "frontend", 3) == [2.0, 2.0, 2.0]


def test_a_service_scaled_to_zero_fails_its_callers_and_comes_back() -> None:
    stands = running(1)
    stands.apply(0, Scale(service="cart", replicas=0))
    stands.advance(30.0)
    window = stands.observe(10.0, 10.0)
    assert node(window, "cart", "error_ratio")[0] == pytest.approx(1.0)
    assert node(window, "cart", "cpu_usage_millicores")[0] == pytest.approx(0.0)
    assert stands.apply(0, Restart(service="cart")).status is CommandStatus.REJECTED
    stands.apply(0, Scale(service="cart", replicas=2))
    stands.advance(60.0)
    assert node(stands.observe(10.0, 10.0), "cart", "error_ratio")[0] < 0.01


def test_a_roll_out_replaces_one_replica_after_the_other() -> None:
    stands = running(1)
    stands.apply(0, Scale(service="quote", replicas=3))
    stands.advance(60.0)
    receipt = stands.apply(0, Restart(service="quote"))
    assert receipt.postcheck_status is CheckStatus.PENDING
    ready = ready_by_tick(stands, "quote", 9)
    assert min(ready) >= 2.0, "one at a time"
    missing = TICK_SECONDS * sum(3.0 - count for count in ready)
    assert missing == pytest.approx(3.0 * APPLICATION.service("quote").startup_seconds, abs=0.1)
    assert stands.verify(0, receipt).postcheck_status is CheckStatus.PASSED


def test_a_cpu_limit_reaches_the_replicas_by_a_roll_out() -> None:
    stands = running(1)
    limit = APPLICATION.service("frontend").cpu_limit_millicores
    stands.apply(0, SetResources(service="frontend", cpu_limit_millicores=2.0 * limit))
    stands.advance(10.0)
    half = node(stands.observe(10.0, 10.0), "frontend", "cpu_limit_millicores")[0, 0]
    assert half == 1.5 * limit
    stands.advance(60.0)
    assert node(stands.observe(10.0, 10.0), "frontend", "cpu_limit_millicores")[0, 0] == 2.0 * limit
    assert cpu_ms(stands, "frontend") == pytest.approx(4.0 * limit)


def test_a_postcheck_fails_once_another_command_has_overruled_it() -> None:
    stands = running(1)
    receipt = stands.apply(0, Scale(service="quote", replicas=3))
    stands.apply(0, Scale(service="quote", replicas=2))
    stands.advance(60.0)
    assert stands.verify(0, receipt).postcheck_status is CheckStatus.FAILED


def test_stress_stays_on_the_replicas_that_were_there_when_it_came() -> None:
    stands = running(1)
    healthy = cpu_ms(stands, "cart")
    stands.apply(0, StressCpu(fault_id="s", service="cart", load_ratio=0.5))
    assert cpu_ms(stands, "cart") == pytest.approx(0.5 * healthy)
    stands.apply(0, Scale(service="cart", replicas=3))
    stands.advance(60.0)
    assert cpu_ms(stands, "cart") == pytest.approx(1.0 * healthy), "two halves and a whole"
    stands.apply(0, Restart(service="cart"))
    stands.advance(120.0)
    assert cpu_ms(stands, "cart") == pytest.approx(1.5 * healthy)
    growth = StressCpu(fault_id="s", service="cart", load_ratio=0.9)
    assert stands.apply(0, growth).postcheck_status is CheckStatus.FAILED, "no replica carries it any more"
    assert cpu_ms(stands, "cart") == pytest.approx(1.5 * healthy)


def test_the_strongest_stress_counts_and_clearing_one_leaves_the_other() -> None:
    stands = running(1)
    healthy = cpu_ms(stands, "payment")
    for fault_id, load in (("a", 0.3), ("b", 0.8)):
        stands.apply(0, StressCpu(fault_id=fault_id, service="payment", load_ratio=load))
    assert cpu_ms(stands, "payment") == pytest.approx(0.2 * healthy)
    stands.apply(0, ClearFault(fault_id="b"))
    assert cpu_ms(stands, "payment") == pytest.approx(0.7 * healthy)
    stands.apply(0, ClearFault(fault_id="a"))
    assert cpu_ms(stands, "payment") == pytest.approx(healthy)


def test_a_kill_loop_kills_one_ready_replica_per_period_until_cleared() -> None:
    stands = running(1)
    stands.apply(0, KillPods(fault_id="k", service="frontend", period_seconds=30.0))
    ready = ready_by_tick(stands, "frontend", 9)
    missing = TICK_SECONDS * sum(2.0 - count for count in ready)
    assert missing == pytest.approx(3.0 * APPLICATION.service("frontend").startup_seconds, abs=0.1)
    assert min(ready) == 1.0
    window = stands.observe(90.0, 10.0)
    assert node(window, "frontend", "restarts").sum() == 3.0
    stands.apply(0, ClearFault(fault_id="k"))
    assert set(ready_by_tick(stands, "frontend", 6)) == {2.0}


def test_requests_in_flight_die_with_their_replica() -> None:
    stands = running(1)
    stands.apply(0, ScaleWorkload(multiplier=2.2))
    stands.advance(20.0)
    s = stands._graph.service_index["frontend"]
    before = float(stands._state.backlog[s, 0])
    assert before > 100.0
    errors = journey(stands.observe(10.0, 10.0), "browse", "error_ratio")[0, 0]
    stands.apply(0, KillPods(fault_id="k", service="frontend", period_seconds=1000.0))
    stands.advance(10.0)
    after = journey(stands.observe(10.0, 10.0), "browse", "error_ratio")[0, 0]
    assert after > errors + 0.4 * before / (10.0 * 2.2 * NOMINAL_RPS), "half of them were in the replica that died"
    assert stands._state.lost.max() == 0.0, "they are counted once"


def test_which_replica_is_killed_is_drawn() -> None:
    stands = running(20)
    for n in range(20):
        stands.apply(n, KillPods(fault_id="k", service="frontend", period_seconds=100.0))
    stands.advance(TICK_SECONDS)
    starting = stands._state.timer[:2, stands._graph.service_index["frontend"], :] > COLD_SECONDS
    assert (starting.sum(axis=0) == 1).all()
    assert 3 <= np.count_nonzero(starting[0]) <= 17
