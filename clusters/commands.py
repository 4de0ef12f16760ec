"""The backend-neutral verbs that change a stand, and the receipt that says what became of one.

Operators' verbs (`OperatorCommand`) are what actions become; the others belong to scenarios. To add one:
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
class RestartPod:
    """Delete one replica of a deployment at once; a fresh one takes its place. What it was working on is lost."""

    service: str


@dataclass(frozen=True, kw_only=True)
class SetResources:
    """Set requests and limits of each replica; None leaves a number as it is. The replicas are rolled."""

    service: str
    cpu_limit_millicores: float | None = None
    cpu_request_millicores: float | None = None
    memory_limit_bytes: float | None = None
    memory_request_bytes: float | None = None


@dataclass(frozen=True, kw_only=True)
class SetAutoscaler:
    """Let a HorizontalPodAutoscaler own a deployment's replica count; a target of None removes it."""

    service: str
    target_utilisation: float | None
    """CPU used over CPU requested that it aims at, such as 0.7."""
    min_replicas: int
    max_replicas: int


@dataclass(frozen=True, kw_only=True)
class SetGroup:
    """Switch an optional group of services off or on again: callers leave its calls out, its replicas go to zero."""

    group: str
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class ShiftTraffic:
    """Send this share of a service's requests to a release of it; 0 takes the release back, 1 makes it the version."""

    service: str
    release: str
    share: float


@dataclass(frozen=True, kw_only=True)
class ShapeWorkload:
    """Ask users to send less of one request type: what they hold back still counts as demand that was not served."""

    request_type: str
    """Empty: every type."""
    factor: float
    """Share of the planned requests that are sent, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class SetFlag:
    """Roll out a configuration flag's variant (a roll-back sets its good variant)."""

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
class LosePackets:
    """Lose the calls from `source` to `target` with this chance: the caller waits for its timeout. 1: a partition."""

    fault_id: str
    source: str
    target: str
    loss_ratio: float


@dataclass(frozen=True, kw_only=True)
class StressMemory:
    """Hold a share of each replica's memory limit at a service."""

    fault_id: str
    service: str
    load_ratio: float


@dataclass(frozen=True, kw_only=True)
class LeakMemory:
    """Let each replica of a service grow by so much a second; a restart frees it, and it begins again."""

    fault_id: str
    service: str
    bytes_per_second: float


@dataclass(frozen=True, kw_only=True)
class FailService:
    """Take every replica of a service down until cleared: a cache or database outage."""

    fault_id: str
    service: str


@dataclass(frozen=True, kw_only=True)
class SlowService:
    """Add waiting that uses no CPU to every execution at a service."""

    fault_id: str
    service: str
    latency_milliseconds: float


@dataclass(frozen=True, kw_only=True)
class BreakPort:
    """Point a service's port at nothing: its replicas stay ready, every call to it is refused."""

    fault_id: str
    service: str


@dataclass(frozen=True, kw_only=True)
class KillPods:
    """Kill one replica of a service every `period_seconds`, until cleared."""

    fault_id: str
    service: str
    period_seconds: float


class Disturbance(StrEnum):
    """What `DisturbPods` does."""

    POD_FAILURE = "pod_failure"
    """Their containers run nothing until cleared."""
    CONTAINER_KILL = "container_kill"
    """Their container is killed once; the pod starts it again."""
    DNS_ERROR = "dns_error"
    """Names that begin with `target` cannot be looked up."""
    HTTP_DELAY = "http_delay"
    """Answers over HTTP come `latency_milliseconds` later."""
    HTTP_ABORT = "http_abort"
    """Connections are cut instead of answered over HTTP."""
    IO_LATENCY = "io_latency"
    """Reads and writes of the pod's first volume take `latency_milliseconds` longer."""


@dataclass(frozen=True, kw_only=True)
class DisturbPods:
    """Disturb every replica of a service in a way that only live stands know: simulated ones refuse it."""

    fault_id: str
    service: str
    disturbance: Disturbance
    target: str = ""
    latency_milliseconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ClearFault:
    """Lift the fault that was injected under this id."""

    fault_id: str


OperatorCommand = (
    Scale
    | Restart
    | RestartPod
    | SetResources
    | SetAutoscaler
    | SetGroup
    | SetFlag
    | ShiftTraffic
    | SetRateLimit
    | ShapeWorkload
)
FaultCommand = (
    StressCpu
    | StressMemory
    | LeakMemory
    | DelayEdge
    | LosePackets
    | KillPods
    | FailService
    | SlowService
    | BreakPort
    | DisturbPods
    | ClearFault
)
Command = OperatorCommand | ScaleWorkload | FaultCommand


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
    """The precheck failed: a thing that does not exist, a value that is impossible. Nothing was changed."""
    QUOTA_EXCEEDED = "quota_exceeded"
    """The namespace's quota does not allow it. Nothing was changed."""
    CONFLICT = "conflict"
    """Another owner holds the field (an autoscaler the replica count). Nothing was changed."""
    IMAGE_MISSING = "image_missing"
    """The precheck passed, but the release's image cannot be pulled: the old replicas serve on."""
    TIMED_OUT = "timed_out"
    """The precheck passed, but the rollout made no progress in time: the old replicas serve on."""
    FORBIDDEN = "forbidden"
    """The stand's account may not do it. Nothing was changed."""
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

    @property
    def is_in_force(self) -> bool:
        """Whether the stand is in the state that the command asked for, or on its way there."""
        return self.status in (CommandStatus.APPLIED, CommandStatus.ALREADY_THERE)
