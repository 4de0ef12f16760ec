"""Every kind of fault: what it injects, how strong, for how long."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.commands import (
    ClearFault,
    DelayEdge,
    KillPods,
    LeakMemory,
    LosePackets,
    ScaleWorkload,
    SetFlag,
    ShiftTraffic,
    SlowService,
    StressCpu,
    StressMemory,
)
from clusters.topology import Release, ReleaseEffect, ServiceKind
from envs.demand import edge_exposures, edge_uses, estimate_demand, loaded_services, utilisations
from envs.faults import FAULTS, fault_family
from envs.faults.bad_config import adds_retries
from envs.faults.courses import LASTING_SECONDS
from envs.faults.fault import DURATIONS, INTENSITIES, DurationClass, FaultRequests, Intensity
from envs.faults.release_rollout import ReleaseKind, release_kind
from ray_configs.errors import UserError
from tests.scenario_draws import draw_fault, draw_faults
from tests.schedules import popped, schedule_of

APPLICATION = load_application("small-core")
ROLLOUTS = tuple(kind.value for kind in ReleaseKind)
POSSIBLE = tuple(kind for kind in FAULTS if FAULTS[kind].targets(APPLICATION))
BINARY = ("partition", "cache_outage", "database_outage", "wrong_port")


def draw(kind, *, intensity=Intensity.SEVERE, duration=DurationClass.MEDIUM, seed=0, application=APPLICATION):
    return draw_fault(kind, application, intensity=intensity, duration=duration, start_seconds=90.0, seed=seed)


@pytest.mark.parametrize("kind", [kind for kind in POSSIBLE if kind not in ROLLOUTS])
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
        ("restart_loop", lambda command: 1 / command.period_seconds, KillPods),
        ("memory_pressure", lambda command: command.load_ratio, StressMemory),
        ("memory_leak", lambda command: command.bytes_per_second, LeakMemory),
        ("packet_loss", lambda command: command.loss_ratio, LosePackets),
        ("dependency_slowdown", lambda command: command.latency_milliseconds, SlowService),
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
    kinds = ("cpu_pressure", "restart_loop", "network_delay", "memory_leak", "packet_loss", "partition", "wrong_port")
    for kind in kinds:
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
    schedule = schedule_of([fault], [fault])
    schedule.heal(0, roll_back)
    assert schedule.num_injections_left[0] == len(fault.injections), "nothing has begun: nothing is healed"
    assert popped(schedule, 0, 90.0) == [fault.injections[0][1]]
    schedule.heal(0, roll_back)
    assert schedule.num_injections_left.tolist() == [0, len(fault.injections)]
    assert popped(schedule, 0, 1e9) == [fault.clearance]


def test_a_schedule_taken_over_is_independent():
    fault = draw("cpu_pressure", duration=DurationClass.SLOW_BURN)
    schedule = schedule_of([fault])
    popped(schedule, 0, fault.start_seconds)
    copies = schedule.take([0, 0])
    commands = popped(copies, 0, 1e9)
    assert commands[-1] == ClearFault(fault_id="fault-0")
    assert len(commands) == len(fault.injections)
    assert np.isinf(copies.next_seconds[0])
    assert schedule.next_seconds[0] == copies.next_seconds[1] == fault.injections[1][0]


@pytest.mark.parametrize("name", ("medium-store", "async-store"))
@pytest.mark.parametrize("kind", FAULTS)
def test_faults_drawn_together_are_those_drawn_one_by_one(name, kind):
    application = load_application(name)
    if not FAULTS[kind].targets(application):
        pytest.skip(f"{name} cannot have it")
    cases = list(enumerate(product(range(len(INTENSITIES)), range(len(DURATIONS)), (0.0, 40.0, 90.0))))
    requests = FaultRequests(
        application=application,
        intensity=np.array([intensity for _, (intensity, _, _) in cases]),
        duration=np.array([duration for _, (_, duration, _) in cases]),
        start_seconds=np.array([start for _, (_, _, start) in cases]),
        bucket_seconds=10.0,
    )
    assert draw_faults(kind, requests, [seed for seed, _ in cases]) == [
        draw_fault(
            kind,
            application,
            intensity=INTENSITIES[intensity],
            duration=DURATIONS[duration],
            start_seconds=start,
            seed=seed,
        )
        for seed, (intensity, duration, start) in cases
    ]


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


def test_nobody_waits_for_messages_so_no_network_fault_strikes_them():
    store = load_application("async-store")
    demand = estimate_demand(store)
    edges = {(edge.source, edge.target): position for position, edge in enumerate(store.edges)}
    messages = {
        (service.name, call.operation.partition(".")[0])
        for service in store.services
        for operation in service.operations
        for call in operation.calls
        if call.asynchronous
    }
    assert messages
    for edge in messages:
        assert demand.edge_calls[:, edges[edge]].max() > 0.0
        assert demand.waited_calls[:, edges[edge]].max() == 0.0
    assert not messages & set(edge_exposures(store))
    assert set(edge_uses(store)) == set(edge_exposures(store))
    small = estimate_demand(APPLICATION)
    assert (small.edge_calls == small.waited_calls).all()


def test_what_is_computed_of_an_application_is_of_that_very_application():
    busier = replace(APPLICATION, nominal_rate_rps=2 * APPLICATION.nominal_rate_rps)
    assert utilisations(busier)["frontend"] == pytest.approx(2 * utilisations(APPLICATION)["frontend"])
    assert utilisations(APPLICATION) is utilisations(APPLICATION)
    many = [utilisations(replace(APPLICATION, nominal_rate_rps=float(rate)))["frontend"] for rate in range(1, 70)]
    assert many == sorted(many), "none is forgotten or mistaken for another, however many there are"


def test_an_unknown_fault_is_refused():
    with pytest.raises(UserError, match="no fault 'meteor'; choose one of traffic_spike"):
        fault_family("meteor")


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_application_can_have_every_fault_but_a_broker_that_it_lacks(name):
    application = load_application(name)
    has_queue = any(service.kind is ServiceKind.QUEUE for service in application.services)
    impossible = {kind for kind in FAULTS if not FAULTS[kind].targets(application)}
    assert impossible == (set() if has_queue else {"queue_outage"})


@pytest.mark.parametrize("kind", BINARY)
def test_a_fault_that_is_there_or_not_is_there_for_a_share_of_the_time(kind):
    for intensity, share in ((Intensity.MILD, 1 / 6), (Intensity.VISIBLE, 1 / 2), (Intensity.SEVERE, 1.0)):
        fault = draw(kind, intensity=intensity)
        times = np.arange(fault.start_seconds, fault.start_seconds + 120.0, 10.0)
        there = [
            not isinstance([command for seconds, command in fault.injections if seconds <= time][-1], ClearFault)
            for time in times
        ]
        assert np.mean(there) == pytest.approx(share)


def test_a_slow_burn_of_a_fault_that_is_there_or_not_comes_for_longer_each_time_until_it_stays():
    for seed in range(10):
        fault = draw("partition", duration=DurationClass.SLOW_BURN, seed=seed)
        assert [isinstance(command, ClearFault) for _, command in fault.injections] == [
            turn % 2 == 1 for turn in range(len(fault.injections))
        ]
        times = [seconds for seconds, _ in fault.injections]
        stays = [gone - came for came, gone in zip(times[::2], times[1::2], strict=False)]
        assert stays == sorted(stays)
        assert stays[0] == 20.0
        assert len(times) % 2 == 1, "the last time it stays to its end"


@pytest.mark.parametrize("kind", FAULTS)
def test_a_target_says_where_its_fault_bites_first_and_what_turns_bad(kind):
    store = load_application("async-store")
    for seed in range(20):
        fault = draw(kind, seed=seed, application=store)
        [target] = {
            (target.service, target.flag, target.release)
            for target in FAULTS[kind].targets(store)
            if (target.name, target.symptoms) == (fault.target, fault.expected_symptoms)
            and target.flag in (None, getattr(fault.injections[0][1], "flag", None))
        }
        command = fault.injections[0][1]
        assert fault.kind == kind
        if isinstance(command, SetFlag):
            assert target == (store.flag(command.flag).effects[0].service, command.flag, None)
        elif isinstance(command, ShiftTraffic):
            assert target == (command.service, None, command.release)
        elif isinstance(command, ScaleWorkload):
            assert target == (None, None, None)
        else:
            assert target == (getattr(command, "source", None) or command.service, None, None)


def test_an_outage_strikes_services_of_its_kind():
    for kind, service_kind in (("cache_outage", ServiceKind.CACHE), ("database_outage", ServiceKind.DATABASE)):
        assert APPLICATION.service(draw(kind).target).kind is service_kind


def test_memory_pressure_leaves_no_room_only_when_it_is_severe():
    for seed in range(20):
        for intensity, overflows in ((Intensity.MILD, False), (Intensity.SEVERE, True)):
            fault = draw("memory_pressure", intensity=intensity, seed=seed)
            service = APPLICATION.service(fault.target)
            held = fault.injections[0][1].load_ratio * service.memory_limit_bytes
            assert (service.memory_base_bytes + held > service.memory_limit_bytes) is overflows


def test_a_pod_kill_happens_as_often_as_it_says_and_never_again():
    kills = [draw("pod_kill", intensity=intensity).injections for intensity in Intensity]
    assert [len(injections) for injections in kills] == [1, 2, 4]
    for injections in kills:
        periods = [command.period_seconds for _, command in injections]
        assert len(set(periods)) == len(periods), "the same period again would be no new kill"
        assert min(periods) > 3600


def test_flags_are_told_apart_and_retries_wait_for_a_peak():
    drawn = {
        kind: {draw(kind, seed=seed).injections[0][1].flag for seed in range(80)}
        for kind in ("bad_config", "bad_version", "demo_flag", "metastable_overload")
    }
    retrying = {flag.name for flag in APPLICATION.flags if adds_retries(flag)}
    assert drawn["bad_version"] | drawn["demo_flag"] == drawn["bad_config"]
    assert not drawn["bad_version"] & drawn["demo_flag"]
    assert "paymentFailure" in drawn["demo_flag"]
    assert drawn["metastable_overload"] == retrying
    assert not retrying & drawn["bad_config"]


@pytest.mark.parametrize("duration", DurationClass)
def test_the_trigger_of_a_metastable_overload_is_over_before_its_cause(duration):
    for name, seed in product(("small-core", "medium-store"), range(10)):
        application = load_application(name)
        fault = draw("metastable_overload", duration=duration, seed=seed, application=application)
        (begins, cause), *trigger, (ends, calm) = fault.injections
        flag = application.flag(cause.flag)
        assert begins == fault.start_seconds
        assert ends < fault.end_seconds
        assert fault.clearance == SetFlag(flag=flag.name, variant=flag.good_variant)
        repeated = flag.effects[0].call_target
        if repeated == loaded_services(application)[0]:
            assert calm == ScaleWorkload(multiplier=1.0)
            assert min(command.multiplier for _, command in trigger) > 1.0
        else:
            assert calm == ClearFault(fault_id="fault-0")
            assert {command.service for _, command in trigger} == {repeated}


@pytest.mark.parametrize("kind", ROLLOUTS)
def test_a_roll_out_goes_as_far_as_its_intensity_and_is_withdrawn_only_if_transient(kind):
    for intensity, shares in ((Intensity.MILD, (0.1,)), (Intensity.SEVERE, (0.1, 0.5, 1.0))):
        fault = draw(kind, intensity=intensity)
        assert tuple(command.share for _, command in fault.injections) == shares
        assert fault.end_seconds is None
        assert fault.clearance is None
    [released] = {command.release for _, command in fault.injections}
    assert release_kind(APPLICATION.release(released)) == kind
    transient = draw(kind, intensity=Intensity.SEVERE, duration=DurationClass.TRANSIENT)
    assert isinstance(transient.clearance, ShiftTraffic)
    assert transient.clearance.share == 0.0
    assert transient.injections[-1][0] < transient.end_seconds
    slow = draw(kind, duration=DurationClass.SLOW_BURN)
    assert slow.injections[1][0] - slow.injections[0][0] > fault.injections[1][0] - fault.injections[0][0]


@pytest.mark.parametrize(
    ("effects", "kind"),
    [
        ([ReleaseEffect(cpu_factor=0.8)], ReleaseKind.BETTER),
        ([ReleaseEffect(error_ratio=0.1)], ReleaseKind.WORSE),
        ([ReleaseEffect(operation="PlaceOrder", cpu_factor=2.0)], ReleaseKind.WORSE_UNDER_MIX),
        ([ReleaseEffect(cpu_factor=0.8), ReleaseEffect(cpu_factor=3, settles_after_seconds=60)], ReleaseKind.SETTLING),
        ([ReleaseEffect(cpu_factor=2), ReleaseEffect(cpu_factor=3, settles_after_seconds=60)], ReleaseKind.WORSE),
        ([], None),
    ],
)
def test_a_release_is_known_by_its_effects(effects, kind):
    assert release_kind(Release(name="r", service="checkout", effects=tuple(effects))) is kind
    assert release_kind(Release(name="r", service="checkout", effects=tuple(effects), image_exists=False)) is None
