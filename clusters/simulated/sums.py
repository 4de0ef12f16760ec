"""What is added up over a bucket: one enumeration per level, in the order of the rows of its array.

Signals are computed from these when telemetry is observed (`probes`), so a coarse bucket is exactly its fine ones.
"""

from enum import IntEnum


class OperationSum(IntEnum):
    """Per operation; added up over a service's operations. Times in milliseconds, squares in their square."""

    REQUESTS = 0
    ERRORS = 1
    LATENCY = 2
    LATENCY_SQUARED = 3


class ServiceSum(IntEnum):
    """Per service. All but `RESTARTS` are added up over ticks, so divide by the number of ticks."""

    CPU_MILLICORES = 0
    CPU_LIMIT = 1
    MEMORY = 2
    MEMORY_LIMIT = 3
    RESTARTS = 4
    QUEUE_DEPTH = 5
    REPLICAS_READY = 6
    REPLICAS_DESIRED = 7


class ChannelSum(IntEnum):
    """Per channel; added up over an edge's channels."""

    REQUESTS = 0
    ERRORS = 1
    LATENCY = 2
    LATENCY_SQUARED = 3
    RETRIES = 4


class RequestSum(IntEnum):
    """Per request type; added up over a journey's types."""

    OFFERED = 0
    ERRORS = 1
    GOOD = 2
    ADMITTED = 3
    LATENCY = 4
    LATENCY_SQUARED = 5


class StandSum(IntEnum):
    """Of the whole stand."""

    OFFERED = 0
    RATE_LIMIT = 1
    RATE_LIMITED_TICKS = 2
    COST_MILLICORES = 3
