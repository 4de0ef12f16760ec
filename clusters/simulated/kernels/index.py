"""What kernels know of a graph: where the rows of operations, calls and channels begin and lead, as flat arrays."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.visits import channel_spread, dispersion

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Index(NamedTuple):
    """Callers stand before their callees, so loops over operations go down the graph, or up if they go backwards.

    `x_of_y` arrays hold, for each y, the first of its x, and at the end the number of all x: y's are the rows
    x_of_y[y] to before x_of_y[y + 1].
    """

    operations_of_service: Ints
    """[S + 1]"""
    calls_of_operation: Ints
    """[O + 1]"""
    channels_of_operation: Ints
    """[O + 1] channels that lead to it."""
    operation_service: Ints
    """[O]"""
    arrivals_of_operation: Ints
    """[O + 1] rows that arrive at it."""
    arrival_row: Ints
    """Rows of request types and then calls, by the operation that they arrive at."""
    max_rate_rps: Floats
    """[S] that a service accepts; infinite: no limit of its own."""
    call_channel: Ints
    """[C]"""
    call_operation: Ints
    """[C] the callee operation."""
    call_awaited: Floats
    """[C] 1: the caller waits for the answer; 0: a message."""
    call_required: Floats
    """[C] 1: the caller fails where the call does."""
    channel_edge: Ints
    """[H]"""
    channel_source: Ints
    """[H] the caller service."""
    channel_awaited: Floats
    """[H] 1: the caller waits for the answer; 0: messages."""
    channel_retries: Floats
    """[H] further attempts after a failed one, without what a flag adds."""
    channel_weight: Floats
    """[H] one over the channels between the same two services."""
    channel_unbound: Floats
    """[H] 1 where no worker waits for the answer: users' requests, and messages."""
    channel_timeout_seconds: Floats
    """[H] infinite for messages."""
    channel_spread: Floats
    """[H] factor of the second and third cumulant of times: above 1 for users' requests that visit services again."""
    request_channel: Ints
    """[R]"""
    dispersion: Floats
    """[S] variance over mean of how often the users' requests of a while visit a service, if they are Poisson."""
    is_consumer: NDArray[np.bool_]
    """[S] takes messages."""
    memory_base_bytes: Floats
    """[S]"""
    memory_per_request_bytes: Floats
    """[S]"""


class Groups(NamedTuple):
    """Rows by owner: the members of group g are `rows[first[g]:first[g + 1]]`."""

    first: Ints
    """[G + 1]"""
    rows: Ints


def groups_of(*members: Ints) -> Groups:
    """Groups of these rows."""
    return Groups(
        first=np.cumsum([0, *(len(rows) for rows in members)]),
        rows=np.concatenate(members).astype(np.int64),
    )


@lru_cache(maxsize=16)
def index_of(graph: CompiledGraph) -> Index:
    """Of a compiled graph."""
    targets = np.concatenate([graph.channel_operation[graph.request_channel], graph.call_operation])
    return Index(
        operations_of_service=_firsts(graph.operation_service, graph.num_services),
        calls_of_operation=_firsts(graph.call_owner, graph.num_operations),
        channels_of_operation=_firsts(graph.channel_operation, graph.num_operations),
        operation_service=graph.operation_service,
        arrivals_of_operation=_firsts(np.sort(targets), graph.num_operations),
        arrival_row=np.argsort(targets, kind="stable"),
        max_rate_rps=graph.max_rate_rps[:, 0].copy(),
        call_channel=graph.call_channel,
        call_operation=graph.call_operation,
        call_awaited=graph.call_awaited[:, 0].copy(),
        call_required=graph.call_required[:, 0].copy(),
        channel_edge=graph.channel_edge,
        channel_source=graph.channel_source,
        channel_awaited=graph.channel_awaited[:, 0].copy(),
        channel_retries=graph.channel_retries[:, 0].copy(),
        channel_weight=graph.channel_weight[:, 0].copy(),
        channel_unbound=graph.channel_unbound[:, 0].copy(),
        channel_timeout_seconds=graph.channel_timeout_seconds[:, 0].copy(),
        channel_spread=channel_spread(graph),
        request_channel=graph.request_channel,
        dispersion=dispersion(graph),
        is_consumer=graph.is_consumer,
        memory_base_bytes=graph.memory_base_bytes[:, 0].copy(),
        memory_per_request_bytes=graph.memory_per_request_bytes[:, 0].copy(),
    )


def _firsts(owners: Ints, count: int) -> Ints:
    """[count + 1] where each owner's rows begin in an array that is sorted by owner."""
    return np.searchsorted(owners, np.arange(count + 1)).astype(np.int64)
