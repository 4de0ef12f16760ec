"""What the PromQL reader tells against what Locust measured at the entry, and what reading costs Prometheus."""

import time
from collections.abc import Mapping

from clusters.commands import SetFlag
from clusters.k3s.connection import connect
from clusters.k3s.load import LoadDriver, SentRequests
from clusters.k3s.telemetry.reader import ClusterReader
from clusters.telemetry import JOURNEY_SIGNALS
from tests.benchmarks.bars import Bar
from tests.benchmarks.k3s_lab import APPLICATION, live_inventory, live_stand
from tests.stands import journey, scenario

READ_SECONDS = 180.0
BUCKET_SECONDS = 10.0
TOLERANCE = 0.1
FEW_STANDS, MANY_STANDS = 2, 50
NUM_INTERVALS = 3
_NS = 1_000_000_000


def reading_bars() -> list[Bar]:
    """Rates, error ratios and p95 of three minutes of steady load in which half of all payments fail."""
    with live_stand() as live:
        stand = live.stand
        stand.reset(scenario(warmup_seconds=20.0), seed=0)
        stand.apply(SetFlag(flag="paymentFailure", variant="50%"))
        stand.advance(20.0)
        load = LoadDriver(connect(live.inventory.clusters[0]), stand.namespace)
        # At the wall's bucket bounds, which the stand's clock reaches a little later.
        start_ns = _at_next_bound()
        # Locust's percentiles are of everything since a load began.
        load.begin(APPLICATION, scenario().workload, rate_ratio=live.inventory.rate_ratio, seed=1)
        time.sleep(READ_SECONDS - (time.time_ns() - start_ns) / _NS)
        measured = _by_journey(load.stats())
        end_ns = start_ns + round(READ_SECONDS * _NS)
        lag_seconds = live.inventory.clusters[0].telemetry.lag_seconds
        time.sleep(max(0.0, lag_seconds - (time.time_ns() - end_ns) / _NS))
        window = live.reader.window(
            APPLICATION, stand.namespace, end_ns=end_ns, window_seconds=READ_SECONDS, bucket_seconds=READ_SECONDS
        )
    bars = []
    for name, total in measured.items():
        signals = {signal.name: float(journey(window, name, signal.name)[0]) for signal in JOURNEY_SIGNALS}
        bars.append(_near(f"{name}_rate_rps", signals["offered_rate_rps"], total.requests / READ_SECONDS))
        if total.failures:
            bars.append(_near(f"{name}_error_ratio", signals["error_ratio"], total.failures / total.requests))
        if total.p95_milliseconds is not None:
            bars.append(_near(f"{name}_p95_milliseconds", signals["latency_p95_milliseconds"], total.p95_milliseconds))
    return bars


def _near(name: str, value: float, measured: float) -> Bar:
    ratio = value / measured
    return Bar(
        name=f"promql_{name}",
        value=value,
        anchor=f"Locust {measured:.3f}",
        ratio=ratio,
        goal="within 10 %",
        holds=abs(ratio - 1.0) <= TOLERANCE,
    )


class _Total:
    """What Locust has of a journey since the load began."""

    def __init__(self, rows: list[SentRequests]) -> None:
        self.requests = sum(row.num_requests for row in rows)
        self.failures = sum(row.num_failures for row in rows)
        # Percentiles of several request types cannot be put together.
        self.p95_milliseconds = rows[0].p95_milliseconds if len(rows) == 1 else None


def _by_journey(rows: tuple[SentRequests, ...]) -> Mapping[str, _Total]:
    by_name = {row.name: row for row in rows}
    return {
        goal.name: _Total([by_name[r.name] for r in APPLICATION.request_types if r.journey == goal.name])
        for goal in APPLICATION.journeys
    }


def _at_next_bound() -> int:
    """Sleep until the wall's clock is at a bucket bound; that time."""
    bucket_ns = round(BUCKET_SECONDS * _NS)
    bound_ns = (time.time_ns() // bucket_ns + 1) * bucket_ns
    time.sleep((bound_ns - time.time_ns()) / _NS)
    return bound_ns


def query_bars() -> list[Bar]:
    """Queries of one telemetry interval when few and when many stands are read."""
    with live_inventory(stands=MANY_STANDS) as inventory:
        reader = ClusterReader(inventory.clusters[0], inventory)
        try:
            few, many = (
                _queries_per_interval(reader, inventory.namespace_prefix, n) for n in (FEW_STANDS, MANY_STANDS)
            )
        finally:
            reader.close()
    return [
        Bar(
            name=f"queries_per_interval_{MANY_STANDS}_stands",
            value=many,
            anchor=f"{FEW_STANDS} stands {few:.0f}",
            ratio=many / few,
            goal="<= 1x",
            holds=many <= few,
        )
    ]


def _queries_per_interval(reader: ClusterReader, prefix: str, num_stands: int) -> float:
    _read(reader, prefix, num_stands, _at_next_bound())
    before = reader.num_queries
    for _ in range(NUM_INTERVALS):
        _read(reader, prefix, num_stands, _at_next_bound())
    return (reader.num_queries - before) / NUM_INTERVALS


def _read(reader: ClusterReader, prefix: str, num_stands: int, end_ns: int) -> None:
    for number in range(num_stands):
        reader.window(
            APPLICATION,
            f"{prefix}-small-core-{number:06d}",
            end_ns=end_ns,
            window_seconds=4 * BUCKET_SECONDS,
            bucket_seconds=BUCKET_SECONDS,
        )
