"""The line for a worker, where workers and not the CPU are what a service lacks (see `kernels.worker_limits`)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.erlang import ROW_LENGTH, server_middles
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.worker_limits import WorkerLimit, fill_lines

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Line(NamedTuple):
    """[S, N] what a service's queue is to `queueing`."""

    computing: Floats
    """Requests at the CPU while the queue is not empty."""
    server_rows: Ints
    """Rows of `erlang`'s table."""
    waits: Floats
    """Share of the requests that wait for a worker; 1 where the CPU is scarcest."""


def lines(capacity: Capacity, limit: WorkerLimit, admitted: Floats, cpu_rows: Ints, reach: Floats) -> Line:
    """The queue for the CPU, or where workers are scarcer, the line for a worker.

    Args:
        capacity: of the services.
        limit: of the services.
        admitted: [S, N] requests per second.
        cpu_rows: [S, N] rows of the table for the CPU.
        reach: [S, N] requests that can be there; made less by those that wait for answers where workers are scarcer.
    """
    line = Line(np.empty_like(admitted), cpu_rows.copy(), np.empty_like(admitted))
    fill_lines(
        server_middles(), ROW_LENGTH, capacity, limit, admitted, line.computing, line.server_rows, line.waits, reach
    )
    return line
