"""The facade: times that must divide, history that must reach, telemetry that stays sane in any trouble."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.commands import (
    ClearFault,
    Command,
    DelayEdge,
    KillPods,
    Restart,
    Scale,
    ScaleWorkload,
    SetFlag,
    SetRateLimit,
    SetResources,
    StressCpu,
)
from clusters.simulated.parameters import EPOCH_NS
from clusters.simulated.rules.receipts import RULES
from clusters.simulated.stands import SimulatedStands
from clusters.stand import StandError
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS
from tests.stands import APPLICATION, node, running, scenario, stand

RATIOS = ("error_ratio", "good_ratio")
LEVELS = (("nodes", NODE_SIGNALS), ("edges", EDGE_SIGNALS), ("journeys", JOURNEY_SIGNALS), ("stand", STAND_SIGNALS))


def test_every_command_has_a_rule() -> None:
    assert set(RULES) == set(Command.__args__)


def test_times_that_do_not_divide_are_refused() -> None:
    with pytest.raises(StandError, match=r"bucket_seconds 25"):
        SimulatedStands(APPLICATION, 1, bucket_seconds=25.0)
    with pytest.raises(StandError, match=r"history_seconds 35"):
        SimulatedStands(APPLICATION, 1, history_seconds=35.0)
    stands = running(1)
    with pytest.raises(StandError, match=r"seconds 0.5"):
        stands.advance(0.5)
    with pytest.raises(StandError, match=r"bucket_seconds 15"):
        stands.observe(30.0, 15.0)
    with pytest.raises(StandError, match=r"history_seconds"):
        stands.observe(3600.0, 10.0)
    with pytest.raises(StandError, match=r"no stand 4"):
        stands.advance(10.0, np.array([4]))
    with pytest.raises(StandError, match=r"at least 1"):
        SimulatedStands(APPLICATION, 0)
    with pytest.raises(StandError, match=r"one seed per copy"):
        stands.fork([0, 0], [1])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"rates_rps": (100.0, -1.0)}, "negative rate"),
        ({"rates_rps": ()}, "empty workload"),
        ({"rates_rps": (float("nan"),)}, "empty workload"),
        ({"mix": (0.5, 0.5)}, "7 shares"),
    ],
)
def test_a_workload_that_cannot_be_played_is_refused(change: dict[str, tuple[float, ...]], named: str) -> None:
    healthy = scenario()
    broken = replace(healthy, workload=replace(healthy.workload, **change))
    with pytest.raises(StandError, match=named):
        SimulatedStands(APPLICATION, 1).reset([0], [broken], [0])


def test_history_rolls_and_the_clock_does_not() -> None:
    stands = SimulatedStands(APPLICATION, 1, history_seconds=60.0)
    long = SimulatedStands(APPLICATION, 1)
    for each in (stands, long):
        each.reset([0], [scenario((50.0, 100.0, 150.0))], [0])
        each.advance(130.0)
    window, reference = stands.observe(60.0, 10.0), long.observe(60.0, 10.0)
    np.testing.assert_array_equal(window.nodes, reference.nodes)
    assert window.times_ns[0, 0] == EPOCH_NS + 130_000_000_000


def test_the_workload_is_a_step_function_whose_last_value_holds() -> None:
    stands = SimulatedStands(APPLICATION, 20)
    stands.reset(range(20), [scenario((50.0, 100.0, 150.0))] * 20, range(20))
    stands.advance(240.0)
    offered = stand(stands.observe(300.0, 60.0), "offered_rate_rps").mean(axis=0)
    assert offered == pytest.approx([50.0, 100.0, 150.0, 150.0, 150.0], rel=0.02)


def test_coarse_buckets_are_fine_ones_put_together() -> None:
    fine = SimulatedStands(APPLICATION, 1, bucket_seconds=10.0)
    coarse = SimulatedStands(APPLICATION, 1, bucket_seconds=30.0)
    for stands in (fine, coarse):
        stands.reset([0], [scenario()], [4])
        stands.apply(0, KillPods(fault_id="k", service="cart", period_seconds=20.0))
        stands.advance(90.0)
    one, other = fine.observe(90.0, 30.0), coarse.observe(90.0, 30.0)
    for level, signals in LEVELS:
        for position, signal in enumerate(signals):
            if "p95" in signal.name or signal.name == "good_ratio":
                continue  # It cannot be put together exactly, and the spread of times decides who gives up next.
            values = (getattr(window, level)[..., position] for window in (one, other))
            atol = 0.06 if signal.name in RATIOS else 0.2
            np.testing.assert_allclose(*values, rtol=0.02, atol=atol, err_msg=signal.name)
    assert node(one, "cart", "restarts").sum() == 5.0


def test_the_order_in_which_stands_are_advanced_does_not_matter() -> None:
    together, shuffled = running(3), running(3)
    together.advance(30.0)
    shuffled.advance(30.0, np.array([2, 0, 1]))
    for level, _ in LEVELS:
        windows = (getattr(stands.observe(60.0, 10.0), level) for stands in (together, shuffled))
        np.testing.assert_array_equal(*windows)


def random_command(rng: np.random.Generator) -> Command:
    services = [s for s in APPLICATION.services if s.name != "load-generator"]
    service = services[rng.integers(len(services))]
    edge = APPLICATION.edges[rng.integers(len(APPLICATION.edges))]
    flag = APPLICATION.flags[rng.integers(len(APPLICATION.flags))]
    fault_id = f"f{rng.integers(4)}"
    choices: tuple[Command, ...] = (
        Scale(service=service.name, replicas=int(rng.integers(0, service.max_replicas + 1))),
        Restart(service=service.name),
        SetResources(service=service.name, cpu_limit_millicores=service.cpu_limit_millicores * rng.uniform(0.05, 4.0)),
        SetFlag(flag=flag.name, variant=flag.bad_variant if rng.random() < 0.7 else flag.good_variant),
        SetRateLimit(limit_rps=None if rng.random() < 0.5 else float(rng.choice([0.0, 20.0, 120.0]))),
        ScaleWorkload(multiplier=float(rng.choice([0.0, 0.5, 3.0, 20.0]))),
        StressCpu(fault_id=fault_id, service=service.name, load_ratio=float(rng.uniform(0.1, 1.0))),
        DelayEdge(fault_id=fault_id, source=edge.source, target=edge.target, latency_milliseconds=10_000.0),
        KillPods(fault_id=fault_id, service=service.name, period_seconds=float(rng.choice([10.0, 15.0, 60.0]))),
        ClearFault(fault_id=fault_id),
    )
    return choices[rng.integers(len(choices))]


def test_no_trouble_makes_telemetry_negative_infinite_or_a_ratio_above_one() -> None:
    rng = np.random.default_rng(5)
    stands = running(24)
    with np.errstate(all="raise", under="ignore"):
        for _ in range(20):
            for n in range(24):
                stands.apply(n, random_command(rng))
            stands.advance(10.0)
    window = stands.observe(260.0, 10.0)
    for level, signals in LEVELS:
        values = getattr(window, level)
        assert not np.isinf(values).any(), level
        assert not (values < 0.0).any(), level
        for position, signal in enumerate(signals):
            if signal.name in RATIOS:
                assert not (values[..., position] > 1.0 + 1e-6).any(), (level, signal.name)
    requests = node(window, "cart", "request_rate_rps")
    assert np.isfinite(node(window, "cart", "latency_p95_milliseconds")[requests > 0.01]).all()
    assert np.isfinite(window.nodes[:, :, 1:, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]]).all()


def test_a_warm_up_played_ahead_is_bit_for_bit_the_one_at_the_reset() -> None:
    first, second = scenario(), scenario((50.0, 100.0, 150.0))
    plain, ahead = (SimulatedStands(APPLICATION, 5, spare_seconds=600.0) for _ in range(2))
    for stands in (plain, ahead):
        stands.reset(range(5), [first] * 5, range(5))
        stands.apply(3, StressCpu(fault_id="f", service="cart", load_ratio=0.5))
        stands.advance(70.0)
    before = ahead.observe(60.0, 10.0).nodes.copy()
    ahead.prepare([0, 3, 4], [second] * 3, [10, 13, 14])
    np.testing.assert_array_equal(ahead.observe(60.0, 10.0).nodes, before)
    for stands in (plain, ahead):
        stands.reset([3, 0, 1], [second] * 3, [13, 99, 11])  # prepared, prepared for another seed, not prepared
        stands.advance(30.0)
        stands.reset([0, 4], [second, first], [10, 14])  # the other seed used it up; another scenario
        stands.apply(3, StressCpu(fault_id="f", service="cart", load_ratio=0.5))
        stands.advance(250.0)
    one, other = plain.observe(1800.0, 10.0), ahead.observe(1800.0, 10.0)
    np.testing.assert_array_equal(one.times_ns, other.times_ns)
    for level, _ in LEVELS:
        np.testing.assert_array_equal(getattr(one, level), getattr(other, level))
