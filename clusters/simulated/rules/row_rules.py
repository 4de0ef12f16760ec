"""Rows of faults' commands that many stands carry out at once: the verbs that come up most.

They change what `carry_out` of the rows' commands changes, to the bit; nobody asks for receipts. What rows name exists,
and their values are possible.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Command
from clusters.fault_rows import Rows, Verb
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.effects import scale_workloads
from clusters.simulated.rules.effects import set_flags
from clusters.simulated.rules.fault_row_rules import carry_out_fault_rows
from clusters.simulated.state import StandState

Ints = NDArray[np.int64]


def carry_out_rows(
    graph: CompiledGraph,
    state: StandState,
    faults: Sequence[dict[str, Command]],
    stands: Ints,
    rows: Rows,
    fault_ids: NDArray[np.object_],
) -> NDArray[np.bool_]:
    """Carry out those of the rows whose verb is known here.

    Args:
        graph: of the application.
        state: of all stands.
        faults: [N] what is active on each, by id; in place.
        stands: [K]
        rows: [K]
        fault_ids: [K] tuples of str: what a row's `fault` counts.

    Returns:
        [K] which were carried out.
    """
    is_flag, is_load = rows["verb"] == Verb.SET_FLAG, rows["verb"] == Verb.SCALE_WORKLOAD
    if is_flag.any():
        flags = rows[is_flag]
        set_flags(graph, state, stands[is_flag], flags["target"].astype(np.int64), flags["value"].copy())
    if is_load.any():
        scale_workloads(stands[is_load], rows["value"][is_load], state.multiplier)
    done: NDArray[np.bool_] = is_flag | is_load
    left = np.flatnonzero(~done)
    if left.size:
        done[left] = carry_out_fault_rows(graph, state, faults, stands[left], rows[left], fault_ids[left])
    return done
