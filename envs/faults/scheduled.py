"""A drawn fault as the object that a scenario has."""

import math

from clusters.fault_rows import Verb, command_of, plain
from clusters.scenario import ScheduledFault
from envs.faults.fault import DURATIONS, INTENSITIES, DrawnFaults, FaultFamily, FaultRequests, Ints


def scheduled_fault(
    family: FaultFamily, requests: FaultRequests, target: Ints, drawn: DrawnFaults, k: int, fault_id: str
) -> ScheduledFault:
    """One of K faults that were drawn together.

    Args:
        family: the kind that they are of.
        requests: what was asked of it.
        target: [K] positions in the family's targets.
        drawn: what it drew.
        k: which of them.
        fault_id: what the fault is called in its scenario.
    """
    application = requests.application
    struck = family.targets(application)[int(target[k])]
    end_seconds, [clearance] = float(drawn.end_seconds[k]), plain(drawn.clearance[k : k + 1])
    return ScheduledFault(
        fault_id=fault_id,
        kind=family.kind,
        target=struck.name,
        start_seconds=float(requests.start_seconds[k]),
        end_seconds=end_seconds if math.isfinite(end_seconds) else None,
        intensity=INTENSITIES[int(requests.intensity[k])].value,
        duration=DURATIONS[int(requests.duration[k])].value,
        root_cause_kind=family.root_cause_kind,
        expected_symptoms=struck.symptoms,
        injections=tuple(
            (row.seconds, command_of(row, application, fault_id))
            for row in plain(drawn.injections[k])
            if row.verb != Verb.NONE
        ),
        clearance=None if clearance.verb == Verb.NONE else command_of(clearance, application, fault_id),
    )
