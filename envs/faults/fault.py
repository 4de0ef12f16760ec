"""The contract of a kind of fault, and the course that faults take over time: start, growth, end."""

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar, NamedTuple, Protocol, TypeVar

from clusters.commands import Command
from clusters.scenario import ScheduledFault
from clusters.topology import Application
from envs.random_stream import RandomStream

T = TypeVar("T")


class Intensity(StrEnum):
    """How strong a fault is at its full strength."""

    MILD = "mild"
    """Telemetry shows it; acting on it may cost more than it brings."""
    VISIBLE = "visible"
    """A service level objective is violated without action."""
    SEVERE = "severe"
    """Users cannot work."""

    __hash__ = str.__hash__  # tables are looked up at every draw, and the hash of an enum's member is slow


class DurationClass(StrEnum):
    """How long a fault lasts."""

    TRANSIENT = "transient"
    """One to two minutes; it heals by itself."""
    MEDIUM = "medium"
    """Three to five minutes."""
    SLOW_BURN = "slow_burn"
    """Grows in steps over minutes, and stays for minutes more."""

    __hash__ = str.__hash__


LASTING_SECONDS: dict[DurationClass, tuple[float, float]] = {
    DurationClass.TRANSIENT: (60.0, 120.0),
    DurationClass.MEDIUM: (180.0, 300.0),
    DurationClass.SLOW_BURN: (360.0, 480.0),
}
"""Shortest and longest time from start to end."""
SLOW_BURN_SHARES = (0.4, 0.6, 0.8, 1.0)
"""Share of the full strength at each step of a slow burn."""
SLOW_BURN_STEP_SECONDS = (30.0, 60.0)


class FaultRequest(NamedTuple):
    """What a scenario asks of a fault family."""

    fault_id: str
    application: Application
    intensity: Intensity
    duration: DurationClass
    start_seconds: float
    """Seconds after the warm-up."""
    bucket_seconds: float
    """Every time of the fault is a multiple of it."""


class Lever(StrEnum):
    """What two faults of one scenario cannot both hold: the one's clearance would lift the other."""

    WORKLOAD = "workload"
    FLAGS = "flags"
    KILLS = "kills"
    LOSS = "loss"
    RELEASES = "releases"


class FaultFamily(Protocol):
    """One kind of fault: picks a target and parameters, and says when which command is injected."""

    levers: ClassVar[frozenset[Lever]] = frozenset()
    """Faults that share a lever never meet in one scenario."""
    durations: ClassVar[tuple[DurationClass, ...]] = tuple(DurationClass)
    """How long it may last."""

    def applies_to(self, application: Application) -> bool:
        """Whether the application can have such a fault."""
        return True

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A fault of an application that it applies to. All choices come from `rng`."""
        ...


class Course(NamedTuple):
    """When a fault acts: `steps` are (seconds after the warm-up, share of the full strength)."""

    steps: tuple[tuple[float, float], ...]
    end_seconds: float


def draw_course(request: FaultRequest, rng: RandomStream) -> Course:
    """Start, growth and end by the duration class."""
    start, bucket = request.start_seconds, request.bucket_seconds
    end = start + rng.multiple(LASTING_SECONDS[request.duration], bucket)
    if request.duration is not DurationClass.SLOW_BURN:
        return Course(((start, 1.0),), end)
    step = rng.multiple(SLOW_BURN_STEP_SECONDS, bucket)
    steps = tuple([(start + number * step, share) for number, share in enumerate(SLOW_BURN_SHARES)])
    return Course(steps, end)


def clipped(value: float, low: float, high: float) -> float:
    """The value, or the bound that it lies beyond."""
    return min(max(value, low), high)


def scheduled(
    request: FaultRequest,
    rng: RandomStream,
    *,
    kind: str,
    target: str,
    root_cause_kind: str,
    expected_symptoms: tuple[str, ...],
    command_at: Callable[[float], Command],
    clearance: Command,
) -> ScheduledFault:
    """A fault whose command depends on the share of its full strength reached."""
    course = draw_course(request, rng)
    return ScheduledFault(
        fault_id=request.fault_id,
        kind=kind,
        target=target,
        start_seconds=request.start_seconds,
        end_seconds=course.end_seconds,
        intensity=str(request.intensity),
        duration=str(request.duration),
        root_cause_kind=root_cause_kind,
        expected_symptoms=expected_symptoms,
        injections=tuple([(seconds, command_at(share)) for seconds, share in course.steps]),
        clearance=clearance,
    )
