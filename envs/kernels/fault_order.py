"""The commands of each scenario's faults, brought into time order.

Legend: K scenarios, W commands of a scenario at most, M faults of a kind, I injections of one at most.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.fault_rows import Rows
from envs.kernels.due import VOID

Ints = NDArray[np.int64]


@compiled
def add_num_commands(scenarios: Ints, injections: Rows, clearances: Rows, num_commands: Ints) -> None:
    """Add to `num_commands` [K] those of faults [M]; the other arrays are those of `put_in_time_order`."""
    for m in range(scenarios.shape[0]):
        count = 1 if clearances[m].verb != VOID else 0
        for i in range(injections.shape[1]):
            count += injections[m, i].verb != VOID
        num_commands[scenarios[m]] += count


@compiled
def put_in_time_order(
    scenarios: Ints,
    numbers: Ints,
    injections: Rows,
    clearances: Rows,
    end_seconds: NDArray[np.float64],
    ordered: Rows,
    num_commands: Ints,
) -> None:
    """Enter the commands of faults [M] into their scenarios' in the order in which an orchestrator gives them.

    That is by time, at one time clearances first, then by the fault's number. Few are out of place.

    Args:
        scenarios: [M] which each fault belongs to.
        numbers: [M] of the fault in its scenario.
        injections: [M, I] in time order; those whose verb is `VOID` fill, and are left out, as are clearances.
        clearances: [M]
        end_seconds: [M] when these are given.
        ordered: [K, W] what is entered so far, from the left, in place.
        num_commands: [K] how many these are, in place.
    """
    for m in range(scenarios.shape[0]):
        k = scenarios[m]
        if clearances[m].verb != VOID:
            _insert(clearances[m], end_seconds[m], numbers[m], True, ordered[k], num_commands[k])
            num_commands[k] += 1
        for i in range(injections.shape[1]):
            if injections[m, i].verb != VOID:
                _insert(injections[m, i], injections[m, i].seconds, numbers[m], False, ordered[k], num_commands[k])
                num_commands[k] += 1


@inlined
def _insert(command: Rows, seconds: float, number: int, is_clearance: bool, ordered: Rows, count: int) -> None:
    """Enter a command into those [W] of its scenario, of which there are `count`."""
    at = count
    while at and (
        ordered[at - 1].seconds > seconds
        or (
            ordered[at - 1].seconds == seconds
            and (
                is_clearance > ordered[at - 1].is_clearance
                or (is_clearance == ordered[at - 1].is_clearance and number < ordered[at - 1].fault)
            )
        )
    ):
        ordered[at] = ordered[at - 1]
        at -= 1
    ordered[at] = command
    ordered[at].seconds, ordered[at].fault, ordered[at].is_clearance = seconds, number, is_clearance
