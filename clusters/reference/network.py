"""An application's structure as the event simulation's index arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Network:
    """Who calls whom; indices are those of the compiled graph."""

    operations: Ints
    """[O, 3] service, first call, one past the last call"""
    calls: Ints
    """[C, 3] channel, required, message"""
    channels: Ints
    """[H, 2] callee operation, timeout's index"""
    request_channels: Ints
    """[R]"""
    timeouts: Floats
    """[L] distinct timeouts, seconds"""
    request_limits: Floats
    """[R] latency objective of each request type's journey, seconds"""


def compile_network(graph: CompiledGraph) -> Network:
    """Index arrays of a compiled application."""
    sites = [call for service in graph.services for operation in service.operations for call in operation.calls]
    number = np.array([len(operation.calls) for service in graph.services for operation in service.operations])
    last = np.cumsum(number)
    timeouts, kinds = np.unique([channel.timeout_seconds for channel in graph.channels], return_inverse=True)
    callees = [channel.operation for channel in graph.channels]
    flags = np.array([(call.required, call.asynchronous) for call in sites], dtype=np.int64).reshape(-1, 2)
    return Network(
        operations=np.stack([graph.operation_service, last - number, last], axis=1).astype(np.int64),
        calls=np.concatenate([graph.call_channel[:, None], flags], axis=1).astype(np.int64),
        channels=np.stack([callees, kinds], axis=1).astype(np.int64),
        request_channels=graph.request_channel.astype(np.int64),
        timeouts=timeouts.astype(np.float64),
        request_limits=graph.request_slo_seconds[:, 0].astype(np.float64),
    )
