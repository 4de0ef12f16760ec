"""The simulated backend: many stands at once.

reset -> (apply -> advance -> observe)* ; fork and snapshot copy everything, so branches start from equal states.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Command, Receipt
from clusters.fault_rows import Rows
from clusters.scenario import Scenario
from clusters.scenario_columns import ScenarioColumns, columns_of
from clusters.simulated.baseline import fresh_state
from clusters.simulated.empty_state import empty_state
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.latency_arrays import Latency
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.preparations import Preparations
from clusters.simulated.randomness import seed_words
from clusters.simulated.rules import receipts
from clusters.simulated.rules.row_rules import carry_out_rows
from clusters.simulated.rules.rule import Column
from clusters.simulated.state import StandState
from clusters.simulated.streams.pod_events import PodEvents
from clusters.simulated.streams.source import told_between
from clusters.simulated.telemetry.history import History
from clusters.simulated.telemetry.probes import Bucket
from clusters.simulated.telemetry.quantiles import Mixtures
from clusters.simulated.telemetry.scraping import Scraper, Scraping
from clusters.simulated.tick import Workspace, advance_tick, workspace
from clusters.stand import StandError
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A copy of the whole state of a batch, opaque to everybody but the batch."""

    state: StandState
    history: History
    events: PodEvents
    faults: tuple[dict[str, Command], ...]
    was_reset: NDArray[np.bool_]


class SimulatedStands:
    """N simulated stands of one application that step together: a `clusters.stand.StandBatch`.

    Args:
        application: what runs on each.
        num_stands: N.
        bucket_seconds: the finest telemetry bucket; observations may ask for multiples of it.
        history_seconds: how far back telemetry is kept.
        spare_seconds: room beyond it. With as much again, `observe` is nearly always a view of the stands' own memory.
        missing: what stands for a value that is not there.
        scraping: how telemetry is collected; None: as it is.

    Raises:
        StandError: from any method after `close`, for a stand that was not reset, or for times that do not divide.
    """

    def __init__(
        self,
        application: Application,
        num_stands: int,
        *,
        bucket_seconds: float = 10.0,
        history_seconds: float = 1800.0,
        spare_seconds: float = 0.0,
        missing: float = math.nan,
        scraping: Scraping | None = None,
    ) -> None:
        if num_stands < 1:
            raise StandError(f"a batch needs at least 1 stand, not {num_stands}")
        self._bucket_ticks = _whole(bucket_seconds, TICK_SECONDS, "bucket_seconds")
        self._graph = CompiledGraph(application)
        self._mixtures = Mixtures(self._graph)
        history = History(
            self._graph,
            num_stands,
            _whole(history_seconds, bucket_seconds, "history_seconds"),
            bucket_seconds,
            spare_buckets=math.ceil(spare_seconds / bucket_seconds),
            missing=missing,
            scraper=None if scraping is None else Scraper(scraping, application, bucket_seconds, missing),
        )
        self._begin_empty(num_stands, history)

    def _begin_empty(self, num_stands: int, history: History) -> None:
        """Stands that were never reset."""
        self._state = empty_state(self._graph, num_stands)
        self._history = history
        self._events = PodEvents(num_stands, history.num_buckets * self._bucket_ticks)
        self._work = workspace(self._graph, num_stands)
        self._faults: list[dict[str, Command]] = [{} for _ in range(num_stands)]
        self._was_reset = np.zeros(num_stands, dtype=np.bool_)
        self._is_closed = False
        self._preparations: Preparations[SimulatedStands] = Preparations()

    def _empty(self, num_stands: int, history: History) -> "SimulatedStands":
        """Another batch of the same application, never reset."""
        other = SimulatedStands.__new__(SimulatedStands)
        other._graph, other._bucket_ticks, other._mixtures = self._graph, self._bucket_ticks, self._mixtures
        other._begin_empty(num_stands, history)
        return other

    @property
    def application(self) -> Application:
        """What runs on each stand."""
        self._require_open()
        return self._graph.application

    @property
    def num_stands(self) -> int:
        """N."""
        self._require_open()
        return self._state.num_stands

    def reset(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Bring the named stands to the baseline, and run their scenarios' warm-ups; the others do not move."""
        index = self._indices_of_resets(stands, scenarios, seeds)
        columns, of_stands = columns_of(scenarios), [int(seed) for seed in seeds]
        is_left = np.ones(len(index), dtype=np.bool_)
        for batch, which, prepared in self._preparations.use(index, columns, of_stands).values():
            self._adopt(index[which], batch, prepared)
            is_left[which] = False
        left = np.flatnonzero(is_left)
        if len(left):
            self._warm_up(index[left], columns.take(left), [of_stands[k] for k in left.tolist()])

    def prepare(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Run warm-ups ahead of time: the stands do not move, and a reset to the same scenario object and seed is done.

        A warm-up of many stands costs little more than one of a few. A stand may be named several times: its resets are
        expected in this order, after those that were prepared earlier; a reset to anything else forgets them all.
        """
        index = self._indices_of_resets(stands, scenarios, seeds)
        columns, of_stands = columns_of(scenarios), [int(seed) for seed in seeds]
        if len(index):
            batch = self._empty(len(index), self._history.empty(len(index)))
            batch.reset(range(len(index)), columns, of_stands)
            self._preparations.enter(index, columns, of_stands, batch)

    def _indices_of_resets(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> Ints:
        self._require_open()
        if not len(stands) == len(scenarios) == len(seeds):
            raise StandError(f"{len(stands)} stands, {len(scenarios)} scenarios, {len(seeds)} seeds; give one each")
        return self._indices(np.array(stands, dtype=np.int64), need_reset=False)

    def _adopt(self, index: Ints, batch: "SimulatedStands", columns: Ints) -> None:
        """Make these stands what columns of a batch are."""
        self._state.put(index, batch._state, columns)
        self._history.adopt(index, batch._history, columns)
        self._events.adopt(index, batch._events, columns)
        self._begin(index)

    def _begin(self, index: Ints) -> None:
        self._work.capacity.is_stale[index] = True
        for n in index.tolist():
            self._faults[n] = {}
        self._was_reset[index] = True

    def _warm_up(self, index: Ints, scenarios: ScenarioColumns, seeds: Sequence[int]) -> None:
        fresh = fresh_state(self._graph, scenarios, seeds)
        if np.array_equal(index, np.arange(self._state.num_stands)):
            self._state = fresh
        else:
            self._state.put(index, fresh)
        self._events.restart(index)
        self._begin(index)
        for warmup in np.unique(scenarios.warmup_seconds):
            of_warmup = index[scenarios.warmup_seconds == warmup]
            self._history.restart(of_warmup, int(warmup / self._history.bucket_seconds))
            self.advance(float(warmup), of_warmup)

    def apply(self, stand: int, command: Command) -> Receipt:
        """Change one stand now; the receipt says what became of it."""
        column = self._column(stand)
        self._work.capacity.is_stale[stand] = True
        return receipts.carry_out(column, command)

    def apply_rows(self, stands: Ints, rows: Rows, fault_ids: NDArray[np.object_]) -> NDArray[np.bool_]:
        """As `clusters.stand.RowBatch` says."""
        self._require_open()
        self._work.capacity.is_stale[stands] = True
        return carry_out_rows(self._graph, self._state, self._faults, stands, rows, fault_ids)

    def verify(self, stand: int, receipt: Receipt) -> Receipt:
        """The receipt with its postcheck brought up to date."""
        return receipts.verify(self._column(stand), receipt)

    def advance(self, seconds: float, stands: Ints | None = None) -> None:
        """Let time pass on the selected stands (None: all); `seconds` is a multiple of the tick."""
        index = self._indices(stands)
        ticks = _whole(seconds, TICK_SECONDS, "seconds") if seconds else 0
        if not len(index) or not ticks:
            return
        everyone = len(index) == self._state.num_stands and bool((index == np.arange(len(index))).all())
        state = self._state if everyone else self._state.take(index)
        work = self._work if everyone else workspace(self._graph, len(index))
        events = self._events.on(index)
        for _ in range(ticks):
            advance_tick(self._graph, state, work, events)
            full = np.flatnonzero(state.tick % self._bucket_ticks == 0)
            if len(full):
                self._record(state, work, full, index[full])
        if not everyone:
            self._state.put(index, state)
            self._work.capacity.is_stale[index] = True

    def _record(self, state: StandState, work: Workspace, full: Ints, stands: Ints) -> None:
        """Close the bucket of the columns `full`, which are these stands, and clear its sums."""
        everyone = len(full) == state.num_stands
        columns = state if everyone else state.take(full)
        bucket = Bucket(
            self._graph,
            columns,
            work.capacity.now if everyone else work.capacity.of(full),
            work.latency if everyone else Latency(*(rows.take(full, axis=-1) for rows in work.latency)),
            self._mixtures,
            self._bucket_ticks,
            has_histograms=self._history.scraper is not None and self._history.scraper.scraping.histogram,
        )
        self._history.record(bucket, stands)
        columns.clear_sums()
        if not everyone:
            state.put(full, columns)

    def observe(self, window_seconds: float, bucket_seconds: float, stands: Ints | None = None) -> TelemetryWindow:
        """Telemetry of the last complete buckets, [N, T, ...]; missing before the reset and where undefined.

        It may be views of the stands' own memory, which the next `advance` or `reset` overwrites: copy what is to stay.
        """
        index = None if stands is None else self._indices(stands)
        if index is None:
            self._indices(None)
        factor = _whole(bucket_seconds, self._history.bucket_seconds, "bucket_seconds")
        num_buckets = _whole(window_seconds, bucket_seconds, "window_seconds")
        if num_buckets * factor > self._history.num_buckets:
            kept = self._history.num_buckets * self._history.bucket_seconds
            raise StandError(
                f"a window of {window_seconds:g} s is longer than the {kept:g} s kept; raise history_seconds"
            )
        return self._history.window(index, num_buckets, factor)

    def streams(self, stand: int, start_ns: int, end_ns: int, spec: StreamsSpec) -> StandStreams:
        """What a stand told beside its metrics, as `clusters.stand.StreamSource` says."""
        self._indices(np.array([stand]))
        return told_between(self._graph, self._history, self._events, self._state.seed, stand, start_ns, end_ns, spec)

    def fork(self, stands: Sequence[int], seeds: Sequence[int]) -> "SimulatedStands":
        """A new batch: copies of these stands with all their state and history, whose noise to come has these seeds.

        Copies of one stand with equal seeds share arrivals whatever is done to them, and are bit for bit equal under
        equal commands.
        """
        index = self._indices(np.array(stands, dtype=np.int64))
        if len(index) != len(seeds) or not len(index):
            raise StandError(f"{len(index)} stands and {len(seeds)} seeds; give one seed per copy, and at least one")
        copy = self._empty(len(index), self._history.take(index))
        copy._state = self._state.take(index)
        copy._state.seed[...] = seed_words(seeds)
        copy._events = self._events.take(index)
        copy._faults = [dict(self._faults[n]) for n in index]
        copy._was_reset = self._was_reset[index]
        return copy

    def snapshot(self) -> Snapshot:
        """A copy of everything; the batch may be restored to it any number of times."""
        self._require_open()
        everyone = np.arange(self._state.num_stands)
        return Snapshot(
            state=self._state.take(everyone),
            history=self._history.take(everyone),
            events=self._events.take(everyone),
            faults=tuple(dict(faults) for faults in self._faults),
            was_reset=self._was_reset.copy(),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Return to a snapshot of this batch, or of one of the same application and size."""
        self._require_open()
        if snapshot.state.num_stands != self._state.num_stands:
            raise StandError(
                f"the snapshot holds {snapshot.state.num_stands} stands, this batch {self._state.num_stands}; "
                "restore it to a batch of its own size"
            )
        everyone = np.arange(self._state.num_stands)
        self._state = snapshot.state.take(everyone)
        self._history = snapshot.history.take(everyone)
        self._events = snapshot.events.take(everyone)
        self._work.capacity.is_stale[...] = True
        self._faults = [dict(faults) for faults in snapshot.faults]
        self._was_reset = snapshot.was_reset.copy()

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle needs; warm-ups that were played ahead stay behind, and are played when needed."""
        kept = {name: getattr(self, name) for name in ("_graph", "_bucket_ticks", "_mixtures")}
        return kept | {"snapshot": self.snapshot()}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        snapshot: Snapshot = kept.pop("snapshot")
        vars(self).update(kept)
        self._begin_empty(snapshot.state.num_stands, snapshot.history)
        self.restore(snapshot)

    def close(self) -> None:
        """Release the batch; anything else raises StandError afterwards."""
        self._is_closed = True

    def _column(self, stand: int) -> Column:
        if self._is_closed or not 0 <= stand < len(self._was_reset) or not self._was_reset[stand]:
            self._indices(np.array([stand]))
        return Column(
            graph=self._graph, state=self._state, stand=stand, faults=self._faults[stand], events=self._events
        )

    def _indices(self, stands: Ints | None, *, need_reset: bool = True) -> Ints:
        self._require_open()
        num_stands = self._state.num_stands
        index = np.arange(num_stands) if stands is None else np.asarray(stands, dtype=np.int64)
        if len(index) and not 0 <= index.min() <= index.max() < num_stands:
            wrong = index[(index < 0) | (index >= num_stands)][0]
            raise StandError(f"there is no stand {wrong}; this batch has the stands 0 to {num_stands - 1}")
        if need_reset and not self._was_reset[index].all():
            wrong = index[~self._was_reset[index]][0]
            raise StandError(f"stand {wrong} was never reset; call reset with a scenario first")
        return index

    def _require_open(self) -> None:
        if self._is_closed:
            raise StandError("these simulated stands are closed; make new ones")


def _whole(value: float, unit: float, name: str) -> int:
    """How many units a span is; it must be a positive whole number of them."""
    count = round(value / unit)
    if count < 1 or abs(count * unit - value) > 1e-9 * max(1.0, abs(value)):
        raise StandError(f"{name} {value:g} is no positive multiple of {unit:g} s; give one")
    return count
