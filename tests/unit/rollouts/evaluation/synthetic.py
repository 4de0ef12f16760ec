"""Decision points and predictions made up by hand, without a stand."""

from collections.abc import Sequence

import numpy as np

from clusters.scenario import Scenario, Split, WorkloadTrace
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow
from envs.actions.action import ActionType
from rollouts.evaluation.ranking_contract import DecisionPoint, Prediction, Truth
from rollouts.evaluation.truth import BranchedPoint

NAMES = ("do_nothing", "scale:checkout:+2", "restart:cart", "escalate_to_human")
TYPES = (ActionType.DO_NOTHING, ActionType.SCALE, ActionType.RESTART, ActionType.ESCALATE)
HORIZON, JOURNEYS, HISTORY = 30, 4, 30


def window(buckets: int = HISTORY, services: int = 3, edges: int = 2) -> TelemetryWindow:
    return TelemetryWindow(
        bucket_seconds=10.0,
        times_ns=np.arange(buckets, dtype=np.int64) * 10_000_000_000,
        nodes=np.ones((buckets, services, len(NODE_SIGNALS)), dtype=np.float32),
        edges=np.ones((buckets, edges, len(EDGE_SIGNALS)), dtype=np.float32),
        journeys=np.ones((buckets, JOURNEYS, len(JOURNEY_SIGNALS)), dtype=np.float32),
        stand=np.ones((buckets, len(STAND_SIGNALS)), dtype=np.float32),
    )


def scenario(name: str = "made-up", candidates: tuple[str, ...] = NAMES) -> Scenario:
    return Scenario(
        name=name,
        family="none/steady/none",
        split=Split.TEST,
        application="small-core",
        seed=1,
        workload=WorkloadTrace(profile="steady", step_seconds=10.0, rates_rps=(10.0,), mix=(1.0,)),
        faults=(),
        candidates=candidates,
        decision_seconds=60.0,
        warmup_seconds=300.0,
        horizon_seconds=600.0,
    )


def point(
    returns: Sequence[Sequence[float]], recovered: Sequence[Sequence[bool]] | None = None, *, in_violation: bool = True
) -> BranchedPoint:
    """A point whose candidates have these returns [C][R]; the candidates are the first C of NAMES."""
    values = np.asarray(returns, dtype=np.float64)
    count = len(values)
    shape = (count, HORIZON, JOURNEYS)
    return BranchedPoint(
        point=DecisionPoint(
            scenario=scenario(candidates=NAMES[:count]), history=window(), candidates=tuple(range(count))
        ),
        names=NAMES[:count],
        types=TYPES[:count],
        in_violation=in_violation,
        truth=Truth(
            returns=values,
            recovered=np.zeros(values.shape, dtype=bool) if recovered is None else np.asarray(recovered, dtype=bool),
            costs=np.zeros(values.shape),
            good_ratio=np.full(shape, 0.5, dtype=np.float32),
            latency_p95_milliseconds=np.full(shape, 100.0, dtype=np.float32),
            error_ratio=np.full(shape, 0.1, dtype=np.float32),
        ),
    )


def prediction(scores: Sequence[float], recovery: Sequence[float] | None = None, good_ratio: float = 0.5) -> Prediction:
    count = len(scores)
    quantiles = (0.1, 0.5, 0.9)
    shape = (count, HORIZON, JOURNEYS, len(quantiles))
    return Prediction(
        scores=np.asarray(scores, dtype=np.float64),
        recovery_probability=np.full(count, 0.5) if recovery is None else np.asarray(recovery, dtype=np.float64),
        expected_cost=np.zeros(count),
        expected_risk=np.zeros(count),
        quantiles=quantiles,
        good_ratio=np.full(shape, good_ratio, dtype=np.float32),
        latency_p95_milliseconds=np.full(shape, 100.0, dtype=np.float32),
        error_ratio=np.full(shape, np.nan, dtype=np.float32),
    )
