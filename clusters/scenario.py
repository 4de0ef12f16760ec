"""What a stand is asked to play: the scenario as plain data, whoever generated it."""

from dataclasses import dataclass
from enum import StrEnum

from clusters.commands import Command


class Split(StrEnum):
    """Which part of the evidence a scenario belongs to."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class WorkloadTrace:
    """The load that users offer at the entry, piecewise constant; the last value holds after the end."""

    profile: str
    """Name of the workload it was made by: `steady`, `diurnal`, `burst` ..."""
    step_seconds: float
    rates_rps: tuple[float, ...]
    """Offered requests per second in each step; time 0 is the stand's reset, so the warm-up is included."""
    mix: tuple[float, ...]
    """Share of each request type, in the application's order; sums to 1."""
    think_seconds: float | None = None
    """None: an open loop, requests come at the rates whatever becomes of them. A number: a closed loop of
    `rate * think_seconds` users; each waits for the answer, pauses for this long on average, and sends again."""


@dataclass(frozen=True, kw_only=True)
class ScheduledFault:
    """A fault of a scenario. Times are seconds after the warm-up, multiples of the bucket."""

    fault_id: str
    kind: str
    """What it is, such as `cpu_pressure`, `network_delay` or `rollout_worse`."""
    target: str
    """A service, or `source->target` for an edge, or `workload`."""
    start_seconds: float
    end_seconds: float | None
    """None: it stays until an action heals it or the episode ends."""
    intensity: str
    """`mild`, `visible` or `severe`."""
    duration: str
    """`transient`, `medium` or `slow_burn`."""
    root_cause_kind: str
    expected_symptoms: tuple[str, ...]
    injections: tuple[tuple[float, Command], ...]
    """(seconds after the warm-up, command), in time order: a slow burn injects in growing steps."""
    clearance: Command | None
    """Applied at `end_seconds`."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A reproducible incident, or a healthy period."""

    name: str
    """Unique, and enough to draw it again."""
    family: str
    """What it has in common with others, the unit of held-out evaluation: `fault/workload/intensity`, say."""
    split: Split
    application: str
    seed: int
    workload: WorkloadTrace
    faults: tuple[ScheduledFault, ...]
    candidates: tuple[str, ...]
    """Names of the actions that are compared at its decision point; `do_nothing` is always among them."""
    decision_seconds: float
    """When candidates are compared: seconds after the warm-up, a multiple of the control step."""
    warmup_seconds: float
    horizon_seconds: float
    """Length of the episode after the warm-up."""
    is_felt: bool | None = None
    """Whether users felt its faults when it was played with nobody acting; None: that was not tried. A scenario that
    nobody felt is kept, and marked so."""
