"""A stand's course is a function of its scenario, seed and commands, whatever its neighbours and its steps."""

import numpy as np
import pytest

from clusters.commands import Command, KillPods, Restart, Scale, ScaleWorkload, SetFlag, SetResources, StressCpu
from clusters.simulated.stand import SimulatedStand
from clusters.simulated.stands import SimulatedStands
from clusters.stand import StandError
from clusters.telemetry import TelemetryWindow
from tests.stands import APPLICATION, running, scenario, stand

TROUBLE: tuple[Command, ...] = (
    ScaleWorkload(multiplier=1.7),
    KillPods(fault_id="kill", service="cart", period_seconds=15.0),
    StressCpu(fault_id="stress", service="product-catalog", load_ratio=0.6),
    SetFlag(flag="checkoutCartClient", variant="v2"),
    SetResources(service="frontend", cpu_limit_millicores=900.0),
)
LEVELS = ("times_ns", "nodes", "edges", "journeys", "stand")


def assert_same(one: TelemetryWindow, other: TelemetryWindow) -> None:
    for level in LEVELS:
        np.testing.assert_array_equal(getattr(one, level), getattr(other, level))


@pytest.mark.parametrize("position", [0, 6, 36])
def test_a_stand_in_a_batch_is_the_stand_alone_bit_for_bit(position: int) -> None:
    num_stands, seed = 37, 1234
    seeds = [seed if n == position else n for n in range(num_stands)]
    batch = running(num_stands, seeds=tuple(seeds))
    alone = SimulatedStand(APPLICATION)
    alone.reset(scenario(), seed)
    for n in range(num_stands):
        for command in TROUBLE[: 1 + n % 5] if n != position else TROUBLE:
            batch.apply(n, command)
    for command in TROUBLE:
        alone.apply(command)
    batch.advance(100.0)
    alone.advance(100.0)
    assert_same(batch.observe(160.0, 10.0).of_stand(position), alone.observe(160.0, 10.0))


def test_advancing_or_resetting_some_stands_leaves_the_others() -> None:
    batch, reference = running(4), running(4)
    for stands in (batch, reference):
        stands.apply(2, TROUBLE[1])
        stands.advance(30.0)
    batch.reset([1], [scenario((50.0, 150.0, 80.0))], [99])
    batch.advance(40.0, np.array([2, 0]))
    untouched = np.array([3])
    assert_same(batch.observe(90.0, 10.0, untouched), reference.observe(90.0, 10.0, untouched))
    reference.advance(40.0)
    moved = np.array([0, 2])
    assert_same(batch.observe(130.0, 10.0, moved), reference.observe(130.0, 10.0, moved))


def test_stepping_in_pieces_is_stepping_at_once() -> None:
    one, other = running(2), running(2)
    for stands in (one, other):
        for command in TROUBLE:
            stands.apply(1, command)
    one.advance(90.0)
    for _ in range(9):
        other.advance(10.0)
    assert_same(one.observe(150.0, 10.0), other.observe(150.0, 10.0))


def test_branches_of_one_seed_share_arrivals_and_equal_commands_make_equal_branches() -> None:
    batch = running(2)
    batch.apply(1, TROUBLE[3])
    batch.advance(60.0)
    branches = batch.fork([1, 1, 1, 1], [5, 5, 5, 6])
    branches.apply(0, Scale(service="cart", replicas=4))
    branches.apply(1, Scale(service="cart", replicas=4))
    branches.apply(2, Restart(service="checkout"))
    branches.apply(3, Scale(service="cart", replicas=4))
    branches.advance(120.0)
    window = branches.observe(240.0, 10.0)
    assert_same(window.of_stand(0), window.of_stand(1))
    offered = stand(window, "offered_rate_rps")
    np.testing.assert_array_equal(offered[0], offered[2])
    assert (offered[0, :12] == offered[3, :12]).all(), "the past is shared whatever the seed"
    assert (offered[0, 12:] != offered[3, 12:]).all()
    assert (window.journeys[0, 12:] != window.journeys[2, 12:]).any()


def test_a_fork_leaves_its_origin_alone() -> None:
    batch, reference = running(2), running(2)
    fork = batch.fork([0, 0], [1, 2])
    fork.apply(0, KillPods(fault_id="kill", service="cart", period_seconds=10.0))
    fork.advance(30.0)
    fork.close()
    batch.advance(30.0)
    reference.advance(30.0)
    assert_same(batch.observe(90.0, 10.0), reference.observe(90.0, 10.0))


def test_a_snapshot_can_be_restored_again_and_again() -> None:
    batch = running(2)
    batch.apply(0, TROUBLE[1])
    snapshot = batch.snapshot()
    windows = []
    for _ in range(2):
        batch.restore(snapshot)
        batch.apply(1, TROUBLE[2])
        batch.advance(60.0)
        windows.append(batch.observe(120.0, 10.0))
    assert_same(*windows)
    with pytest.raises(StandError, match="own size"):
        SimulatedStands(APPLICATION, 3).restore(snapshot)


def test_seeds_draw_different_parameters_within_the_ranges() -> None:
    batch = running(30)
    demand = batch._state.base_demand_ms
    graph = batch._graph
    assert (demand >= graph.cpu_low[:, None]).all()
    assert (demand <= graph.cpu_high[:, None]).all()
    spread = (demand.max(axis=1) - demand.min(axis=1)) / (graph.cpu_high - graph.cpu_low)
    assert (spread > 0.7).all()
