"""A configuration flag has its bad version."""

from collections.abc import Callable

import numpy as np

from clusters.fault_rows import BAD, GOOD, Verb, rows_of
from clusters.topology import Application, ConfigFlag
from envs.demand import per_application
from envs.faults.courses import by_turns
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Lever, Target
from envs.random_columns import RandomColumns

CYCLE_BUCKETS = 3
"""A flapping configuration alternates between its versions within a cycle of so many buckets."""
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 2, Intensity.SEVERE: 3}
"""Buckets of a cycle with the bad version, at full strength."""


class BadConfig(FaultFamily):
    """Sets a flag to its bad version, in a flapping manner unless it is severe.

    What a flag does is the application's, so strength is the share of time that the bad version is live. A roll-back
    pins the good version: the control loop drops the injections that are left.

    Args:
        kind: its name among the faults.
        is_meant: which flags it draws from. Flags that only make a peak worse never are: they need one
            (`envs.faults.metastable_overload`).
    """

    root_cause_kind = "configuration"
    levers = frozenset({Lever.FLAGS})

    def __init__(self, kind: str, is_meant: Callable[[ConfigFlag], bool]) -> None:
        self.kind = kind
        self._positions = per_application(
            lambda application: flag_positions(application, lambda flag: is_meant(flag) and not adds_retries(flag))
        )
        self._targets = per_application(
            lambda application: tuple(_target(application.flags[position]) for position in self._positions(application))
        )

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The flags that it draws from."""
        return self._targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """A bad version of one flag each."""
        flag = self._positions(requests.application)[target]
        return by_turns(
            requests,
            rng,
            bad=rows_of(len(requests), Verb.SET_FLAG, flag, BAD),
            good=rows_of(len(requests), Verb.SET_FLAG, flag, GOOD),
            bad_buckets=BAD_BUCKETS,
            cycle=CYCLE_BUCKETS,
        )


def flag_positions(application: Application, is_meant: Callable[[ConfigFlag], bool]) -> Ints:
    """Positions of an application's flags that are meant."""
    positions = [position for position, flag in enumerate(application.flags) if is_meant(flag)]
    return np.array(positions, dtype=np.int64)


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


def _target(flag: ConfigFlag) -> Target:
    return Target(
        name=flag.service,
        symptoms=tuple(f"{effect.service} misbehaves" for effect in flag.effects),
        service=flag.effects[0].service,
        flag=flag.name,
    )
