from dataclasses import replace

import numpy as np
import pytest

from clusters.commands import Scale, SetFlag
from clusters.incident.playing import OperatorEvent, end_of, play
from clusters.scenario import Scenario, ScheduledFault
from tests.stands import APPLICATION, journey, scenario

FLAG = APPLICATION.flag("checkoutCartClient")
BAD, GOOD = (SetFlag(flag=FLAG.name, variant=variant) for variant in (FLAG.bad_variant, FLAG.good_variant))


def broken_at(*seconds: float, end: float | None = None) -> Scenario:
    fault = ScheduledFault(
        fault_id="fault-0",
        kind="bad_config",
        target=FLAG.service,
        start_seconds=seconds[0],
        end_seconds=end,
        intensity="severe",
        duration="medium",
        root_cause_kind="configuration",
        expected_symptoms=(),
        injections=tuple((second, BAD) for second in seconds),
        clearance=None if end is None else GOOD,
    )
    return replace(scenario(1.2 * APPLICATION.nominal_rate_rps), faults=(fault,), horizon_seconds=200.0)


def test_the_window_is_the_shown_warmup_and_the_horizon() -> None:
    played = play(broken_at(60.0), 3, (), num_replicates=2)
    assert played.window.nodes.shape[:2] == (2, 6 + 20)
    assert np.isfinite(journey(played.window, "checkout", "offered_rate_rps")).all()
    assert played.left_alone is None


def test_replicates_are_one_stand_with_other_noise() -> None:
    offered = journey(play(broken_at(60.0), 3, (), num_replicates=2).window, "checkout", "offered_rate_rps")
    np.testing.assert_array_equal(offered[0, :6], offered[1, :6])
    assert (offered[0, 6:] != offered[1, 6:]).any()


def test_a_fault_shows_from_its_time_on_and_a_roll_back_ends_it() -> None:
    played = play(broken_at(60.0), 3, (OperatorEvent(seconds=120.0, command=GOOD),), num_replicates=1)
    assert played.left_alone is not None
    good = journey(played.window, "checkout", "good_ratio")[0]
    alone = journey(played.left_alone, "checkout", "good_ratio")[0]
    assert good[:12].min() > 0.9, "healthy before"
    assert alone[-4:].max() < 0.3, "left alone it stays broken"
    assert good[-2:].min() > 0.9, "rolled back it recovers"
    np.testing.assert_array_equal(good[:18], alone[:18])
    fault = played.scenario.faults[0]
    assert end_of(fault, played.deeds) == 120.0
    assert end_of(fault, ()) is None


def test_an_operator_who_comes_first_finds_nothing_to_heal() -> None:
    """The roll-back before the fault does not keep it away, as in the control loop."""
    played = play(broken_at(60.0), 3, (OperatorEvent(seconds=30.0, command=GOOD),), num_replicates=1)
    assert [deed.fault_id for deed in played.deeds] == ["", "fault-0"]
    assert end_of(played.scenario.faults[0], played.deeds) is None


def test_a_roll_back_keeps_the_rest_of_a_slow_burn_away() -> None:
    played = play(broken_at(60.0, 150.0), 3, (OperatorEvent(seconds=120.0, command=GOOD),), num_replicates=1)
    assert [(deed.seconds, deed.fault_id) for deed in played.deeds] == [(60.0, "fault-0"), (120.0, "")]


def test_a_schedule_clears_a_fault() -> None:
    played = play(broken_at(60.0, end=100.0), 3, (), num_replicates=1)
    assert [deed.seconds for deed in played.deeds] == [60.0, 100.0]
    assert end_of(played.scenario.faults[0], played.deeds) == 100.0


@pytest.mark.parametrize(("replicas", "in_force"), [(3, True), (-1, False)])
def test_a_deed_says_what_became_of_the_command(replicas: int, in_force: bool) -> None:
    event = OperatorEvent(seconds=0.0, command=Scale(service="checkout", replicas=replicas))
    (deed, _) = play(broken_at(60.0), 3, (event,), num_replicates=1).deeds
    assert deed.is_operators
    assert deed.is_in_force is in_force
