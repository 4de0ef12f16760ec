"""The simulator's own constants: what an application's YAML does not say."""

from typing import Final

TICK_SECONDS: Final = 1.0
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
MAX_CPU_LIMIT_FACTOR: Final = 8.0
"""Quota: a CPU limit may be at most this many times the application's own."""
MAX_STRESS: Final = 0.98
"""A stressor never takes the whole of a CPU limit: the scheduler shares it."""
IDLE_CPU: Final = 0.02
"""Share of its CPU limit that an idle replica uses."""

SERVICE_TIME_SCV: Final = 0.5
"""Squared coefficient of variation of an execution's CPU time."""
BACKLOG_WAIT_SCV: Final = 0.1
"""The same for the time to work off a backlog."""
MAX_STATIONARY_UTILISATION: Final = 0.95
"""Stationary waiting is taken up to here; beyond, the backlog carries it."""
LOAD_MEMORY: Final = 0.8
"""Exponential smoothing per tick of the loads that stationary waiting is computed from (about five ticks)."""
FEEDBACK_MEMORY: Final = 0.5
"""The same for what flows back up the graph (hold times, call rates): without it the feedback rings."""

REQUEST_BYTES: Final = 1_500.0
RESPONSE_BYTES: Final = 6_000.0
"""Mean sizes on the wire."""
