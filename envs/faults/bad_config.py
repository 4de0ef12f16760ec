"""A configuration flag has its bad version."""

from collections.abc import Callable
from typing import NamedTuple

from clusters.commands import SetFlag
from clusters.scenario import ScheduledFault
from clusters.topology import Application, ConfigFlag
from envs.demand import per_application
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, Lever
from envs.faults.flapping import flapping
from envs.random_stream import RandomStream

CYCLE_BUCKETS = 3
"""A flapping configuration alternates between its versions within a cycle of so many buckets."""
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 2, Intensity.SEVERE: 3}
"""Buckets of a cycle with the bad version, at full strength."""


class _Choice(NamedTuple):
    """A flag as a fault has it."""

    service: str
    symptoms: tuple[str, ...]
    bad: SetFlag
    good: SetFlag

    @classmethod
    def of(cls, flag: ConfigFlag) -> "_Choice":
        return cls(
            service=flag.service,
            symptoms=tuple(f"{effect.service} misbehaves" for effect in flag.effects),
            bad=SetFlag(flag=flag.name, variant=flag.bad_variant),
            good=SetFlag(flag=flag.name, variant=flag.good_variant),
        )


class BadConfig(FaultFamily):
    """Sets a flag to its bad version, in a flapping manner unless it is severe.

    What a flag does is the application's, so strength is the share of time that the bad version is live. A roll-back
    pins the good version: the control loop drops the injections that are left.

    Args:
        kind: its name among the faults.
        is_meant: which flags it draws from. Flags that only make a peak worse never are: they need one
            (`envs.faults.metastable_overload`).
    """

    levers = frozenset({Lever.FLAGS})

    def __init__(self, kind: str, is_meant: Callable[[ConfigFlag], bool]) -> None:
        self._kind = kind
        self._flags = per_application(
            lambda application: tuple(
                _Choice.of(flag) for flag in application.flags if is_meant(flag) and not adds_retries(flag)
            )
        )

    def applies_to(self, application: Application) -> bool:
        """It has such a flag."""
        return bool(self._flags(application))

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A bad version of one flag."""
        choice = rng.one(self._flags(request.application))
        return flapping(
            request,
            rng,
            kind=self._kind,
            target=choice.service,
            root_cause_kind="configuration",
            expected_symptoms=choice.symptoms,
            bad=choice.bad,
            good=choice.good,
            bad_buckets=BAD_BUCKETS[request.intensity],
            cycle_buckets=CYCLE_BUCKETS,
        )


def adds_retries(flag: ConfigFlag) -> bool:
    """Whether its bad version tries failed calls again more often."""
    return any(effect.added_retries for effect in flag.effects)


def is_any(flag: ConfigFlag) -> bool:
    """Every flag."""
    return True


def is_demo_flag(flag: ConfigFlag) -> bool:
    """A switch that the demo itself ships to break something: off unless it is broken."""
    return flag.good_variant == "off"


def is_version(flag: ConfigFlag) -> bool:
    """A configuration that is rolled out in versions."""
    return flag.good_variant != "off"
