"""What the operator has set on N stands: what masks and relative actions are computed from.

Legend: N stands, S services, P optional groups, R request types.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from clusters.topology import Application

NO_RELEASE = -1

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Controls(NamedTuple):
    """One row per stand; the arrays are changed in place."""

    replicas: Ints
    """[N, S] desired replicas."""
    cpu_limits_millicores: Floats
    """[N, S] per replica; so are the next three."""
    cpu_requests_millicores: Floats
    memory_limits_bytes: Floats
    memory_requests_bytes: Floats
    autoscaler_targets: Floats
    """[N, S] CPU used over CPU requested; NaN: no autoscaler."""
    versions: Ints
    """[N, S] index of the release that is the service's version; -1: as the application defines it."""
    canaries: Ints
    """[N, S] index of the release that gets a share of the requests; -1: none."""
    groups_enabled: Bools
    """[N, P]"""
    sent_shares: Floats
    """[N, R] share of the planned requests that users were asked to send."""
    rate_limits_rps: Floats
    """[N] NaN: none."""

    @property
    def num_stands(self) -> int:
        """N."""
        return len(self.rate_limits_rps)

    def take(self, stands: Ints) -> "Controls":
        """Copies of these stands' rows."""
        return Controls(**{name: values[stands] for name, values in self._asdict().items()})

    def put(self, stands: Ints | int, rows: "Controls") -> None:
        """Write rows (as many as stands, or one for all of them) into the places of `stands`."""
        places = np.atleast_1d(stands)
        for ours, theirs in zip(self, rows, strict=True):
            ours[places] = theirs

    def follow_autoscalers(self, desired: NDArray[np.floating], is_changed: Bools) -> None:
        """Read off the telemetry what autoscalers made of the replicas, because no command tells it.

        Args:
            desired: [N, S] latest known desired replicas; below 0 or NaN where unknown.
            is_changed: [N] becomes true where that changes a row.
        """
        _follow(self.autoscaler_targets, desired, self.replicas, is_changed)


@compiled
def _follow(targets: Floats, desired: NDArray[np.floating], replicas: Ints, is_changed: Bools) -> None:
    """Enter the desired replicas [N, S] where there is a target."""
    for n in range(targets.shape[0]):
        for s in range(targets.shape[1]):
            if targets[n, s] > 0 and desired[n, s] >= 0:
                found = int(np.rint(desired[n, s]))
                if found != replicas[n, s]:
                    replicas[n, s], is_changed[n] = found, True


def baseline_controls(application: Application, num_stands: int) -> Controls:
    """Every stand as the application defines it: no autoscaler, no release, no rate limit, all groups on."""
    services = application.services
    shape = (num_stands, len(services))
    cpu = np.array([service.cpu_limit_millicores for service in services])
    memory = np.array([service.memory_limit_bytes for service in services])
    cpu_requests = [service.cpu_request_millicores for service in services]
    memory_requests = [service.memory_request_bytes for service in services]
    return Controls(
        replicas=np.tile(np.array([service.replicas for service in services], dtype=np.int64), (num_stands, 1)),
        cpu_limits_millicores=np.tile(cpu, (num_stands, 1)),
        cpu_requests_millicores=np.tile(_or_limits(cpu_requests, cpu), (num_stands, 1)),
        memory_limits_bytes=np.tile(memory, (num_stands, 1)),
        memory_requests_bytes=np.tile(_or_limits(memory_requests, memory), (num_stands, 1)),
        autoscaler_targets=np.full(shape, np.nan),
        versions=np.full(shape, NO_RELEASE),
        canaries=np.full(shape, NO_RELEASE),
        groups_enabled=np.ones((num_stands, len(application.optional_groups)), dtype=np.bool_),
        sent_shares=np.ones((num_stands, len(application.request_types))),
        rate_limits_rps=np.full(num_stands, np.nan),
    )


def _or_limits(requests: list[float | None], limits: Floats) -> Floats:
    """[S] what is requested; the limit where the application names no request."""
    return np.array([limit if request is None else request for request, limit in zip(requests, limits, strict=True)])
