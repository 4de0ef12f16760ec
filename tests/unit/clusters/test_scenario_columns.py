"""Scenarios as columns: they are the scenarios, whichever way they are asked for."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.commands import RestartPod, ScaleWorkload, SetFlag
from clusters.fault_events import fault_events
from clusters.fault_rows import Verb, command_of, plain
from clusters.scenario import Scenario, ScheduledFault
from clusters.scenario_columns import ScenarioColumns, columns_of
from tests.stands import APPLICATION, scenario


def fault(fault_id: str, *injections: tuple[float, object], **others: object) -> ScheduledFault:
    return ScheduledFault(
        fault_id=fault_id,
        kind="test",
        target="test",
        start_seconds=0.0,
        intensity="severe",
        duration="medium",
        root_cause_kind="test",
        expected_symptoms=(),
        injections=injections,
        **{"end_seconds": None, "clearance": None, **others},
    )


SPIKE, CALM = ScaleWorkload(multiplier=2.0), ScaleWorkload(multiplier=1.0)
FLAG = SetFlag(flag="cartFailure", variant="on")
TWO_FAULTS = (
    fault("spike", (20.0, SPIKE), (40.0, SPIKE), end_seconds=60.0, clearance=CALM),
    fault("other", (60.0, FLAG), (10.0, RestartPod(service="cart"))),
)


def scenarios() -> list[Scenario]:
    return [
        scenario((50.0, 60.0, 70.0)),
        replace(scenario(30.0, warmup_seconds=120.0), name="two", faults=TWO_FAULTS, candidates=("do_nothing", "a")),
        replace(scenario(), name="third", horizon_seconds=900.0),
    ]


def told(columns: ScenarioColumns, k: int) -> list[tuple[float, str, object, bool]]:
    ids, given = columns.fault_ids[k], columns.given[k]
    return [
        (row.seconds, ids[row.fault], command_of(row, APPLICATION, ids[row.fault], given), row.is_clearance)
        for row in plain(columns.events[k, : columns.num_events[k]])
    ]


def test_items_are_the_scenarios_that_were_given():
    given = scenarios()
    columns = columns_of(given)
    assert all(ours is theirs for ours, theirs in zip(columns, given, strict=True))
    assert list(columns[1:]) == given[1:]
    assert columns_of(columns) is columns
    with pytest.raises(IndexError):
        columns[3]


def test_columns_say_what_the_scenarios_say():
    given = scenarios()
    columns = columns_of(given)
    for k, one in enumerate(given):
        assert columns.rates_rps[k, : columns.num_rates[k]].tolist() == list(one.workload.rates_rps)
        assert columns.mixes[k].tolist() == list(one.workload.mix)
        assert (columns.names[k], columns.candidates[k]) == (one.name, one.candidates)
        assert columns.warmup_seconds[k] == one.warmup_seconds
        assert columns.horizon_seconds[k] == one.horizon_seconds
        assert told(columns, k) == [tuple(event) for event in fault_events(one.faults)]
    assert np.isnan(columns.think_seconds).all()


def test_rows_that_are_taken_or_put_elsewhere_stay_whole():
    given = scenarios()
    columns = columns_of(given)
    assert [one.name for one in columns.take(np.array([2, 0]))] == ["third", "test"]
    narrow = columns.take(np.array([0, 2]))
    wide = (
        columns_of([given[0]]).take(np.zeros(4, dtype=np.int64)).put(np.array([3, 1]), columns.take(np.array([1, 2])))
    )
    assert [one.name for one in wide] == ["test", "third", "test", "two"]
    assert told(wide, 3) == told(columns, 1)
    assert wide.rates_rps[3, 0] == 30.0
    again = wide.put(np.array([3]), narrow.take(np.array([0])))
    assert told(again, 3) == []
    assert again.num_rates[3] == 3
    assert not (again.events["verb"][3] != Verb.NONE).any(), "nothing of the scenario before is left"


def test_columns_of_nothing_are_empty():
    columns = columns_of([])
    assert len(columns) == 0
    assert list(columns) == []


def test_a_scenario_may_have_hundreds_of_faults():
    many = tuple(fault(f"fault-{number}", (10.0 * number, SPIKE)) for number in range(300))
    columns = columns_of([replace(scenario(), faults=many)])
    assert [fault_id for _, fault_id, _, _ in told(columns, 0)] == [one.fault_id for one in many]
