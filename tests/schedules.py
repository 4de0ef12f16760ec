"""Fault schedules for tests, and what is due of one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clusters.commands import Command
from clusters.fault_rows import plain
from clusters.scenario import ScheduledFault
from clusters.scenario_columns import columns_of
from envs.fault_schedule import FaultSchedule
from tests.stands import APPLICATION, scenario


def load(schedule: FaultSchedule, faults: dict[int, Sequence[ScheduledFault]]) -> None:
    """Give stands the faults of scenarios of their own."""
    scenarios = [replace(scenario(), faults=tuple(of_stand)) for of_stand in faults.values()]
    schedule.load(np.array(list(faults)), columns_of(scenarios))


def schedule_of(*faults: Sequence[ScheduledFault]) -> FaultSchedule:
    """Stand by stand."""
    schedule = FaultSchedule(APPLICATION, len(faults))
    load(schedule, dict(enumerate(faults)))
    return schedule


def popped(schedule: FaultSchedule, stand: int, seconds: float) -> list[Command]:
    """The commands that are due on a stand."""
    stands = np.arange(len(schedule.has_begun))
    (due,) = schedule.pop_due(stands == stand, np.full(len(stands), seconds), bucket_seconds=10.0)
    assert (due.stands == stand).all()
    return [schedule.command(stand, event) for event in plain(due.events)]
