"""The last buckets of N stands, kept as signals in rings, and the telemetry windows read from them.

A ring is [T, entities, signals, N]: a bucket is written as it is computed, and a window of stands whose clocks agree is
a view. The slow paths (a copy) are for stands that were advanced apart, for windows across the ring's end, and for
coarser buckets.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.columns import copy_buckets, copy_columns, move_to_start
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.probes import Signals
from clusters.simulated.parameters import EPOCH_NS
from clusters.simulated.telemetry.probes import Bucket
from clusters.simulated.telemetry.scraping import Scraper
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LEVELS: Final = {
    "nodes": NODE_SIGNALS,
    "edges": EDGE_SIGNALS,
    "journeys": JOURNEY_SIGNALS,
    "stand": STAND_SIGNALS,
}
_TOTALS: Final = frozenset({"restarts"})
"""Signals of a coarse bucket that are the sum of the fine ones'."""
_PER_REQUEST: Final = frozenset({"error_ratio", "latency_mean_milliseconds", "latency_p95_milliseconds", "good_ratio"})
"""Those that are the mean over requests, so weighted by the rate; a percentile is so only nearly. The rest is a mean
over time."""
_RATES: Final = ("request_rate_rps", "offered_rate_rps")
_SEEN: Final = {"nodes": "nodes_seen", "edges": "edges_seen"}
"""Levels that are scraped, and the rings of what is seen of them; the load generator knows the others itself."""


class History:
    """Rings of signals.

    Args:
        graph: the application.
        num_stands: N.
        num_buckets: how many are kept, at least.
        spare_buckets: room beyond; with as many as `num_buckets` or more, a window across the ring's end is moved to
            its start instead of copied.
        bucket_seconds: length of a bucket.
        missing: what stands for a value that is not there.
        scraper: how telemetry is collected; None: as it is.
    """

    def __init__(
        self,
        graph: CompiledGraph,
        num_stands: int,
        num_buckets: int,
        bucket_seconds: float,
        *,
        spare_buckets: int = 0,
        missing: float = np.nan,
        scraper: Scraper | None = None,
    ) -> None:
        application = graph.application
        self.num_buckets, self.bucket_seconds, self.missing = num_buckets, bucket_seconds, missing
        self._size = num_buckets + spare_buckets
        self.scraper = scraper
        entities = (graph.num_services, len(application.edges), len(application.journeys), 1)
        shapes: dict[str, tuple[int, ...]] = {
            name: (num, len(signals)) for num, (name, signals) in zip(entities, LEVELS.items(), strict=True)
        }
        if scraper is not None:
            shapes |= {seen: shapes[name] for name, seen in _SEEN.items()}
        self._allocate(shapes, num_stands)

    def _allocate(self, shapes: dict[str, tuple[int, ...]], num_stands: int) -> None:
        """Empty rings of [entities, signals]."""
        self.count: Ints = np.zeros(num_stands, dtype=np.int64)
        """[N] buckets since each stand's reset."""
        self._head: Ints = np.zeros(num_stands, dtype=np.int64)
        """[N] where each stand's next bucket goes; the ring's size stands for its start."""
        self._is_aligned = True
        self._rings = {
            name: np.full((self._size, *shape, num_stands), self.missing, dtype=np.float32)
            for name, shape in shapes.items()
        }

    def record(self, bucket: Bucket, stands: Ints) -> None:
        """Append the bucket of these stands."""
        everyone = np.array_equal(stands, np.arange(len(self.count)))
        self._head[stands] %= self._size
        heads = self._head[stands]
        places = heads[:1] if (heads == heads[0]).all() else np.unique(heads)
        if everyone and len(places) == 1:
            bucket.fill(Signals(*(self._rings[name][places[0]] for name in LEVELS)), self.missing)
        else:
            self._scatter(bucket, heads, places, stands)
        if self.scraper is not None:
            for place in places:
                columns = np.flatnonzero(heads == place)
                self._scrape(self.scraper, bucket, int(place), columns, stands[columns])
        self._head[stands] += 1
        self.count[stands] += 1
        if not everyone:
            self._is_aligned = bool((self._head == self._head[0]).all())

    def _scatter(self, bucket: Bucket, heads: Ints, places: Ints, stands: Ints) -> None:
        """Write the columns of a bucket to the places `heads` [K] of these stands [K]; `places` are all there are."""
        rings = [self._rings[name] for name in LEVELS]
        told = Signals(*(np.empty((*ring.shape[1:3], len(stands)), dtype=np.float32) for ring in rings))
        bucket.fill(told, self.missing)
        for place in places:
            columns = np.flatnonzero(heads == place)
            for ring, level in zip(rings, told, strict=True):
                rows = level.reshape(-1, len(stands))
                copy_columns(rows, columns, ring[place].reshape(len(rows), -1), stands[columns])

    def _scrape(self, scraper: Scraper, bucket: Bucket, place: int, columns: Ints, stands: Ints) -> None:
        everyone = len(stands) == len(self.count) and bool((stands == np.arange(len(stands))).all())
        index = slice(None) if everyone else stands
        nodes, edges = (self._rings[name][place][..., index] for name in _SEEN)
        seen = scraper.scrape(bucket.state.seed[columns], bucket.state.tick[columns], nodes, edges)
        for name, values in zip(_SEEN.values(), seen, strict=True):
            self._rings[name][place][..., index] = values

    def restart(self, stands: Ints, num_buckets: int) -> None:
        """Forget the buckets of some stands, which then get `num_buckets`: so that they end where the others are."""
        others = np.ones(len(self.count), dtype=np.bool_)
        others[stands] = False
        present = self._head[others] if others.any() else np.zeros(1, dtype=np.int64)
        self._head[stands] = (present[0] - num_buckets) % self._size
        self.count[stands] = 0
        everyone = not others.any()
        # What a full history overwrites is never read again, and clearing columns of the rings is dear.
        for ring in self._rings.values() if num_buckets < self.num_buckets else ():
            if everyone:
                ring[...] = self.missing
            else:
                ring[..., stands] = self.missing
        self._is_aligned = bool((self._head == self._head[0]).all())

    def empty(self, num_stands: int) -> "History":
        """One for other stands that keeps as many buckets, collected in the same way, and has no room beyond them."""
        other = History.__new__(History)
        other.num_buckets, other.bucket_seconds, other.missing = self.num_buckets, self.bucket_seconds, self.missing
        other._size, other.scraper = self.num_buckets, self.scraper
        other._allocate({name: ring.shape[1:-1] for name, ring in self._rings.items()}, num_stands)
        return other

    def adopt(self, stands: Ints, source: "History", columns: Ints) -> None:
        """Take over what another one has, so that it ends where the others are.

        Args:
            stands: [K]
            source: keeps as many buckets, collected in the same way.
            columns: [K] of the source.
        """
        self.restart(stands, self.num_buckets)
        first = int(self._head[stands[0]])
        for name, ring in self._rings.items():
            buckets = source._last(name, None, self.num_buckets).transpose(1, 2, 3, 0)
            rows = buckets.reshape(self.num_buckets, -1, buckets.shape[-1])
            places = ring.reshape(self._size, -1, ring.shape[-1])
            copy_buckets(rows, columns, places, first, stands)
        self._head[stands] = (first + self.num_buckets - 1) % self._size + 1
        self.count[stands] = source.count[columns]
        self._is_aligned = bool((self._head == self._head[0]).all())

    def take(self, stands: Ints) -> "History":
        """A copy for some stands, in the order given."""
        copy = History.__new__(History)
        copy.num_buckets, copy.bucket_seconds, copy.missing = self.num_buckets, self.bucket_seconds, self.missing
        copy._size, copy.scraper = self._size, self.scraper
        copy.count, copy._head = self.count[stands], self._head[stands]
        copy._is_aligned = bool((copy._head == copy._head[0]).all())
        copy._rings = {name: np.take(ring, stands, axis=-1) for name, ring in self._rings.items()}
        return copy

    def window(self, stands: Ints | None, num_buckets: int, factor: int, *, is_true: bool = False) -> TelemetryWindow:
        """The last `num_buckets` buckets of some stands (None: all), each of `factor` buckets here.

        Times before the reset are missing; so is a coarse bucket that the reset falls into. With a factor of 1 and
        stands at the same clock it may be views, valid until the next bucket. Without a scraper what is seen is true.
        """
        fine = num_buckets * factor
        scraper = None if is_true else self.scraper
        values = {}
        for name in LEVELS:
            is_scraped = scraper is not None and name in _SEEN
            level = self._last(_SEEN[name] if is_scraped else name, stands, fine)
            values[name] = scraper.delay(level) if scraper is not None and is_scraped else level
        if factor > 1:
            values = {name: self._merge(name, level, factor) for name, level in values.items()}
        count = self.count if stands is None else self.count[stands]
        first = count[:, None] - fine + np.arange(0, fine, factor)
        return TelemetryWindow(
            bucket_seconds=self.bucket_seconds * factor,
            times_ns=EPOCH_NS + first * round(self.bucket_seconds * 1e9),
            nodes=values["nodes"],
            edges=values["edges"],
            journeys=values["journeys"],
            stand=values["stand"][..., 0, :],
            missing=self.missing,
        )

    def _last(self, name: str, stands: Ints | None, num_buckets: int) -> Floats:
        """[N, T, entities, signals] the last buckets of a level; a view if that is possible."""
        ring = self._rings[name]
        if self._is_aligned:
            head = int(self._head[0])
            if head < num_buckets and self._size >= 2 * self.num_buckets:
                self._move_to_start()
                head = int(self._head[0])
            if head >= num_buckets:
                part = ring[head - num_buckets : head]
            else:
                part = np.concatenate([ring[head - num_buckets :], ring[:head]])
            if stands is not None:
                part = part.take(stands, axis=-1)
            return part.transpose(3, 0, 1, 2)
        index = np.arange(len(self.count)) if stands is None else stands
        place = (self._head[index][:, None] - num_buckets + np.arange(num_buckets)) % self._size
        rows = np.moveaxis(ring, -1, 1)[place, index[:, None]]
        return np.ascontiguousarray(rows)

    def _move_to_start(self) -> None:
        for ring in self._rings.values():
            move_to_start(ring.reshape(self._size, -1), int(self._head[0]), self.num_buckets)
        self._head[:] = self.num_buckets

    def _merge(self, name: str, values: Floats, factor: int) -> Floats:
        """[N, T, entities, signals] coarse buckets of `factor` fine ones."""
        signals = LEVELS[name]
        shape = (values.shape[0], values.shape[1] // factor, factor, *values.shape[2:])
        fine = np.array(values.reshape(shape))
        if not np.isnan(self.missing):
            fine[fine == np.float32(self.missing)] = np.nan
        names = [signal.name for signal in signals]
        weight = np.nan_to_num(fine[..., next(names.index(rate) for rate in _RATES if rate in names)])
        known = ~np.isnan(fine)
        total = np.where(known, fine, np.float32(0.0)).sum(axis=2)
        number = known.sum(axis=2)
        merged = np.where(number == factor, total / np.float32(factor), np.float32(np.nan))
        for position, signal in enumerate(names):
            if signal in _TOTALS:
                merged[..., position] *= np.float32(factor)
            elif signal in _PER_REQUEST or signal == "rate_limit_rps":
                by = known[..., position] * (weight if signal in _PER_REQUEST else np.float32(1.0))
                weighted = (np.where(known[..., position], fine[..., position], np.float32(0.0)) * by).sum(axis=2)
                whole = by.sum(axis=2)
                merged[..., position] = np.where(whole > 0, weighted / np.maximum(whole, np.float32(1e-9)), np.nan)
        before = np.isnan(fine[..., names.index(_RATES[0] if _RATES[0] in names else _RATES[1])]).any(axis=2)
        merged[before] = np.nan
        return merged if np.isnan(self.missing) else np.nan_to_num(merged, nan=self.missing)
