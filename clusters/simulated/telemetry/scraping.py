"""What Prometheus sees of a stand: its signals with noise, gaps, resets of counters, and late.

true values of a bucket -> resets -> noise -> gaps -> what is recorded as seen; the delay is in the reading. Nothing of
it changes the stand, and the streams of randomness are its own: two branches of a stand are scraped alike.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.randomness import Words, uniforms
from clusters.stand import StandError
from clusters.telemetry import EDGE_SIGNALS, NODE_SIGNALS, Signal, SignalKind, signal_index
from clusters.topology import Application

Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]

SCRAPE_STREAM: Final = 1 << 22
"""One stream for the place in the noise table, one per service for its gaps and one for its resets."""
_RESTARTS, _DESIRED = signal_index(NODE_SIGNALS, "restarts"), signal_index(NODE_SIGNALS, "replicas_desired")
_COUNTERS = np.array([signal.kind is SignalKind.COUNTER for signal in NODE_SIGNALS])
_NOISE_TABLE: Final = 1 << 18
"""Draws in the table; at its end it holds as many again as one bucket needs."""
_NOISE_TABLE_SEED: Final = 20_260_101


@dataclass(frozen=True, kw_only=True)
class Scraping:
    """How telemetry is collected. The defaults are a perfect scraper; what the load generator measures stays exact."""

    scrape_interval_seconds: float = 10.0
    """Time between two scrapes, at most a bucket: a replica that restarts loses what it counted since the last one."""
    noise_ratio: float = 0.0
    """Relative standard deviation of every measured series, bucket by bucket."""
    delay_buckets: int = 0
    """The newest buckets that are not there yet when telemetry is read."""
    gap_ratio: float = 0.0
    """Chance that a bucket of a service is lost: all its series, and those of the edges that it calls on."""
    histogram: bool = False
    """Whether percentiles of services and edges come from the collector's histograms."""

    def __post_init__(self) -> None:
        if not self.scrape_interval_seconds > 0:
            raise ValueError(f"scrape_interval_seconds must be above 0, not {self.scrape_interval_seconds}")
        if not 0 <= self.noise_ratio <= 1:
            raise ValueError(f"noise_ratio must be between 0 and 1, not {self.noise_ratio}")
        if self.delay_buckets < 0:
            raise ValueError(f"delay_buckets must not be negative, but is {self.delay_buckets}")
        if not 0 <= self.gap_ratio < 1:
            raise ValueError(f"gap_ratio must be at least 0 and below 1, not {self.gap_ratio}")

    def require(self, bucket_seconds: float) -> None:
        """Check that it suits stands of these buckets.

        Raises:
            StandError: a bucket would hold no scrape.
        """
        if self.scrape_interval_seconds > bucket_seconds:
            raise StandError(
                f"a scrape every {self.scrape_interval_seconds:g} s leaves buckets of {bucket_seconds:g} s empty; "
                "lower scrape_interval_seconds or take longer buckets"
            )


class Scraper:
    """Applies a `Scraping` to the telemetry of an application. It holds no state.

    Legend: n stands, S services, E edges, F signals of the level, in the catalogue's order.
    """

    def __init__(
        self, scraping: Scraping, application: Application, bucket_seconds: float, missing: float = np.nan
    ) -> None:
        scraping.require(bucket_seconds)
        self.scraping = scraping
        self._missing = np.float32(missing)
        self._interval_ratio = scraping.scrape_interval_seconds / bucket_seconds
        names = application.service_names
        self._edge_source = np.array([names.index(edge.source) for edge in application.edges])
        self._num_services = len(names)

    def scrape(self, seeds: Words, ticks: Ints, nodes: Floats32, edges: Floats32) -> tuple[Floats32, Floats32]:
        """One bucket of some stands as it is seen.

        Args:
            seeds: [n] of the stands' noise.
            ticks: [n] ticks since the reset at the bucket's end.
            nodes: [S, F, n] true values.
            edges: [E, F, n]

        Returns:
            New arrays of the same shapes.
        """
        nodes, edges = nodes.copy(), edges.copy()
        self._reset_counters(seeds, ticks, nodes)
        if self.scraping.noise_ratio:
            self._add_noise(seeds, ticks, nodes, edges)
        if self.scraping.gap_ratio:
            streams = SCRAPE_STREAM + 1 + np.arange(self._num_services)
            is_lost = uniforms(seeds, ticks, streams) < self.scraping.gap_ratio
            for values, lost in ((nodes, is_lost), (edges, is_lost[self._edge_source])):
                entity, stand = np.nonzero(lost)
                values[entity, :, stand] = self._missing
        return nodes, edges

    def delay(self, values: Floats32) -> Floats32:
        """Scraped values [N, T, ...] without what has not arrived yet; the same array where nothing is late."""
        late = self.scraping.delay_buckets
        if not late:
            return values
        arrived = values.copy(order="K")
        arrived[:, -late:] = self._missing
        return arrived

    def _reset_counters(self, seeds: Words, ticks: Ints, nodes: Floats32) -> None:
        """A replica that restarted lost what it counted since its last scrape, a drawn share of the interval.

        Prometheus' `rate` adds up increases and takes a fall for a restart from 0, so that the increase between the
        last scrape and the restart is never seen (Prometheus, "Query functions", rate and resets).
        """
        service, stand = np.nonzero(nodes[:, _RESTARTS] > 0)
        if len(stand):
            desired = nodes[service, _DESIRED, stand]
            restarted = np.minimum(nodes[service, _RESTARTS, stand] / np.maximum(desired, 1.0), 1.0)
            streams = SCRAPE_STREAM + 1 + self._num_services + np.arange(self._num_services)
            drawn = uniforms(seeds[stand], ticks[stand], streams)[service, np.arange(len(stand))]
            kept = (1.0 - restarted * drawn * self._interval_ratio).astype(np.float32)
            values = nodes[service, :, stand]
            is_there = _COUNTERS & (values != self._missing)
            nodes[service, :, stand] = np.where(is_there, values * kept[:, None], values)

    def _add_noise(self, seeds: Words, ticks: Ints, nodes: Floats32, edges: Floats32) -> None:
        """Multiply every measured series by a draw of mean 1: a slice of a fixed table, at a drawn place per stand."""
        num_series = len(_NOISY_NODES) * len(nodes) + len(_NOISY_EDGES) * len(edges)
        table = _noise_table(self.scraping.noise_ratio, num_series)
        place = (uniforms(seeds, ticks, np.array([SCRAPE_STREAM]))[0] * _NOISE_TABLE).astype(np.int64)
        draws = np.lib.stride_tricks.sliding_window_view(table, num_series)[place].T.copy()
        first = 0
        for values, noisy in ((nodes, _NOISY_NODES), (edges, _NOISY_EDGES)):
            for position, is_ratio in noisy:
                series, factor = values[:, position], draws[first : first + len(values)]
                first += len(values)
                if not np.isnan(self._missing):
                    np.copyto(factor, np.float32(1.0), where=series == self._missing)
                series *= factor
                if is_ratio:
                    np.minimum(series, np.float32(1.0), out=series)


def _noisy(signals: tuple[Signal, ...]) -> list[tuple[int, bool]]:
    """(position, whether it is a ratio) of the signals that noise touches."""
    return [
        (position, signal.name.endswith("_ratio"))
        for position, signal in enumerate(signals)
        if signal.kind is not SignalKind.STATE
    ]


_NOISY_NODES, _NOISY_EDGES = _noisy(NODE_SIGNALS), _noisy(EDGE_SIGNALS)


@cache
def _noise_table(noise_ratio: float, num_series: int) -> Floats32:
    """Lognormal draws of mean 1 and this relative standard deviation, [_NOISE_TABLE + num_series]."""
    sigma = np.sqrt(np.log1p(noise_ratio**2))
    draws = np.random.default_rng(_NOISE_TABLE_SEED).standard_normal(_NOISE_TABLE + num_series, dtype=np.float32)
    table: Floats32 = np.exp(np.float32(sigma) * draws - np.float32(0.5 * sigma**2))
    table.flags.writeable = False
    return table
