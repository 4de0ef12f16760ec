"""The last buckets of N stands, kept as sums in a ring, and the telemetry windows read from them."""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import EPOCH_NS, REQUEST_BYTES, RESPONSE_BYTES
from clusters.simulated.probes import EDGE_PROBES, JOURNEY_PROBES, NODE_PROBES, STAND_PROBES
from clusters.simulated.quantiles import latency_parts, mixture_p95, part_groups
from clusters.simulated.state import StandState
from clusters.simulated.sums import ChannelSum, OperationSum, RequestSum, ServiceSum, StandSum
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NODE_NAMES = (
    *(name.name.lower() for name in OperationSum),
    *(name.name.lower() for name in ServiceSum),
    "receive_bytes",
    "transmit_bytes",
)
_EDGE_NAMES = tuple(name.name.lower() for name in ChannelSum)
_JOURNEY_NAMES = tuple(name.name.lower() for name in RequestSum)
_STAND_NAMES = tuple(name.name.lower() for name in StandSum)


class History:
    """Rings of bucket sums, stand axis first: [N, T, S|E|J, sums] float32.

    Beside them the sums of the parts that a percentile is mixed from, and the percentiles of the fine buckets.
    """

    def __init__(self, graph: CompiledGraph, num_stands: int, num_buckets: int, bucket_seconds: float) -> None:
        self._graph = graph
        self.num_buckets = num_buckets
        self.bucket_seconds = bucket_seconds
        self.count: Ints = np.zeros(num_stands, dtype=np.int64)
        """[N] buckets since each stand's reset."""
        application = graph.application
        head = (num_stands, num_buckets)
        self._groups = part_groups(graph)
        num_parts = graph.num_operations + graph.num_channels + len(application.request_types)
        self._rings = {
            "parts": np.zeros((*head, num_parts, 3), dtype=np.float32),
            "p95": np.zeros((*head, len(self._groups)), dtype=np.float32),
            "nodes": np.zeros((*head, graph.num_services, len(_NODE_NAMES)), dtype=np.float32),
            "edges": np.zeros((*head, len(application.edges), len(_EDGE_NAMES)), dtype=np.float32),
            "journeys": np.zeros((*head, len(application.journeys), len(_JOURNEY_NAMES)), dtype=np.float32),
            "stand": np.zeros((*head, len(_STAND_NAMES)), dtype=np.float32),
        }

    def record(self, state: StandState, columns: Ints, stands: Ints) -> None:
        """Close the bucket of the state's `columns`, which are these `stands` here, and clear its sums."""
        place = (stands, self.count[stands] % self.num_buckets)
        graph = self._graph
        services = _service_sums(graph, state, columns)
        edges = _grouped(state.channel_sums[..., columns], graph.channel_edge, len(graph.application.edges))
        journeys = _grouped(state.request_sums[..., columns], graph.request_journey, len(graph.application.journeys))
        parts = latency_parts(state, columns)
        self._rings["parts"][place] = parts.T
        self._rings["p95"][place] = mixture_p95(parts, self._groups).T
        self._rings["nodes"][place] = services.T
        self._rings["edges"][place] = edges.T
        self._rings["journeys"][place] = journeys.T
        self._rings["stand"][place] = state.stand_sums[:, columns].T
        self.count[stands] += 1
        for sums in (
            state.operation_sums,
            state.service_sums,
            state.channel_sums,
            state.request_sums,
            state.stand_sums,
        ):
            sums[..., columns] = 0.0

    def restart(self, stands: Ints) -> None:
        """Forget the buckets of some stands."""
        self.count[stands] = 0

    def take(self, stands: Ints) -> "History":
        """A copy for some stands, in the order given."""
        copy = History.__new__(History)
        copy._graph, copy._groups = self._graph, self._groups
        copy.num_buckets, copy.bucket_seconds = self.num_buckets, self.bucket_seconds
        copy.count = self.count[stands]
        copy._rings = {name: ring[stands] for name, ring in self._rings.items()}
        return copy

    def window(self, stands: Ints, num_buckets: int, factor: int) -> TelemetryWindow:
        """The last `num_buckets` buckets of some stands, each of `factor` buckets here.

        Times before the reset are NaN; so is a coarse bucket that the reset falls into.
        """
        fine = num_buckets * factor
        position = self.count[stands][:, None] - fine + np.arange(fine)
        known = (position >= 0).reshape(len(stands), num_buckets, factor).all(axis=-1)
        place = (stands[:, None], position % self.num_buckets)
        seconds = np.array(self.bucket_seconds * factor)
        p95 = self._p95(place, num_buckets, factor)
        levels, first = {}, 0
        for name, signals, probes, sum_names in (
            ("nodes", NODE_SIGNALS, NODE_PROBES, _NODE_NAMES),
            ("edges", EDGE_SIGNALS, EDGE_PROBES, _EDGE_NAMES),
            ("journeys", JOURNEY_SIGNALS, JOURNEY_PROBES, _JOURNEY_NAMES),
            ("stand", STAND_SIGNALS, STAND_PROBES, _STAND_NAMES),
        ):
            ring = self._rings[name][place]
            sums = ring.reshape(len(stands), num_buckets, factor, *ring.shape[2:]).sum(axis=2, dtype=np.float64)
            by_name = {sum_name: sums[..., column] for column, sum_name in enumerate(sum_names)}
            if name != "stand":
                last = first + sums.shape[-2]
                by_name["latency_p95"] = p95[..., first:last]
                first = last
            values = np.stack([probes[signal.name](by_name, seconds) for signal in signals], axis=-1, dtype=np.float32)
            values[~known] = np.nan
            levels[name] = values
        start = EPOCH_NS + position[:, ::factor] * round(self.bucket_seconds * 1e9)
        return TelemetryWindow(
            bucket_seconds=self.bucket_seconds * factor,
            times_ns=start,
            nodes=levels["nodes"],
            edges=levels["edges"],
            journeys=levels["journeys"],
            stand=levels["stand"],
        )

    def _p95(self, place: tuple[Ints, Ints], num_buckets: int, factor: int) -> Floats:
        """[N, T, S + E + J] as recorded, or of the coarser buckets' own mixtures."""
        if factor == 1:
            return self._rings["p95"][place].astype(np.float64)
        parts = self._rings["parts"][place]
        coarse = parts.reshape(len(parts), num_buckets, factor, *parts.shape[2:]).sum(axis=2, dtype=np.float64)
        return np.moveaxis(mixture_p95(np.moveaxis(coarse, (3, 2), (0, 1)), self._groups), 0, -1)


def _grouped(rows: Floats, group: Ints, num_groups: int) -> Floats:
    """Sums [F, X, N] added up over the rows of each group: [F, groups, N], in row order."""
    total = np.zeros((rows.shape[0], num_groups, rows.shape[2]))
    for row, position in enumerate(group):
        total[:, position] += rows[:, row]
    return total


def _service_sums(graph: CompiledGraph, state: StandState, columns: Ints) -> Floats:
    """[node sums, S, N] in the application's order. Bytes on the wire follow from the calls received and sent."""
    operations = _grouped(state.operation_sums[..., columns], graph.operation_service, graph.num_services)
    sent = _grouped(state.channel_sums[:1, :, columns], graph.channel_source, graph.num_services)
    received = operations[OperationSum.REQUESTS : OperationSum.REQUESTS + 1]
    receive_bytes = received * REQUEST_BYTES + sent * RESPONSE_BYTES
    transmit_bytes = received * RESPONSE_BYTES + sent * REQUEST_BYTES
    sums = np.concatenate([operations, state.service_sums[..., columns], receive_bytes, transmit_bytes])
    return sums[:, graph.public_services]
