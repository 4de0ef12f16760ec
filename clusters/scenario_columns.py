"""Many scenarios as columns: what it takes to play them, without an object for each.

Whoever steps a thousand stands passes these on; whoever asks for an item gets the `Scenario`, made at that moment.

Legend: K scenarios, L steps of the longest workload, R request types, E events of the faults at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Command
from clusters.fault_events import fault_events
from clusters.fault_rows import ROW, Rows, Verb
from clusters.scenario import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Objects = NDArray[np.object_]


class ScenarioSource(Protocol):
    """Who knows the scenarios that columns came from."""

    def scenario(self, row: int) -> Scenario:
        """The scenario of its row."""
        ...


class Names(NamedTuple):
    """Columns of objects, each [K]."""

    sources: Objects
    """A `ScenarioSource`, or the Scenario itself."""
    names: Objects
    """str"""
    applications: Objects
    """str, their names."""
    candidates: Objects
    """Tuples of str."""
    fault_ids: Objects
    """Tuples of str: what `ROW.fault` counts."""
    given: Objects
    """Tuples of `Command`: what rows of `Verb.GIVEN` count."""


class Numbers(NamedTuple):
    """Columns of one number, each [K]."""

    source_rows: Ints
    num_rates: Ints
    num_events: Ints
    rate_step_seconds: Floats
    think_seconds: Floats
    """NaN: an open loop."""
    warmup_seconds: Floats
    horizon_seconds: Floats


_COUNTS = ("source_rows", "num_rates", "num_events")
_NUMBERS = np.dtype([(name, "i8" if name in _COUNTS else "f8") for name in Numbers._fields])


class _ObjectColumn:
    """A column of `Names`, as a view."""

    def __init__(self, position: int) -> None:
        self._position = position

    def __get__(self, columns: "ScenarioColumns", _: type) -> Objects:
        return columns.objects[:, self._position]


class _NumberColumn:
    """A column of `Numbers`, as a view."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, columns: "ScenarioColumns", _: type) -> NDArray[Any]:
        return columns.numbers[self._name]


@dataclass(frozen=True, kw_only=True, eq=False)
class ScenarioColumns(Sequence[Scenario]):
    """A sequence of scenarios; the arrays belong to it, and nothing but `put` writes to them.

    Columns of a kind are one array: to take a few rows of each would cost as much as to take them of all.
    """

    objects: Objects
    """[K, 6] as `Names` says."""
    numbers: NDArray[np.void]
    """[K] records, as `Numbers` says."""
    rates_rps: NDArray[np.float32]
    """[K, L] offered requests per second; beyond `num_rates` nothing counts."""
    mixes: Floats
    """[K, R] share of each request type; NaN: it has fewer types."""
    events: Rows
    """[K, E] commands of the faults in time order, at one time clearances first; the verb NONE fills the end."""

    sources, names, applications, candidates, fault_ids, given = map(_ObjectColumn, range(len(Names._fields)))
    source_rows, num_rates, num_events, rate_step_seconds, think_seconds, warmup_seconds, horizon_seconds = map(
        _NumberColumn, Numbers._fields
    )

    @classmethod
    def of(
        cls, names: Names, numbers: Numbers, *, rates_rps: NDArray[np.float32], mixes: Floats, events: Rows
    ) -> "ScenarioColumns":
        """Columns of columns."""
        records = np.empty(len(events), dtype=_NUMBERS)
        for name, values in zip(Numbers._fields, numbers, strict=True):
            records[name] = values
        return cls(objects=np.stack(names, axis=1), numbers=records, rates_rps=rates_rps, mixes=mixes, events=events)

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Scenario: ...

    @overload
    def __getitem__(self, index: slice) -> "ScenarioColumns": ...

    def __getitem__(self, index: int | slice) -> "Scenario | ScenarioColumns":
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        source, row = self.sources[index], int(self.source_rows[index])
        scenario: Scenario = source if isinstance(source, Scenario) else source.scenario(row)
        return scenario

    def take(self, rows: Ints) -> "ScenarioColumns":
        """The columns of these scenarios, in this order."""
        return ScenarioColumns(**{name: getattr(self, name).take(rows, axis=0) for name in _ARRAYS})

    def put(self, rows: Ints, others: "ScenarioColumns") -> "ScenarioColumns":
        """These columns with other scenarios in some rows: in place where there is room, in new columns if not."""
        changed: dict[str, Any] = {}
        for name in _ARRAYS:
            values, new = getattr(self, name), getattr(others, name)
            if values.ndim > 1 and values.shape[1] < new.shape[1]:
                changed[name] = values = _widened(values, new.shape[1])
            if values.shape[1:] == new.shape[1:]:
                values[rows] = new
            else:
                values[rows, : new.shape[1]] = new
                if name == "events":
                    values["verb"][rows, new.shape[1] :] = Verb.NONE
        return replace(self, **changed) if changed else self


_ARRAYS = tuple(field.name for field in fields(ScenarioColumns))


def columns_of(scenarios: Sequence[Scenario]) -> ScenarioColumns:
    """The scenarios as columns: themselves, if they are."""
    return scenarios if isinstance(scenarios, ScenarioColumns) else _from_objects(scenarios)


def _from_objects(scenarios: Sequence[Scenario]) -> ScenarioColumns:
    traces = [scenario.workload for scenario in scenarios]
    events = [fault_events(scenario.faults) for scenario in scenarios]
    ids = [tuple(fault.fault_id for fault in scenario.faults) for scenario in scenarios]
    rows = np.zeros((len(scenarios), max(map(len, events), default=0)), dtype=ROW)
    for k, (of_scenario, fault_ids) in enumerate(zip(events, ids, strict=True)):
        for e, event in enumerate(of_scenario):
            rows[k, e] = (event.seconds, 0.0, e, fault_ids.index(event.fault_id), Verb.GIVEN, event.is_clearance)
    given: list[tuple[Command, ...]] = [tuple(event.command for event in of_scenario) for of_scenario in events]
    thinks = [np.nan if trace.think_seconds is None else trace.think_seconds for trace in traces]
    names = Names(
        sources=object_column(scenarios),
        names=object_column([scenario.name for scenario in scenarios]),
        applications=object_column([scenario.application for scenario in scenarios]),
        candidates=object_column([scenario.candidates for scenario in scenarios]),
        fault_ids=object_column(ids),
        given=object_column(given),
    )
    numbers = Numbers(
        source_rows=np.zeros(len(scenarios), dtype=np.int64),
        num_rates=np.array([len(trace.rates_rps) for trace in traces], dtype=np.int64),
        num_events=np.array([len(of_scenario) for of_scenario in events], dtype=np.int64),
        rate_step_seconds=np.array([trace.step_seconds for trace in traces], dtype=np.float64),
        think_seconds=np.array(thinks, dtype=np.float64),
        warmup_seconds=np.array([scenario.warmup_seconds for scenario in scenarios], dtype=np.float64),
        horizon_seconds=np.array([scenario.horizon_seconds for scenario in scenarios], dtype=np.float64),
    )
    return ScenarioColumns.of(
        names,
        numbers,
        rates_rps=_padded([trace.rates_rps for trace in traces], 0.0).astype(np.float32),
        mixes=_padded([trace.mix for trace in traces], np.nan),
        events=rows,
    )


def object_column(values: Sequence[object]) -> Objects:
    """[K] of any objects; numpy by itself would make axes of the tuples among them."""
    return np.fromiter(values, dtype=object, count=len(values))


def _padded(rows: Sequence[Sequence[float]], filling: float) -> Floats:
    """[K, longest] of rows with a filling where they end."""
    padded = np.full((len(rows), max(map(len, rows), default=0)), filling)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded


def _widened(values: NDArray[np.generic], width: int) -> NDArray[np.generic]:
    """[K, width] with nothing in what is new."""
    wide = np.zeros((values.shape[0], width), dtype=values.dtype)
    wide[:, : values.shape[1]] = values
    return wide
