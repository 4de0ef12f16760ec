"""A new version of a service goes out in steps.

By its duration class it goes fast and is withdrawn by itself (transient), at an ordinary pace, or slowly; by its
intensity it stops at a tenth of the requests, at half, or goes all the way. What the version is like is the fault's
kind, one of `ReleaseKind`: the better one is best continued, the worse one taken back, the one that settles waited for.
An operator who shifts the release's traffic stops the steps that are left (`envs.fault_schedule`).
"""

from enum import StrEnum
from itertools import takewhile

from clusters.commands import ShiftTraffic
from clusters.scenario import ScheduledFault
from clusters.topology import Application, Release, ReleaseEffect
from envs.demand import per_application
from envs.faults.fault import (
    LASTING_SECONDS,
    DurationClass,
    FaultFamily,
    FaultRequest,
    Intensity,
    Lever,
)
from envs.random_stream import RandomStream

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

    levers = frozenset({Lever.RELEASES})

    def __init__(self, kind: ReleaseKind) -> None:
        self._kind = kind
        self._releases = per_application(
            lambda application: tuple(release for release in application.releases if release_kind(release) is kind)
        )

    def applies_to(self, application: Application) -> bool:
        """It has a release of the kind."""
        return bool(self._releases(application))

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A roll-out of one release."""
        release = rng.one(self._releases(request.application))
        step = rng.multiple(STEP_SECONDS[request.duration], request.bucket_seconds)
        lasting = rng.multiple(LASTING_SECONDS[request.duration], request.bucket_seconds)
        is_withdrawn = request.duration is DurationClass.TRANSIENT
        return rollout(request, self._kind, release, step, lasting if is_withdrawn else None)


def rollout(
    request: FaultRequest, kind: ReleaseKind, release: Release, step_seconds: float, lasting_seconds: float | None
) -> ScheduledFault:
    """The roll-out of a release by the shares of the request's intensity.

    Args:
        request: when it begins, and how far it goes.
        kind: what the release is.
        release: what goes out.
        step_seconds: time between two shares.
        lasting_seconds: it is withdrawn after this long; None: it stays.
    """
    end = None if lasting_seconds is None else request.start_seconds + lasting_seconds
    steps = ((request.start_seconds + n * step_seconds, share) for n, share in enumerate(SHARES[request.intensity]))
    return ScheduledFault(
        fault_id=request.fault_id,
        kind=kind.value,
        target=release.service,
        start_seconds=request.start_seconds,
        end_seconds=end,
        intensity=request.intensity.value,
        duration=request.duration.value,
        root_cause_kind="release",
        expected_symptoms=(f"{release.service} changes as {release.name} gets more of its requests",),
        injections=tuple(
            (seconds, ShiftTraffic(service=release.service, release=release.name, share=share))
            for seconds, share in takewhile(lambda timed: end is None or timed[0] < end, steps)
        ),
        clearance=None if end is None else ShiftTraffic(service=release.service, release=release.name, share=0.0),
    )


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
