"""The commands of a scenario's faults in the order in which an orchestrator gives them, and what makes one void."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from clusters.commands import Command, OperatorCommand, SetFlag, ShiftTraffic
from clusters.scenario import ScheduledFault


class FaultEvent(NamedTuple):
    """One command of a fault: an injection or its clearance."""

    seconds: float
    """After the warm-up."""
    fault_id: str
    command: Command
    is_clearance: bool


_SECONDS = itemgetter(FaultEvent._fields.index("seconds"))


def fault_events(faults: Sequence[ScheduledFault]) -> tuple[FaultEvent, ...]:
    """Every injection and clearance in time order; at one time clearances come first."""
    events = [
        FaultEvent(fault.end_seconds, fault.fault_id, fault.clearance, True)
        for fault in faults
        if fault.end_seconds is not None and fault.clearance is not None
    ]
    events += [
        FaultEvent(seconds, fault.fault_id, command, False) for fault in faults for seconds, command in fault.injections
    ]
    return tuple(sorted(events, key=_SECONDS))  # what comes first at one time stays first: the clearances


def is_made_void(event: FaultEvent, command: OperatorCommand) -> bool:
    """Whether an operator's command, given once a fault has begun, leaves an event still to come without effect.

    A roll-back pins a flag's version, and a word on a release (take it back, hold it) ends its roll-out: the fault
    cannot bring the other version back. Clearances stay, and find nothing to do.
    """
    if event.is_clearance:
        return False
    if isinstance(command, SetFlag):
        return isinstance(event.command, SetFlag) and event.command.flag == command.flag
    if isinstance(command, ShiftTraffic):
        return isinstance(event.command, ShiftTraffic) and event.command.release == command.release
    return False
