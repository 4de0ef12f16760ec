"""Every kind of fault: what it injects, how strong, for how long."""

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.commands import ClearFault, DelayEdge, KillPods, ScaleWorkload, SetFlag, StressCpu
from envs.demand import estimate_demand, loaded_services
from envs.fault_schedule import FaultSchedule
from envs.faults import FAULTS, fault_family
from envs.faults.fault import LASTING_SECONDS, DurationClass, FaultRequest, Intensity
from ray_configs.errors import UserError

APPLICATION = load_application("small-core")


def draw(kind, *, intensity=Intensity.SEVERE, duration=DurationClass.MEDIUM, seed=0):
    request = FaultRequest(
        fault_id="fault-0",
        application=APPLICATION,
        intensity=intensity,
        duration=duration,
        start_seconds=90.0,
        bucket_seconds=10.0,
    )
    return FAULTS[kind].draw(request, np.random.Generator(np.random.Philox(key=seed)))


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("duration", DurationClass)
def test_a_fault_lasts_as_its_class_says_and_is_cleared(kind, duration):
    for seed in range(20):
        fault = draw(kind, duration=duration, seed=seed)
        shortest, longest = LASTING_SECONDS[duration]
        assert shortest <= fault.end_seconds - fault.start_seconds <= longest
        times = [seconds for seconds, _ in fault.injections]
        assert times == sorted(times)
        assert times[0] == fault.start_seconds == 90.0
        assert times[-1] < fault.end_seconds
        assert all(seconds % 10 == 0 for seconds in [*times, fault.end_seconds])
        assert fault.clearance is not None


@pytest.mark.parametrize(
    ("kind", "strength", "command_type"),
    [
        ("traffic_spike", lambda command: command.multiplier, ScaleWorkload),
        ("cpu_pressure", lambda command: command.load_ratio, StressCpu),
        ("network_delay", lambda command: command.latency_milliseconds, DelayEdge),
        ("pod_kill_loop", lambda command: 1 / command.period_seconds, KillPods),
    ],
)
def test_strength_grows_with_intensity_and_a_slow_burn_grows_by_steps(kind, strength, command_type):
    for seed in range(10):
        faults = [draw(kind, intensity=intensity, seed=seed) for intensity in Intensity]
        assert len({fault.target for fault in faults}) == 1, "one seed, one target"
        strengths = [strength(fault.injections[0][1]) for fault in faults]
        assert strengths == sorted(strengths)
        burn = draw(kind, duration=DurationClass.SLOW_BURN, seed=seed)
        assert all(isinstance(command, command_type) for _, command in burn.injections)
        growth = [strength(command) for _, command in burn.injections]
        assert len(growth) == 4
        assert growth == sorted(growth)
        assert growth[0] < growth[-1]


def test_cpu_pressure_leaves_less_than_the_demand_unless_mild():
    utilisation = dict(zip(APPLICATION.service_names, estimate_demand(APPLICATION).utilisation, strict=True))
    for seed in range(20):
        for intensity, overloads in ((Intensity.MILD, False), (Intensity.SEVERE, True)):
            fault = draw("cpu_pressure", intensity=intensity, seed=seed)
            left = 1.0 - fault.injections[0][1].load_ratio
            assert bool(utilisation[fault.target] > left) is overloads


def test_targets_vary_and_never_include_the_load_generator():
    for kind in ("cpu_pressure", "pod_kill_loop", "network_delay"):
        targets = {draw(kind, seed=seed).target for seed in range(60)}
        assert len(targets) > 4
        assert not any("load-generator" in target for target in targets)


def test_bad_config_is_live_for_the_share_of_time_that_its_intensity_says():
    for intensity, share in ((Intensity.MILD, 1 / 3), (Intensity.VISIBLE, 2 / 3), (Intensity.SEVERE, 1.0)):
        fault = draw("bad_config", intensity=intensity)
        flag = APPLICATION.flag(fault.injections[0][1].flag)
        assert fault.clearance == SetFlag(flag=flag.name, variant=flag.good_variant)
        times = np.arange(fault.start_seconds, fault.start_seconds + 90.0, 10.0)
        live = [
            [command.variant for seconds, command in fault.injections if seconds <= time][-1] == flag.bad_variant
            for time in times
        ]
        assert np.mean(live) == pytest.approx(share)


def test_a_roll_back_voids_what_is_left_of_a_bad_config_but_not_of_one_to_come():
    fault = draw("bad_config", intensity=Intensity.VISIBLE)
    flag = APPLICATION.flag(fault.injections[0][1].flag)
    roll_back = SetFlag(flag=flag.name, variant=flag.good_variant)
    schedule = FaultSchedule(2)
    for stand in range(2):
        schedule.load(stand, [fault])
    schedule.heal(0, roll_back)
    assert schedule.num_injections_left[0] == len(fault.injections), "nothing has begun: nothing is healed"
    assert [event.command for event in schedule.pop_due(0, 90.0)] == [fault.injections[0][1]]
    schedule.heal(0, roll_back)
    assert schedule.num_injections_left.tolist() == [0, len(fault.injections)]
    remaining = schedule.pop_due(0, 1e9)
    assert [event.is_clearance for event in remaining] == [True]


def test_a_schedule_taken_over_is_independent():
    fault = draw("cpu_pressure", duration=DurationClass.SLOW_BURN)
    schedule = FaultSchedule(1)
    schedule.load(0, [fault])
    schedule.pop_due(0, fault.start_seconds)
    copies = schedule.take([0, 0])
    commands = [event.command for event in copies.pop_due(0, 1e9)]
    assert commands[-1] == ClearFault(fault_id="fault-0")
    assert len(commands) == len(fault.injections)
    assert np.isinf(copies.next_seconds[0])
    assert schedule.next_seconds[0] == copies.next_seconds[1] == fault.injections[1][0]


def test_demand_follows_the_calls():
    demand = estimate_demand(APPLICATION)
    edges = {(edge.source, edge.target): position for position, edge in enumerate(APPLICATION.edges)}
    checkout = APPLICATION.journey_names.index("checkout")
    view_cart = APPLICATION.journey_names.index("view_cart")
    assert demand.edge_calls[checkout, edges["frontend", "checkout"]] == pytest.approx(1.0)
    assert demand.edge_calls[view_cart, edges["frontend", "cart"]] == pytest.approx(1.0)
    assert demand.edge_calls[view_cart, edges["frontend", "checkout"]] == 0.0
    assert demand.journey_weights.sum() == pytest.approx(1.0)
    assert set(loaded_services(APPLICATION)) == set(APPLICATION.service_names) - {"load-generator", "flagd"}


def test_an_unknown_fault_is_refused():
    with pytest.raises(UserError, match="no fault 'meteor'; choose one of traffic_spike"):
        fault_family("meteor")
