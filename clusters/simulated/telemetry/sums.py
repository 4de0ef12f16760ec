"""What is added up over a bucket, tick by tick: one enumeration per level, in the order of the rows of its array.

Rates are per second and times in seconds; the bucket's value is the sum over its number of ticks, or over a weight.
"""

from enum import IntEnum


class OperationSum(IntEnum):
    """Per operation; added up over a service's operations."""

    REQUESTS = 0
    ERRORS = 1
    LATENCY = 2
    """Weighted by requests."""
    OWN = 3
    """Time at the service itself, computing and waiting for it; weighted by requests."""


class ServiceSum(IntEnum):
    """Per service."""

    CPU_MILLICORES = 0
    MEMORY = 1
    RESTARTS = 2
    """Not per tick: a count."""
    QUEUE_DEPTH = 3
    REPLICAS_READY = 4
    UTILISATION = 5
    """Of the CPU, by its mean rate."""
    CALM = 6
    """Share of the time that the queue is near its stationary state."""
    CPU_SERVERS = 7


class ChannelSum(IntEnum):
    """Per channel; added up over an edge's channels."""

    REQUESTS = 0
    ERRORS = 1
    LATENCY = 2
    """Weighted by requests."""
    RETRIES = 3


class RequestSum(IntEnum):
    """Per request type; added up over a journey's types."""

    OFFERED = 0
    ADMITTED = 1
    SUCCEEDED = 2
    LATENCY = 3
    """Milliseconds, as the user sees it; weighted by the admitted."""
