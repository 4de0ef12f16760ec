"""Distributions of times over a bucket: cumulants that add up along the calls, and percentiles of their mixtures.

The first three cumulants of a sum are the sums of the parts'. Three cumulants fix a shifted gamma distribution (Pearson
type III), whose percentiles Wilson and Hilferty's cube root gives. A service mixes its operations, an edge its
channels, a journey its request types; one fit to the mixture's own cumulants would be 20 to 30 % off where a slow part
is mixed into a fast one, so a mixture's percentile is solved for.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.index import Index, groups_of, index_of
from clusters.simulated.kernels.latency_arrays import Latency
from clusters.simulated.kernels.percentiles import fill_shapes, fill_share_within, mix_percentiles
from clusters.simulated.kernels.sums import add_by_owner
from clusters.simulated.kernels.times import Played, fill_times
from clusters.simulated.state import StandState

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Mixtures:
    """Which rows a service, an edge, a journey mixes; compiled once per graph.

    Rows X are operations, then channels; groups G are services and edges, in the application's order, and journeys.
    """

    def __init__(self, graph: CompiledGraph) -> None:
        members = graph.parts
        self.num_scraped = graph.num_services + len(graph.application.edges)
        """The first so many groups, services and edges, mix rows of their own."""
        self.scraped_group = np.zeros(graph.num_operations + graph.num_channels, dtype=np.int64)
        """[X] which of them a row belongs to."""
        for g, rows in enumerate(members[: self.num_scraped]):
            self.scraped_group[rows] = g
        self.groups = groups_of(*members)
        self.index = index_of(graph)

    @property
    def num_groups(self) -> int:
        """G."""
        return len(self.groups.first) - 1

    def p95(self, distributions: "Distributions", executions: Floats, attempts: Floats) -> Floats:
        """[G, N] 95th percentile of each group in milliseconds; NaN without requests.

        Args:
            distributions: of the rows.
            executions: [O, N] requests of each operation.
            attempts: [H, N] of each channel.
        """
        num_stands = executions.shape[1]
        percentiles = np.empty((self.num_groups, num_stands), dtype=np.float32)
        room, beyond = np.empty((3, num_stands), dtype=np.float32), np.empty((2, num_stands), dtype=np.float32)
        times, shapes = distributions.times, distributions.shapes
        mix_percentiles(self.groups, times, shapes, executions, attempts, room, beyond, percentiles)
        return percentiles

    def scraped_sums(self, rows: Floats) -> Floats:
        """[S + E, N] the sums of the rows [X, N] of services and edges."""
        totals = np.empty((self.num_scraped, rows.shape[1]), dtype=np.float32)
        add_by_owner(self.scraped_group, rows[None], totals[None])
        return totals


class Distributions:
    """Shifted gamma distributions with these cumulants, [3, X, N]; callers give up after their timeouts, [H].

    `scv` [O, N] is filled with the squared coefficients of variation of operations.
    """

    def __init__(self, times: Floats, timeout_seconds: Floats, scv: Floats) -> None:
        self.times = times
        self.shapes: Floats = np.empty_like(times)
        """[3, X, N] deviations, skews, 95th percentiles in seconds."""
        fill_shapes(times, timeout_seconds, scv, self.shapes)

    def share_within(self, limit: Floats, rows: Ints | None = None) -> Floats:
        """[x, N] share of times up to `limit` ([x, N] or [x, 1] seconds) of these rows; None: of all."""
        chosen = np.arange(len(limit)) if rows is None else rows
        share = np.empty((len(chosen), self.times.shape[2]), dtype=np.float32)
        limits = np.ascontiguousarray(np.broadcast_to(limit, share.shape))
        fill_share_within(self.times, self.shapes, chosen, limits, share)
        return share


def bucket_times(graph: CompiledGraph, index: Index, state: StandState, latency: Latency, num_ticks: int) -> Floats:
    """[3, X, N] cumulants of the bucket: seconds, seconds squared, seconds cubed."""
    times = np.empty((3, graph.num_operations + graph.num_channels, state.num_stands), dtype=np.float32)
    played = Played(
        operation_sums=state.operation_sums,
        service_sums=state.service_sums,
        channel_sums=state.channel_sums,
        own=latency.own,
        added_seconds=state.added_seconds,
        call_rate=state.call_rate,
        call_count=state.call_count,
        edge_delay_seconds=state.edge_delay_seconds,
    )
    room = np.empty((graph.num_services, state.num_stands), dtype=np.float32)
    fill_times(index, played, np.float32(1.0 / num_ticks), room, times)
    return times
