"""What a namespace and a service may use at most.

As a ResourceQuota on `limits.cpu` and `limits.memory`
(https://kubernetes.io/docs/concepts/policy/resource-quotas/): the sum over all replicas wanted. The load generator
belongs to the scenario and does not count.
"""

from collections.abc import Mapping
from typing import Final

from clusters.command_checks.refusal import Refusal, over_quota, rejected
from clusters.topology import Application, Service

MAX_LIMIT_FACTOR: Final = 8.0
"""A limit may be at most this many times the application's own, as by a LimitRange."""
_MIB: Final = 2.0**20


def bounds_refusal(service: Service, replicas: int) -> Refusal | None:
    """Why a service cannot have so many replicas, whatever the others have; None if it can."""
    if 0 <= replicas <= service.max_replicas:
        return None
    return over_quota(
        f"{replicas} replicas of {service.name} are outside the quota; ask for 0 to {service.max_replicas}"
    )


def namespace_refusal(
    application: Application, *, used_millicores: float, used_bytes: float, added_millicores: float, added_bytes: float
) -> Refusal | None:
    """Why the namespace cannot grow by so much; None if it can. Shrinking is always possible."""
    cpu, memory = application.cpu_quota_millicores, application.memory_quota_bytes
    if cpu is not None and added_millicores > 0:
        total = used_millicores + added_millicores
        if total > cpu:
            return over_quota(f"CPU limits would sum to {total:g} of {cpu:g} millicores of quota; free some first")
    if memory is not None and added_bytes > 0:
        total = used_bytes + added_bytes
        if total > memory:
            return over_quota(
                f"memory limits would sum to {total / _MIB:.0f} of {memory / _MIB:.0f} MiB of quota; free some first"
            )
    return None


def limits_refusal(service: Service, after: Mapping[str, float]) -> Refusal | None:
    """Why a replica cannot have these requests and limits, by the names of the command's fields; None if it can.

    A limit has a bound, and no request exceeds its limit.
    """
    for limit, request in (
        ("cpu_limit_millicores", "cpu_request_millicores"),
        ("memory_limit_bytes", "memory_request_bytes"),
    ):
        most = MAX_LIMIT_FACTOR * getattr(service, limit)
        if after[limit] > most:
            return over_quota(
                f"a {limit} of {after[limit]:g} for {service.name} is outside the quota; ask for at most {most:g}"
            )
        if after[request] > after[limit] * (1.0 + 1e-6):
            return rejected(
                f"{service.name} would request {after[request]:g}, more than its {limit} of {after[limit]:g}; set both"
            )
    return None
