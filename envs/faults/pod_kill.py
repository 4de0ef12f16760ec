"""Replicas of a service die once, as when their node goes away."""

from dataclasses import replace

from clusters.commands import ClearFault, KillPods
from clusters.scenario import ScheduledFault
from envs.demand import loaded_services
from envs.faults.fault import DurationClass, FaultFamily, FaultRequest, Intensity, Lever, scheduled
from envs.random_stream import RandomStream

NUM_KILLS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 2, Intensity.SEVERE: 4}
"""Replicas that die, one a bucket. Where there are fewer, a fresh one dies again."""
NEVER_AGAIN_SECONDS = 1e6
"""A kill's period, longer than any episode."""


class PodKill(FaultFamily):
    """Kills some replicas, and leaves the service to recover by itself."""

    levers = frozenset({Lever.KILLS})
    durations = (DurationClass.TRANSIENT,)

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """Kills at one service that works for the users."""
        service = rng.one(loaded_services(request.application))
        once = scheduled(
            request,
            rng,
            kind="pod_kill",
            target=service,
            root_cause_kind="availability",
            expected_symptoms=(f"{service} restarts once", f"some calls to {service} fail"),
            command_at=lambda share: KillPods(
                fault_id=request.fault_id, service=service, period_seconds=NEVER_AGAIN_SECONDS
            ),
            clearance=ClearFault(fault_id=request.fault_id),
        )
        # Another period under the same id starts the loop anew, which kills at once.
        kills = (
            (
                request.start_seconds + number * request.bucket_seconds,
                KillPods(fault_id=request.fault_id, service=service, period_seconds=NEVER_AGAIN_SECONDS + number),
            )
            for number in range(NUM_KILLS[request.intensity])
        )
        return replace(once, injections=tuple(kills))
