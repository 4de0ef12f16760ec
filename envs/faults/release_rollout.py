"""A new version of a service goes out in steps.

By its duration class it goes fast and is withdrawn by itself (transient), at an ordinary pace, or slowly; by its
intensity it stops at a tenth of the requests, at half, or goes all the way. What the version is like is the fault's
kind, one of `ReleaseKind`: the better one is best continued, the worse one taken back, the one that settles waited for.
An operator who shifts the release's traffic stops the steps that are left (`envs.fault_schedule`).
"""

from enum import StrEnum

import numpy as np

from clusters.fault_rows import Verb, rows_of
from clusters.topology import Application, Release, ReleaseEffect
from envs.demand import per_application
from envs.faults.courses import draw_lasting
from envs.faults.fault import (
    DURATIONS,
    INTENSITIES,
    DrawnFaults,
    DurationClass,
    FaultFamily,
    FaultRequests,
    Floats,
    Intensity,
    Ints,
    Lever,
    Target,
    bounds_by_member,
)
from envs.random_columns import RandomColumns

SHARES: dict[Intensity, tuple[float, ...]] = {
    Intensity.MILD: (0.1,),
    Intensity.VISIBLE: (0.1, 0.5),
    Intensity.SEVERE: (0.1, 0.5, 1.0),
}
"""Share of the service's requests that the release gets, step by step."""
STEP_SECONDS: dict[DurationClass, tuple[float, float]] = {
    DurationClass.TRANSIENT: (20.0, 30.0),
    DurationClass.MEDIUM: (40.0, 60.0),
    DurationClass.SLOW_BURN: (80.0, 120.0),
}
_STEP_SECONDS = bounds_by_member(STEP_SECONDS)
_TRANSIENT = DURATIONS.index(DurationClass.TRANSIENT)
_NUM_STEPS = max(map(len, SHARES.values()))
_SHARES = np.array([SHARES[intensity] + (0.0,) * (_NUM_STEPS - len(SHARES[intensity])) for intensity in INTENSITIES])
"""[intensities, steps]; 0: it has fewer."""


class ReleaseKind(StrEnum):
    """What a release turns out to be. The value is the fault's kind."""

    BETTER = "rollout_better"
    WORSE = "rollout_worse"
    WORSE_UNDER_MIX = "rollout_worse_under_mix"
    """Only some operations got worse: it is harmless unless users ask for them."""
    SETTLING = "rollout_settling"
    """It looks bad for a while, and is fine."""


class ReleaseRollout(FaultFamily):
    """Shifts traffic to a release of one kind by a schedule."""

    root_cause_kind = "release"
    levers = frozenset({Lever.RELEASES})

    def __init__(self, kind: ReleaseKind) -> None:
        self.kind = kind.value
        self._positions = per_application(lambda application: _releases(application, kind))
        self._targets = per_application(
            lambda application: tuple(
                _target(application.releases[position]) for position in self._positions(application)
            )
        )

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The releases of the kind."""
        return self._targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """A roll-out of one release each."""
        low, high = _STEP_SECONDS
        step = rng.multiple(low[requests.duration], high[requests.duration], requests.bucket_seconds)
        lasting = draw_lasting(requests, rng)
        return self.rolled_out(requests, target, step, np.where(requests.duration == _TRANSIENT, lasting, np.inf))

    def rolled_out(
        self, requests: FaultRequests, target: Ints, step_seconds: Floats, lasting_seconds: Floats
    ) -> DrawnFaults:
        """Roll-outs by the shares of the requests' intensities.

        Args:
            requests: when each of K begins, and how far it goes.
            target: [K] positions in `targets`.
            step_seconds: [K] time between two shares.
            lasting_seconds: [K] it is withdrawn after this long; infinite: it stays.
        """
        release = self._positions(requests.application)[target]
        shares = _SHARES[requests.intensity]
        end_seconds = requests.start_seconds + lasting_seconds
        seconds = requests.start_seconds[:, None] + np.arange(_NUM_STEPS) * step_seconds[:, None]
        injections = rows_of(shares.shape, Verb.SHIFT_TRAFFIC, release[:, None], shares, seconds)
        injections["verb"][(shares == 0.0) | (seconds >= end_seconds[:, None])] = Verb.NONE
        clearance = rows_of(len(requests), Verb.SHIFT_TRAFFIC, release, 0.0)
        clearance["verb"][np.isinf(end_seconds)] = Verb.NONE
        return DrawnFaults(end_seconds=end_seconds, injections=injections, clearance=clearance)


def release_kind(release: Release) -> ReleaseKind | None:
    """What a release is, by its effects; None: it cannot start, or changes nothing."""
    if not release.image_exists or not release.effects:
        return None
    worse = [effect for effect in release.effects if _is_worse(effect)]
    if not worse:
        return ReleaseKind.BETTER
    if all(effect.settles_after_seconds is not None for effect in worse):
        return ReleaseKind.SETTLING
    if all(effect.operation for effect in worse):
        return ReleaseKind.WORSE_UNDER_MIX
    return ReleaseKind.WORSE


def _is_worse(effect: ReleaseEffect) -> bool:
    return effect.cpu_factor > 1.0 or effect.error_ratio > 0.0 or effect.added_latency_milliseconds > 0.0


def _releases(application: Application, kind: ReleaseKind) -> Ints:
    """Positions of an application's releases of a kind."""
    positions = [position for position, release in enumerate(application.releases) if release_kind(release) is kind]
    return np.array(positions, dtype=np.int64)


def _target(release: Release) -> Target:
    return Target(
        name=release.service,
        symptoms=(f"{release.service} changes as {release.name} gets more of its requests",),
        service=release.service,
        release=release.name,
    )
