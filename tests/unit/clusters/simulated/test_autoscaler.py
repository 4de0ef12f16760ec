"""Autoscalers as Kubernetes runs them: the formula, the tolerance, starting replicas, and patience downwards."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.commands import CheckStatus, CommandStatus, SetAutoscaler, SetGroup
from clusters.simulated.autoscaler import PERIOD_SECONDS, advance_autoscalers
from clusters.simulated.kernels.scaling import SCALE_DOWN_SECONDS
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.streams.pod_events import PodEventReason
from tests.stands import APPLICATION, running, scenario

PERIOD_TICKS = round(PERIOD_SECONDS / TICK_SECONDS)


def autoscaler(service: str = "cart", target: float | None = 0.5, low: int = 1, high: int = 6) -> SetAutoscaler:
    return SetAutoscaler(service=service, target_utilisation=target, min_replicas=low, max_replicas=high)


class Bench:
    """One service with an autoscaler of target 0.5 and a request of 100 millicores, outside of any dynamics."""

    def __init__(self, *, replicas: int, num_stands: int = 1, application=APPLICATION, **bounds: int) -> None:
        self.stands = SimulatedStands(application, num_stands)
        self.stands.reset(range(num_stands), [scenario()] * num_stands, range(num_stands))
        self.state, self.graph, self.events = self.stands._state, self.stands._graph, self.stands._events
        self.s = self.graph.service_index["cart"]
        for n in range(num_stands):
            self.stands.apply(n, autoscaler(**bounds))
        self.state.tick[:] = 100 * PERIOD_TICKS
        self.state.scaler_hold[:] = self.state.tick + SCALE_DOWN_SECONDS / TICK_SECONDS
        self.state.cpu_request[self.s] = 100.0
        self.state.desired_replicas[self.s] = replicas
        self.state.present[:, self.s] = np.arange(self.graph.num_slots)[:, None] < replicas

    def period(self, millicores, *, ready: float | None = None) -> list[int]:
        """Replicas wanted after the next period, if the service uses so much CPU."""
        self.state.scaler_usage[self.s] = millicores
        count = self.state.desired_replicas.astype(np.float64)
        if ready is not None:
            count[self.s] = ready
        self.changed = advance_autoscalers(self.graph, self.state, count, self.events.on(np.arange(len(count[0]))))
        self.state.tick += PERIOD_TICKS
        return self.state.desired_replicas[self.s].tolist()


@pytest.mark.parametrize(
    ("millicores", "wanted"),
    [
        (100.0, 2),  # exactly the target
        (109.0, 2),  # within the tolerance
        (111.0, 3),  # ceil(2.22)
        (150.0, 3),  # exactly three
        (151.0, 4),
        (290.0, 6),  # ceil(5.8)
        (900.0, 6),  # the upper bound
    ],
)
def test_the_count_follows_use_over_target(millicores: float, wanted: int) -> None:
    bench = Bench(replicas=2)
    assert bench.period(millicores) == [wanted]
    assert bench.state.present[:, bench.s, 0].sum() == wanted
    assert bench.changed is (wanted != 2)


def test_nothing_happens_between_periods() -> None:
    bench = Bench(replicas=2)
    bench.state.tick += 1
    assert bench.period(900.0) == [2]


def test_replicas_that_still_start_count_as_idle_on_the_way_up() -> None:
    assert Bench(replicas=4).period(210.0, ready=2.0) == [4], "210 over 4 x 50 is within the tolerance"
    assert Bench(replicas=4).period(150.0, ready=2.0) == [4], "it would turn the direction"
    assert Bench(replicas=4).period(260.0, ready=2.0) == [6]
    assert Bench(replicas=3).period(400.0, ready=0.0) == [3], "none is ready: nothing is known"


def test_scaling_down_waits_until_every_recommendation_of_five_minutes_was_lower() -> None:
    bench = Bench(replicas=4)
    num_periods = round(SCALE_DOWN_SECONDS / PERIOD_SECONDS)
    assert [bench.period(60.0)[0] for _ in range(num_periods - 1)] == [4] * (num_periods - 1)
    assert bench.period(200.0) == [4], "one that is as high begins the wait anew"
    assert [bench.period(60.0)[0] for _ in range(num_periods - 1)] == [4] * (num_periods - 1)
    assert bench.period(60.0) == [2]
    assert bench.state.present[:, bench.s, 0].sum() == 2


def test_a_count_out_of_bounds_is_brought_into_them_at_the_next_period() -> None:
    assert Bench(replicas=5, high=3).period(250.0) == [3]
    assert Bench(replicas=1, low=3).period(50.0) == [3]


def test_growth_is_bounded_per_period() -> None:
    assert Bench(replicas=1).period(500.0) == [5]


def test_a_service_at_zero_is_paused() -> None:
    assert Bench(replicas=0).period(500.0) == [0]


def test_every_replica_that_comes_or_goes_is_an_event_of_its_stand() -> None:
    bench = Bench(replicas=2, num_stands=2)
    bench.period(np.array([100.0, 190.0]))
    assert not len(bench.events.between(0, 0, 10**6).tick)
    told = bench.events.between(1, 0, 10**6)
    assert list(zip(told.reason, told.number, strict=True)) == [
        (PodEventReason.SCALING_REPLICA_SET, 2),
        (PodEventReason.STARTED, 2),
    ]
    assert set(told.service) == {bench.s}


def test_stands_do_not_touch_each_other() -> None:
    bench = Bench(replicas=2, num_stands=4)
    bench.state.scaler_target[bench.s, 3] = np.nan
    assert bench.period(np.array([100.0, 150.0, 900.0, 900.0])) == [2, 3, 6, 2]


def test_the_namespaces_quota_bounds_an_autoscaler_too() -> None:
    cpu = sum(s.replicas * s.cpu_limit_millicores for s in APPLICATION.services if s.name != "load-generator")
    tight = replace(APPLICATION, cpu_quota_millicores=cpu + 1.5 * APPLICATION.service("cart").cpu_limit_millicores)
    assert Bench(replicas=2, application=tight).period(300.0) == [3]


def test_setting_it_again_is_already_there_and_removing_it_leaves_the_replicas() -> None:
    stands = running(1)
    s = stands._graph.service_index["cart"]
    assert stands.apply(0, autoscaler(target=None)).status is CommandStatus.ALREADY_THERE
    receipt = stands.apply(0, autoscaler(target=0.7))
    assert (receipt.status, receipt.postcheck_status) == (CommandStatus.APPLIED, CheckStatus.PASSED)
    assert stands.apply(0, autoscaler(target=0.7)).status is CommandStatus.ALREADY_THERE
    assert stands.apply(0, autoscaler(target=0.7, high=5)).status is CommandStatus.APPLIED
    assert stands.verify(0, receipt).postcheck_status is CheckStatus.PASSED, "a settled receipt is not asked again"
    stands._state.desired_replicas[s, 0] = 4
    assert stands.apply(0, autoscaler(target=None)).status is CommandStatus.APPLIED
    assert stands._state.desired_replicas[s, 0] == 4
    assert np.isnan(stands._state.scaler_target[s, 0])


@pytest.mark.parametrize(
    ("command", "status", "named"),
    [
        (autoscaler(target=-0.5), CommandStatus.REJECTED, "above 0"),
        (autoscaler(target=float("nan")), CommandStatus.REJECTED, "above 0"),
        (autoscaler(low=0), CommandStatus.REJECTED, "at least 1"),
        (autoscaler(low=4, high=3), CommandStatus.REJECTED, "4 to 3"),
        (autoscaler(high=7), CommandStatus.QUOTA_EXCEEDED, "quota of 6"),
        (autoscaler("postgresql", high=2), CommandStatus.QUOTA_EXCEEDED, "quota of 1"),
        (autoscaler("load-generator", high=1), CommandStatus.REJECTED, "scenario"),
    ],
)
def test_impossible_autoscalers_are_refused(command: SetAutoscaler, status: CommandStatus, named: str) -> None:
    stands = running(1)
    receipt = stands.apply(0, command)
    assert receipt.status is status
    assert named in receipt.message
    assert np.isnan(stands._state.scaler_target).all()


def test_an_autoscaler_of_a_group_that_is_off_rests() -> None:
    stands = running(1)
    s = stands._graph.service_index["recommendation"]
    stands.apply(0, autoscaler("recommendation"))
    stands.apply(0, SetGroup(group="recommendations", enabled=False))
    stands._state.tick[:] = 0
    count = stands._state.desired_replicas * 1.0
    assert not advance_autoscalers(stands._graph, stands._state, count, stands._events.on(np.arange(1)))
    assert stands._state.desired_replicas[s, 0] == 0
