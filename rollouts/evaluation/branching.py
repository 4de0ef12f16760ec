"""scenarios -> do_nothing to the decision -> fork into points x candidates x replicates -> step -> Truth.

Common random numbers: a replicate's seed is the same for every candidate of its point, so two branches differ only by
the action. Branches of all points share batches, because the simulator's cost per stand is lowest in large ones.
Legend: P points, C candidates, R replicates, N branches of a batch, H future buckets, J journeys.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Scenario
from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from envs.actions.catalogue import ActionCatalogue
from envs.control_loop import ControlLoop
from envs.service_levels import violations
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from rollouts.evaluation.ranking_contract import DecisionPoint, Truth
from rollouts.evaluation.truth import BranchedPoint
from rollouts.stands import StandsSpec, build_loop

COST_TERM = "resource_cost"
RECOVERY_SECONDS = 60.0
"""A branch has recovered if every SLO is met in each bucket of the horizon's last minute."""
TRUTH_SIGNALS = ("good_ratio", "latency_p95_milliseconds", "error_ratio")

OnProgress = Callable[[int, int], None]
"""(branches done, branches in all)."""


@dataclass(frozen=True, kw_only=True)
class BranchingSettings:
    """How much truth to buy."""

    replicates: int = 16
    """Futures per candidate; at least 2, for a standard error."""
    horizon_steps: int = 10
    """Control steps after the decision, the candidate's own among them."""
    branches_per_batch: int = 1024
    seed: int = 0
    """Of the futures. Another seed gives independent replicates of the same decision points."""
    time_scales: TimeScales = field(default_factory=TimeScales)

    def __post_init__(self) -> None:
        if self.replicates < 2:
            raise ValueError(f"replicates must be at least 2, not {self.replicates}")
        if self.horizon_steps < 1 or self.branches_per_batch < 1:
            raise ValueError("horizon_steps and branches_per_batch must be at least 1")


def branch(
    scenarios: Sequence[Scenario], settings: BranchingSettings, on_progress: OnProgress | None = None
) -> list[BranchedPoint]:
    """The decision point of each scenario and the truth about its candidates. Candidates not allowed there are dropped.

    Raises:
        UserError: no scenarios, several applications, or a decision after which the horizon does not fit.
    """
    _check(scenarios, settings)
    loop = play_to_decision(scenarios, settings.time_scales)
    points = _decision_points(loop, scenarios)
    branches = np.array(
        [
            (row, candidate, replicate)
            for row, point in enumerate(points)
            for candidate in point.candidates
            for replicate in range(settings.replicates)
        ],
        dtype=np.int64,
    )
    seeds = _replicate_seeds(scenarios, settings)
    futures = []
    for part in _parts(len(branches), settings.branches_per_batch):
        futures.append(_play(loop, branches[part], seeds, settings))
        if on_progress is not None:
            on_progress(part.stop, len(branches))
    whole = _Futures.joined(futures)
    violated = violations(loop.window(), loop.application)[:, -1]
    return [
        _judged(point, loop.catalogue, bool(violated[row]), whole.of(branches[:, 0] == row), settings.replicates)
        for row, point in enumerate(points)
    ]


def play_to_decision(scenarios: Sequence[Scenario], time_scales: TimeScales) -> ControlLoop:
    """A loop whose stand i stands at the decision of scenario i, where nothing has been done."""
    spec = StandsSpec(application=scenarios[0].application, time_scales=time_scales)
    loop = build_loop(spec, len(scenarios))
    loop.reset(range(len(scenarios)), scenarios, [scenario.seed for scenario in scenarios])
    steps = np.array([round(s.decision_seconds / time_scales.control_step_seconds) for s in scenarios])
    nothing = np.full(len(scenarios), loop.catalogue.index("do_nothing"))
    for step in range(int(steps.max())):
        loop.step(nothing, step < steps)
    return loop


@dataclass(frozen=True, kw_only=True)
class _Futures:
    """What N branches came to."""

    returns: NDArray[np.float64]
    """[N] mean reward per control step."""
    costs: NDArray[np.float64]
    """[N]"""
    recovered: NDArray[np.bool_]
    """[N]"""
    journeys: NDArray[np.float32]
    """[N, H, J, 3] in the order of TRUTH_SIGNALS"""

    @classmethod
    def joined(cls, parts: Sequence["_Futures"]) -> "_Futures":
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.__annotations__})

    def of(self, which: NDArray[np.bool_]) -> "_Futures":
        return _Futures(**{name: getattr(self, name)[which] for name in self.__annotations__})


def _play(
    loop: ControlLoop, branches: NDArray[np.int64], seeds: NDArray[np.int64], settings: BranchingSettings
) -> _Futures:
    """Play `branches` [N, (point, candidate, replicate)] to the horizon."""
    rows, candidates, replicates = branches.T
    fork = loop.fork(rows.tolist(), seeds[rows, replicates].tolist())
    actions, nothing = candidates, np.full(len(branches), loop.catalogue.index("do_nothing"))
    rewards, costs = np.zeros(len(branches)), np.zeros(len(branches))
    journeys, violated = [], []
    for _ in range(settings.horizon_steps):
        step = fork.step(actions)
        rewards += step.rewards
        costs += step.reward_terms[COST_TERM]
        journeys.append(step.window.journeys.copy())  # the window is gone with the next step
        violated.append(violations(step.window, loop.application))
        actions = nothing
    last_minute = round(RECOVERY_SECONDS / settings.time_scales.observation_bucket_seconds)
    columns = [signal_index(JOURNEY_SIGNALS, name) for name in TRUTH_SIGNALS]
    return _Futures(
        returns=rewards / settings.horizon_steps,
        costs=costs / settings.horizon_steps,
        recovered=np.logical_not(np.concatenate(violated, axis=1)[:, -last_minute:].any(axis=1)),
        journeys=np.concatenate(journeys, axis=1)[..., columns],
    )


def _decision_points(loop: ControlLoop, scenarios: Sequence[Scenario]) -> list[DecisionPoint]:
    window, allowed = loop.window(), loop.action_mask()
    points = []
    for row, scenario in enumerate(scenarios):
        indices = [loop.catalogue.index(name) for name in scenario.candidates]
        candidates = tuple(index for index in indices if allowed[row, index])
        points.append(DecisionPoint(scenario=scenario, history=window.of_stand(row), candidates=candidates))
    return points


def _judged(
    point: DecisionPoint, catalogue: ActionCatalogue, in_violation: bool, futures: _Futures, replicates: int
) -> BranchedPoint:
    shape = (len(point.candidates), replicates)
    journeys = futures.journeys.reshape(*shape, *futures.journeys.shape[1:])
    with warnings.catch_warnings():
        # A bucket without a single request in any replicate has no latency: its mean stays NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        means = np.asarray(np.nanmean(journeys, axis=1, dtype=np.float64), dtype=np.float32)  # [C, H, J, 3]
    signals = {name: means[..., column] for column, name in enumerate(TRUTH_SIGNALS)}
    return BranchedPoint(
        point=point,
        names=tuple(catalogue.names[index] for index in point.candidates),
        types=tuple(catalogue.actions[index].type for index in point.candidates),
        in_violation=in_violation,
        truth=Truth(
            returns=futures.returns.reshape(shape),
            recovered=futures.recovered.reshape(shape),
            costs=futures.costs.reshape(shape),
            **signals,
        ),
    )


def _replicate_seeds(scenarios: Sequence[Scenario], settings: BranchingSettings) -> NDArray[np.int64]:
    """[P, R] seeds of the futures, a function of scenario and settings seed and not of the place in the batch."""
    return np.array(
        [
            np.random.SeedSequence([settings.seed, scenario.seed]).generate_state(settings.replicates, np.uint32)
            for scenario in scenarios
        ],
        dtype=np.int64,
    )


def _parts(total: int, size: int) -> Iterator[slice]:
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))


def _check(scenarios: Sequence[Scenario], settings: BranchingSettings) -> None:
    if not scenarios:
        raise UserError("there are no scenarios to branch; ask for at least one")
    applications = sorted({scenario.application for scenario in scenarios})
    if len(applications) > 1:
        raise UserError(f"scenarios of {' and '.join(applications)} cannot share a batch; branch one application")
    horizon_seconds = settings.horizon_steps * settings.time_scales.control_step_seconds
    for scenario in scenarios:
        if scenario.decision_seconds + horizon_seconds > scenario.horizon_seconds:
            raise UserError(
                f"scenario {scenario.name} ends {scenario.horizon_seconds - scenario.decision_seconds:.0f} s after its "
                f"decision, before the horizon of {horizon_seconds:.0f} s; give it a longer horizon_seconds"
            )


def independent(settings: BranchingSettings, replicates: int) -> BranchingSettings:
    """Settings for other futures of the same decision points."""
    return replace(settings, seed=settings.seed + 1_000_003, replicates=replicates)
