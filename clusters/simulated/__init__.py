"""Simulated stands: a service graph as queues, all stands of a batch at once.

One tick (1 s):
replicas -> arrivals -> flow (top-down: queues serve, calls go out) -> latency (bottom-up) -> sums per bucket

Every array is service-major with the stand axis innermost, so that an operation on a service touches contiguous
memory of all stands. Legend: N stands, S services, K replica slots, O operations, C call sites, H channels (a caller
service, a callee operation and a timeout), E edges, R request types, J journeys, G flags, T buckets. Inside,
services stand in topological order (callers first); probes bring them into the application's order.

Sums over a leading axis are spelled out (`ordered_sum`): numpy adds a [k, 1] array in another order than a [k, N] one,
and a stand must not depend, to the last bit, on how many others it is stepped with.

To add a fault or an operator's verb: its dataclass in `clusters.commands`, one rule in `operator_rules` or
`scenario_rules`. To add a signal: one line in `clusters.telemetry` and one probe in `probes`.
"""
