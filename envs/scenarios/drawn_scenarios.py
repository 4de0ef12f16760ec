"""Scenarios as they were drawn: columns to play, and each `Scenario` when somebody asks for it.

Legend: K scenarios.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clusters.scenario import Scenario
from clusters.scenario_columns import Names, Numbers, ScenarioColumns, object_column
from clusters.topology import Application
from envs.scenarios.fault_draws import FAULT_IDS, FaultColumns
from envs.scenarios.load_draws import LoadColumns
from envs.scenarios.splits import SPLITS, Family
from envs.workloads.workload import STEP_SECONDS, Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Moments:
    """When things happen, in seconds after the warm-up."""

    fault_start_seconds: Floats
    """[MAX_FAULTS * K] of the first faults of all scenarios, then of the second ones."""
    decision_seconds: Floats
    """[K]"""
    horizon_seconds: Floats
    """[K]"""


@dataclass(frozen=True, kw_only=True)
class DrawnScenarios:
    """K scenarios of one application that were drawn together."""

    application: Application
    names: Sequence[str]
    seeds: tuple[int, ...]
    splits: Ints
    """[K] positions in `SPLITS`."""
    families: tuple[Family, ...]
    """That may be drawn."""
    family: Ints
    """[K] of them, of each one's first fault."""
    moments: Moments
    warmup_seconds: float
    loads: LoadColumns
    faults: FaultColumns
    candidates: Sequence[tuple[str, ...]]

    def scenario(self, row: int) -> Scenario:
        """One of them as an object."""
        return Scenario(
            name=self.names[row],
            family=self.families[self.family[row]].name,
            split=SPLITS[self.splits[row]],
            application=self.application.name,
            seed=self.seeds[row],
            workload=self.loads.trace(row),
            faults=self.faults.scheduled(row),
            candidates=self.candidates[row],
            decision_seconds=float(self.moments.decision_seconds[row]),
            warmup_seconds=self.warmup_seconds,
            horizon_seconds=float(self.moments.horizon_seconds[row]),
        )

    def columns(self) -> ScenarioColumns:
        """All of them as columns."""
        num_scenarios = len(self.names)
        events, num_events = self.faults.events()
        names = Names(
            sources=_same(self, num_scenarios),
            names=object_column(self.names),
            applications=_same(self.application.name, num_scenarios),
            candidates=object_column(self.candidates),
            fault_ids=_same(FAULT_IDS, num_scenarios),
            given=_same((), num_scenarios),
        )
        numbers = Numbers(
            source_rows=np.arange(num_scenarios),
            num_rates=self.loads.num_steps,
            num_events=num_events,
            rate_step_seconds=np.full(num_scenarios, STEP_SECONDS),
            think_seconds=self.loads.think_seconds,
            warmup_seconds=np.full(num_scenarios, self.warmup_seconds),
            horizon_seconds=self.moments.horizon_seconds,
        )
        return ScenarioColumns.of(
            names, numbers, rates_rps=self.loads.rates_rps(), mixes=self.loads.mixes, events=events
        )


def _same(value: object, num_scenarios: int) -> np.ndarray:
    """[K] of one object."""
    column = np.empty(num_scenarios, dtype=object)
    column.fill(value)
    return column
