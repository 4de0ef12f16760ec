from clusters.commands import Command, Restart, SetFlag, ShiftTraffic
from clusters.fault_events import FaultEvent, fault_events, is_made_void
from clusters.scenario import ScheduledFault

BAD, GOOD = SetFlag(flag="f", variant="v2"), SetFlag(flag="f", variant="v1")
CANARY = ShiftTraffic(service="s", release="s-2", share=0.1)


def fault(fault_id: str, *seconds: float, command: Command = BAD, end: float | None = None) -> ScheduledFault:
    return ScheduledFault(
        fault_id=fault_id,
        kind="bad_config",
        target="s",
        start_seconds=seconds[0],
        end_seconds=end,
        intensity="mild",
        duration="transient",
        root_cause_kind="configuration",
        expected_symptoms=(),
        injections=tuple((second, command) for second in seconds),
        clearance=None if end is None else GOOD,
    )


def event(command: Command, *, is_clearance: bool = False) -> FaultEvent:
    return FaultEvent(seconds=0.0, fault_id="a", command=command, is_clearance=is_clearance)


def test_events_come_in_time_order_and_clearances_before_injections() -> None:
    events = fault_events([fault("b", 60.0, 90.0), fault("a", 30.0, end=60.0)])
    assert [(e.seconds, e.fault_id, e.is_clearance) for e in events] == [
        (30.0, "a", False),
        (60.0, "a", True),
        (60.0, "b", False),
        (90.0, "b", False),
    ]


def test_a_fault_that_stays_has_no_clearance() -> None:
    assert not any(e.is_clearance for e in fault_events([fault("a", 30.0)]))


def test_an_operator_makes_void_what_is_about_the_same_thing() -> None:
    assert is_made_void(event(BAD), GOOD)
    assert not is_made_void(event(BAD), SetFlag(flag="g", variant="v1"))
    assert is_made_void(event(CANARY), ShiftTraffic(service="s", release="s-2", share=0.0))
    assert not is_made_void(event(CANARY), ShiftTraffic(service="s", release="s-3", share=0.0))
    assert not is_made_void(event(BAD), Restart(service="s"))
    assert not is_made_void(event(GOOD, is_clearance=True), GOOD)
