"""Fault commands as rows do to stands what the commands do, to the bit."""

import numpy as np
import pytest

from clusters.commands import (
    ClearFault,
    Command,
    DelayEdge,
    KillPods,
    LosePackets,
    Scale,
    SetFlag,
    ShiftTraffic,
    SlowService,
    StressCpu,
)
from clusters.fault_rows import ROW, Rows, Verb, command_of, plain, rows_of
from clusters.scenario_columns import object_column
from clusters.simulated.stands import SimulatedStands
from clusters.stand import StandError
from tests.stands import APPLICATION, running

NUM_STANDS = 24
FAULT_IDS = ("fault-0", "fault-1")
AT_ONCE = (Verb.SET_FLAG, Verb.SCALE_WORKLOAD, Verb.KILL_PODS, Verb.STRESS_CPU, Verb.DELAY_EDGE, Verb.CLEAR_FAULT)
LEFT = (Verb.SLOW_SERVICE, Verb.LOSE_PACKETS)
VALUES = {
    Verb.SET_FLAG: (0.0, 1.0),
    Verb.SCALE_WORKLOAD: (1.0, 1.3),
    Verb.KILL_PODS: (15.0, 33.3, 70.1),
    Verb.STRESS_CPU: (0.3, 0.7, 1.0),
    Verb.DELAY_EDGE: (3.3, 40.0),
    Verb.CLEAR_FAULT: (0.0,),
    Verb.SLOW_SERVICE: (7.7, 20.0),
    Verb.LOSE_PACKETS: (0.1, 0.3),
}
PLACES = [APPLICATION.service_names.index(name) for name in ("cart", "checkout")]
"""Of edges too: few, so that faults meet."""
CART, EDGE = PLACES[0], APPLICATION.edges[PLACES[1]]


def random_rows(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Stands, some of them several times, and rows of the verbs that are carried out at once, and of others."""
    stands = np.sort(rng.integers(0, NUM_STANDS, 2 * NUM_STANDS))
    rows = np.zeros(len(stands), dtype=ROW)
    for k, verb in enumerate(rng.choice((*AT_ONCE, Verb.CLEAR_FAULT, *LEFT), len(stands)).tolist()):
        places = range(len(APPLICATION.flags)) if verb == Verb.SET_FLAG else PLACES
        value, target, fault = rng.choice(VALUES[verb]), rng.choice(places), rng.integers(len(FAULT_IDS))
        rows[k] = (0.0, value, target, fault, verb, False)
    return stands, rows


def apply_at_once(stands: SimulatedStands, which: np.ndarray, rows: Rows) -> np.ndarray:
    return stands.apply_rows(which, rows, object_column([FAULT_IDS] * len(rows)))


def apply_one_by_one(stands: SimulatedStands, which: np.ndarray, rows: Rows) -> None:
    for stand, row in zip(which.tolist(), plain(rows), strict=True):
        stands.apply(stand, command_of(row, APPLICATION, FAULT_IDS[row.fault]))


def require_equal(ours: SimulatedStands, theirs: SimulatedStands) -> None:
    of_ours, of_theirs = ours.observe(60.0, 10.0), theirs.observe(60.0, 10.0)
    for level in ("nodes", "edges", "journeys", "stand"):
        np.testing.assert_array_equal(getattr(of_ours, level), getattr(of_theirs, level))


def test_rows_do_what_their_commands_do():
    rng = np.random.default_rng(0)
    at_once, one_by_one = running(NUM_STANDS), running(NUM_STANDS)
    release = APPLICATION.releases[0]
    given: tuple[tuple[int, Command], ...] = (
        (0, ShiftTraffic(service=release.service, release=release.name, share=0.5)),
        (1, SlowService(fault_id="slow", service="cart", latency_milliseconds=50.0)),
        (2, KillPods(fault_id="fault-1", service="cart", period_seconds=40.0)),
        (3, StressCpu(fault_id="mine", service="cart", load_ratio=0.5)),
        (4, DelayEdge(fault_id="mine", source=EDGE.source, target=EDGE.target, latency_milliseconds=20.0)),
        (5, KillPods(fault_id="mine", service="checkout", period_seconds=20.0)),
    )
    for stands in (at_once, one_by_one):
        for stand, command in given:
            stands.apply(stand, command)
    num_at_once = num_met = 0
    for turn in range(24):
        which, rows = random_rows(rng)
        done = apply_at_once(at_once, which, rows)
        assert not done[np.isin(rows["verb"], LEFT)].any()
        num_at_once += done[rows["verb"] >= Verb.STRESS_CPU].sum()
        apply_one_by_one(at_once, which[~done], rows[~done])
        apply_one_by_one(one_by_one, which, rows)
        ours, theirs = (stands.snapshot().faults for stands in (at_once, one_by_one))
        assert [list(faults.items()) for faults in ours] == [list(faults.items()) for faults in theirs]
        num_met += sum(len(faults) > 1 for faults in ours)
        for stands in (at_once, one_by_one):
            # Replicas that come while others are under stress carry none of it.
            for stand in range(NUM_STANDS):
                stands.apply(stand, Scale(service="cart", replicas=2 + turn // 2 % 2))
            stands.advance(20.0)
        require_equal(at_once, one_by_one)
    assert num_at_once > 200
    assert num_met > 100


def test_a_flag_that_is_set_twice_at_once_keeps_the_last_value():
    at_once, one_by_one = running(2), running(2)
    rows = np.zeros(3, dtype=ROW)
    rows["verb"], rows["value"] = Verb.SET_FLAG, (1.0, 0.0, 1.0)
    which = np.array([0, 0, 1])
    assert apply_at_once(at_once, which, rows).all()
    apply_one_by_one(one_by_one, which, rows)
    flag = APPLICATION.flags[0]
    for stands in (at_once, one_by_one):
        good, bad = (SetFlag(flag=flag.name, variant=variant) for variant in (flag.good_variant, flag.bad_variant))
        assert stands.apply(0, good).status == stands.apply(1, bad).status == "already_there"
        stands.advance(60.0)
    np.testing.assert_array_equal(at_once.observe(60.0, 10.0).nodes, one_by_one.observe(60.0, 10.0).nodes)


def test_a_row_that_is_left_keeps_back_what_comes_after_it_on_its_stand():
    stands = running(2)
    rows = rows_of(3, Verb.CLEAR_FAULT, CART, 20.0)
    rows["verb"][0] = Verb.SLOW_SERVICE
    assert apply_at_once(stands, np.array([0, 0, 1]), rows).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "given",
    [
        SlowService(fault_id="fault-0", service="cart", latency_milliseconds=20.0),
        KillPods(fault_id="fault-0", service="checkout", period_seconds=20.0),
    ],
)
def test_a_row_does_not_take_the_id_of_another_fault(given: Command):
    stands = running(1)
    stands.apply(0, given)
    assert apply_at_once(stands, np.array([0]), rows_of(1, Verb.KILL_PODS, CART, 30.0)).all()
    assert stands.apply(0, given).status == "already_there"


def test_a_fault_given_as_a_command_is_cleared_by_a_row_and_the_other_way_round():
    stands = running(1)
    loss = LosePackets(fault_id="fault-1", source=EDGE.source, target=EDGE.target, loss_ratio=0.5)
    for command in (KillPods(fault_id="fault-0", service="cart", period_seconds=30.0), loss):
        stands.apply(0, command)
    clearances = rows_of(2, Verb.CLEAR_FAULT)
    clearances["fault"] = 0, 1
    assert apply_at_once(stands, np.array([0, 0]), clearances).tolist() == [True, False]
    assert stands.apply(0, ClearFault(fault_id="fault-0")).status == "already_there"
    assert stands.apply(0, ClearFault(fault_id="fault-1")).status == "applied"
    assert apply_at_once(stands, np.array([0]), rows_of(1, Verb.STRESS_CPU, CART, 0.5)).all()
    assert stands.apply(0, StressCpu(fault_id="fault-0", service="cart", load_ratio=0.5)).status == "already_there"
    assert stands.apply(0, ClearFault(fault_id="fault-0")).status == "applied"


def test_closed_stands_take_no_rows():
    stands = running(1)
    stands.close()
    with pytest.raises(StandError, match="are closed"):
        apply_at_once(stands, np.array([0]), rows_of(1, Verb.SCALE_WORKLOAD, value=2.0))
