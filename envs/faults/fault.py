"""The contract of a kind of fault, and what many faults of a kind drew.

Legend: K faults that are drawn together, I injections of one at most.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusters.fault_rows import Rows
from clusters.topology import Application
from envs.random_columns import RandomColumns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Member = TypeVar("Member", bound=StrEnum)


class Intensity(StrEnum):
    """How strong a fault is at its full strength."""

    MILD = "mild"
    """Telemetry shows it; acting on it may cost more than it brings."""
    VISIBLE = "visible"
    """A service level objective is violated without action."""
    SEVERE = "severe"
    """Users cannot work."""


class DurationClass(StrEnum):
    """How long a fault lasts."""

    TRANSIENT = "transient"
    """One to two minutes; it heals by itself."""
    MEDIUM = "medium"
    """Three to five minutes."""
    SLOW_BURN = "slow_burn"
    """Grows in steps over minutes, and stays for minutes more."""


INTENSITIES, DURATIONS = tuple(Intensity), tuple(DurationClass)


class Target(NamedTuple):
    """Something that a kind of fault may strike, and what is told of it."""

    name: str
    """As `ScheduledFault.target` has it: a service, `source->target`, or `workload`."""
    symptoms: tuple[str, ...]
    service: str | None
    """Where it bites first; None: it is the load itself."""
    flag: str | None = None
    """The flag that turns bad, if one does."""
    release: str | None = None
    """The release that goes out, if one does."""


@dataclass(frozen=True, kw_only=True)
class FaultRequests:
    """What K scenarios ask of a kind of fault."""

    application: Application
    intensity: Ints
    """[K] positions in `INTENSITIES`."""
    duration: Ints
    """[K] positions in `DURATIONS`."""
    start_seconds: Floats
    """[K] after the warm-up."""
    bucket_seconds: float
    """Every time of a fault is a multiple of it."""

    def __len__(self) -> int:
        return len(self.start_seconds)


@dataclass(frozen=True, kw_only=True)
class DrawnFaults:
    """What becomes of K faults of a kind. Rows say when, which verb, on what, and how much."""

    end_seconds: Floats
    """[K] when each is cleared; infinite: it stays until an action heals it or the episode ends."""
    injections: Rows
    """[K, I] in time order; the verb NONE fills the end."""
    clearance: Rows
    """[K] applied at the end; the verb NONE where there is none."""


class Lever(StrEnum):
    """What two faults of one scenario cannot both hold: the one's clearance would lift the other."""

    WORKLOAD = "workload"
    FLAGS = "flags"
    KILLS = "kills"
    LOSS = "loss"
    RELEASES = "releases"


class FaultFamily(ABC):
    """One kind of fault: what it may strike, and for each that strikes, which command is injected when."""

    kind: str
    """Its name."""
    root_cause_kind: ClassVar[str]
    levers: ClassVar[frozenset[Lever]] = frozenset()
    """Faults that share a lever never meet in one scenario."""
    durations: ClassVar[tuple[DurationClass, ...]] = DURATIONS
    """How long it may last."""

    @abstractmethod
    def targets(self, application: Application) -> tuple[Target, ...]:
        """What it may strike; nothing: the application cannot have such a fault."""

    @abstractmethod
    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """Faults of an application that has targets. All choices come from `rng`.

        Args:
            requests: K of them.
            target: [K] positions in `targets`.
            rng: of the K scenarios.
        """


def by_member(values: Mapping[Member, float]) -> Floats:
    """[members] what a table says of each member of an enum, in the enum's order, to look up by positions."""
    return np.array([values[member] for member in type(next(iter(values)))], dtype=np.float64)


def bounds_by_member(values: Mapping[Member, tuple[float, float]]) -> tuple[Floats, Floats]:
    """([members] low, [members] high) of a table of bounds, as `by_member`."""
    return (
        by_member({member: low for member, (low, _) in values.items()}),
        by_member({member: high for member, (_, high) in values.items()}),
    )
