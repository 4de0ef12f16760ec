"""The last buckets of N stands, kept as signals in rings, and the telemetry windows read from them.

The ring is [T, N, rows]: a bucket is one run of memory, and so is each stand's part of it, whoever writes, takes over,
copies or reads it. A window of stands whose clocks agree is a view, [N, T, entities, signals] of a level. The slow
paths (a copy) are for stands that were advanced apart, for windows across the ring's end, and for coarser buckets.
"""

from copy import copy
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.rings import BucketPlaces, copy_histories, move_to_start
from clusters.simulated.parameters import EPOCH_NS
from clusters.simulated.telemetry.layout import LEVELS, SEEN, Layout
from clusters.simulated.telemetry.probes import Bucket
from clusters.simulated.telemetry.scraping import Scraper
from clusters.telemetry import TelemetryWindow

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_TOTALS: Final = frozenset({"restarts"})
"""Signals of a coarse bucket that are the sum of the fine ones'."""
_PER_REQUEST: Final = frozenset({"error_ratio", "latency_mean_milliseconds", "latency_p95_milliseconds", "good_ratio"})
"""Those that are the mean over requests, so weighted by the rate; a percentile is so only nearly. The rest is a mean
over time."""
_RATES: Final = ("request_rate_rps", "offered_rate_rps")


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
        self.num_buckets, self.bucket_seconds, self.missing = num_buckets, bucket_seconds, missing
        self._size = num_buckets + spare_buckets
        self.scraper = scraper
        self._layout = Layout(graph.application, is_scraped=scraper is not None)
        self._begin(num_stands)
        self._ring.fill(missing)

    def _begin(self, num_stands: int) -> None:
        """Stands that have no buckets yet; what their places hold is any number."""
        self.count: Ints = np.zeros(num_stands, dtype=np.int64)
        """[N] buckets since each stand's reset."""
        self._head: Ints = np.zeros(num_stands, dtype=np.int64)
        """[N] where each stand's next bucket goes; the ring's size stands for its start."""
        self._is_aligned = True
        self._ring: Floats = np.empty((self._size, num_stands, self._layout.num_rows), dtype=np.float32)

    def record(self, bucket: Bucket, stands: Ints) -> None:
        """Append the bucket of these stands."""
        places = self._head[stands] % self._size
        bucket.write(self._layout, BucketPlaces(self._ring, stands, places), self.missing)
        if self.scraper is not None:
            self._scrape(self.scraper, bucket, stands, places)
        self._head[stands] = places + 1
        self.count[stands] += 1
        if len(stands) < len(self.count):
            self._is_aligned = bool((self._head == self._head[0]).all())

    def _scrape(self, scraper: Scraper, bucket: Bucket, stands: Ints, places: Ints) -> None:
        """Write what is seen of the bucket that was just written to `places` [K] of these stands [K]."""
        buckets = self._ring[places, stands]
        true = (self._layout.level(buckets, name).transpose(1, 2, 0) for name in SEEN)
        seen = scraper.scrape(bucket.state.seed, bucket.state.tick, *true)
        for name, values in zip(SEEN.values(), seen, strict=True):
            self._layout.level(buckets, name)[...] = values.transpose(2, 0, 1)
        self._ring[places, stands] = buckets

    def restart(self, stands: Ints, num_buckets: int) -> None:
        """Forget the buckets of some stands, which then get `num_buckets`: so that they end where the others are."""
        others = np.ones(len(self.count), dtype=np.bool_)
        others[stands] = False
        present = self._head[others] if others.any() else np.zeros(1, dtype=np.int64)
        self._head[stands] = (present[0] - num_buckets) % self._size
        self.count[stands] = 0
        if num_buckets < self.num_buckets:  # what a full history overwrites is never read again
            self._ring[:, stands] = self.missing
        self._is_aligned = bool((self._head == self._head[0]).all())

    def empty(self, num_stands: int) -> "History":
        """One for other stands that keeps as many buckets, collected in the same way, and has no room beyond them.

        They have to be restarted before they are read: that clears what their warm-up will not overwrite.
        """
        other = copy(self)
        other._size = self.num_buckets
        other._begin(num_stands)
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
        begins = (source._head[columns] - self.num_buckets) % source._size
        copy_histories(source._ring, columns, begins, self._ring, stands, first, self.num_buckets)
        self._head[stands] = (first + self.num_buckets - 1) % self._size + 1
        self.count[stands] = source.count[columns]
        self._is_aligned = bool((self._head == self._head[0]).all())

    def take(self, stands: Ints) -> "History":
        """A copy for some stands, in the order given."""
        other = copy(self)
        other.count, other._head = self.count[stands], self._head[stands]
        other._is_aligned = bool((other._head == other._head[0]).all())
        other._ring = self._ring.take(stands, axis=1)
        return other

    def window(self, stands: Ints | None, num_buckets: int, factor: int, *, is_true: bool = False) -> TelemetryWindow:
        """The last `num_buckets` buckets of some stands (None: all), each of `factor` buckets here.

        Times before the reset are missing; so is a coarse bucket that the reset falls into. With a factor of 1 and
        stands at the same clock it may be views, valid until the next bucket. Without a scraper what is seen is true.
        """
        fine = num_buckets * factor
        scraper = None if is_true else self.scraper
        rows = self._last(stands, fine)
        values = {}
        for name in LEVELS:
            if scraper is not None and name in SEEN:
                values[name] = scraper.delay(self._layout.level(rows, SEEN[name]))
            else:
                values[name] = self._layout.level(rows, name)
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

    def _last(self, stands: Ints | None, num_buckets: int) -> Floats:
        """[N, T, rows] the last buckets; a view if that is possible."""
        if not self._is_aligned:
            index = np.arange(len(self.count)) if stands is None else stands
            places = (self._head[index][:, None] - num_buckets + np.arange(num_buckets)) % self._size
            apart: Floats = self._ring[places, index[:, None]]
            return apart
        head = int(self._head[0])
        if head < num_buckets and self._size >= 2 * self.num_buckets:
            move_to_start(self._ring.reshape(self._size, -1), head, self.num_buckets)
            self._head[:] = head = self.num_buckets
        if stands is None:
            if head >= num_buckets:
                return self._ring[head - num_buckets : head].swapaxes(0, 1)
            return np.concatenate([self._ring[head - num_buckets :], self._ring[:head]]).swapaxes(0, 1)
        chosen: Floats = self._ring[np.arange(head - num_buckets, head), stands[:, None]]
        return chosen

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
