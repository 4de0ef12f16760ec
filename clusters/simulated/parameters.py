"""The simulator's own constants: what an application's YAML does not say."""

from typing import Final

TICK_SECONDS: Final = 10.0
"""One telemetry bucket of the demo's. Queues are drawn exactly over a tick, whatever its length; it is how coarsely
flows follow each other, and how late callers learn that calls fail or time out. Half of it is no more accurate."""
EPOCH_NS: Final = 1_767_225_600_000_000_000
"""The simulated clock at every reset: 2026-01-01T00:00:00Z."""

NETWORK_SECONDS: Final = 0.0005
"""Round trip between two pods."""
ENTRY_TIMEOUT_SECONDS: Final = 10.0
"""Users give up after this long."""
REJECTION_SECONDS: Final = 0.001
"""How long a refused request takes: connection refused, or a full queue."""

QUEUE_PER_WORKER: Final = 8.0
"""Requests that may wait per worker; more are refused."""
COLD_SECONDS: Final = 20.0
"""A replica that became ready is cold for this long."""
COLD_SPEED: Final = 0.6
"""Share of its CPU that a cold replica turns into work (caches, connections, just-in-time compilation)."""
MAX_STRESS: Final = 0.98
"""A stressor never takes the whole of a CPU limit: the scheduler shares it."""
IDLE_CPU: Final = 0.02
"""Share of its CPU limit that an idle replica uses."""

SCALER_MEMORY: Final = 0.7
"""Exponential smoothing per tick of the scaler's CPU use: a time constant of 14 s, as of a metrics server that looks
every 15 s."""
DRAINING_LEVEL: Final = 4.0
"""A backlog passes on its excess over so many stationary ones: below, it is as likely to be noise."""

REQUEST_BYTES: Final = 1_500.0
RESPONSE_BYTES: Final = 6_000.0
"""Mean sizes on the wire."""
