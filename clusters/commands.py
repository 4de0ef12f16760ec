"""The backend-neutral verbs that change a stand, and the receipt that says what became of one.

Operators' verbs (`Scale` to `SetRateLimit`) are what actions become; the others belong to scenarios. To add one:
a dataclass here, its name in `Command`, and its handling in each backend.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Set a deployment's replica count."""

    service: str
    replicas: int


@dataclass(frozen=True, kw_only=True)
class Restart:
    """Roll every replica of a deployment: at most one is down at a time where there are several."""

    service: str


@dataclass(frozen=True, kw_only=True)
class SetCpuLimit:
    """Set the CPU limit of each replica; the replicas are rolled."""

    service: str
    cpu_limit_millicores: float


@dataclass(frozen=True, kw_only=True)
class SetFlag:
    """Set a configuration flag to a variant (a roll-back sets its good variant)."""

    flag: str
    variant: str


@dataclass(frozen=True, kw_only=True)
class SetRateLimit:
    """Admit at most this many requests per second at the entry; None lifts the limit. The rest get HTTP 429."""

    limit_rps: float | None


@dataclass(frozen=True, kw_only=True)
class ScaleWorkload:
    """Multiply the offered load of the scenario's workload (1.0: as planned)."""

    multiplier: float


@dataclass(frozen=True, kw_only=True)
class StressCpu:
    """Burn a share of each replica's CPU limit at a service."""

    fault_id: str
    service: str
    load_ratio: float
    """0 to 1: the share of the limit that the stressor takes."""


@dataclass(frozen=True, kw_only=True)
class DelayEdge:
    """Add network delay to the calls from `source` to `target`."""

    fault_id: str
    source: str
    target: str
    latency_milliseconds: float


@dataclass(frozen=True, kw_only=True)
class KillPods:
    """Kill one replica of a service every `period_seconds`, until cleared."""

    fault_id: str
    service: str
    period_seconds: float


@dataclass(frozen=True, kw_only=True)
class ClearFault:
    """Lift the fault that was injected under this id."""

    fault_id: str


OperatorCommand = Scale | Restart | SetCpuLimit | SetFlag | SetRateLimit
Command = OperatorCommand | ScaleWorkload | StressCpu | DelayEdge | KillPods | ClearFault


class CheckStatus(StrEnum):
    """Outcome of a precheck or a postcheck."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    """Not yet so at the time of asking, for example replicas that still start."""
    SKIPPED = "skipped"


class CommandStatus(StrEnum):
    """What became of a command."""

    APPLIED = "applied"
    ALREADY_THERE = "already_there"
    """The stand was in the wanted state: nothing was changed."""
    REJECTED = "rejected"
    """The precheck failed, or the backend refused: nothing was changed."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a command. Times are UTC nanoseconds on the stand's clock."""

    command: Command
    precheck_status: CheckStatus
    status: CommandStatus
    postcheck_status: CheckStatus
    requested_at_ns: int
    completed_at_ns: int
    message: str = ""
