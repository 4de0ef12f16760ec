"""A toy application whose return depends on state and action together: scaling helps the one service that is hot."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Scenario, Split, WorkloadTrace
from clusters.telemetry import (
    EDGE_SIGNALS,
    JOURNEY_SIGNALS,
    NODE_SIGNALS,
    STAND_SIGNALS,
    TelemetryWindow,
    signal_index,
)
from clusters.topology import (
    LOAD_GENERATOR,
    Application,
    Call,
    Journey,
    Operation,
    Range,
    RequestType,
    Service,
    ServiceKind,
)
from envs.actions.action import ACTION_TYPES, ActionFeatures, ActionType
from envs.time_scales import TimeScales
from rollouts.episode import Episode, PolicySpec, StepRecord

TIME_SCALES = TimeScales()
NUM_SERVICES = 3
"""Besides the load generator."""
NUM_STEPS = 14
ACTION_NAMES = (
    "do_nothing",
    *(f"scale:{service}:+1" for service in ("front", "cart", "store")),
    *(f"restart:{service}" for service in ("front", "cart", "store")),
)
_TYPES = [ActionType.DO_NOTHING] + 3 * [ActionType.SCALE] + 3 * [ActionType.RESTART]
_TARGETS = [NUM_SERVICES + 1, 0, 1, 2, 0, 1, 2]
_LEVELS = [0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]


def application() -> Application:
    """front -> cart -> store."""

    def service(name: str, calls: tuple[Call, ...] = ()) -> Service:
        return Service(
            name=name,
            kind=ServiceKind.STATELESS,
            protocol="grpc",
            port=8080,
            replicas=1,
            max_replicas=4,
            workers_per_replica=8,
            cpu_limit_millicores=500.0,
            memory_limit_bytes=2e8,
            memory_base_bytes=1e8,
            memory_per_request_bytes=1e5,
            startup_seconds=10.0,
            operations=(Operation(name="Do", cpu_milliseconds=Range(low=5.0, high=5.0), calls=calls),),
        )

    return Application(
        name="toy",
        services=(
            service("front", (Call(operation="cart.Do"),)),
            service("cart", (Call(operation="store.Do"),)),
            service("store"),
            service(LOAD_GENERATOR),
        ),
        journeys=(Journey(name="browse", slo_latency_milliseconds=500.0, slo_error_ratio=0.05),),
        request_types=(RequestType(name="browse", journey="browse", operation="front.Do", weight=1.0),),
        flags=(),
        nominal_rate_rps=10.0,
    )


def features_of(actions: NDArray[np.int64]) -> ActionFeatures:
    return ActionFeatures(
        type_ids=np.array([ACTION_TYPES.index(kind) for kind in _TYPES], np.int64)[actions],
        target_ids=np.array(_TARGETS, np.int64)[actions],
        levels=np.array(_LEVELS, np.float32)[actions],
    )


def rewards_of(hot: int, actions: Sequence[int]) -> list[float]:
    """Reward of each step: -1 while a service is hot, until it is scaled; superfluous capacity and restarts cost."""
    rewards, spare = [], 0
    for action in actions:
        if action == 1 + hot:
            hot = -9
        elif 1 <= action <= NUM_SERVICES:
            spare += 1
        rewards.append(-1.0 * (hot >= 0) - 0.05 * spare - 0.4 * (action > NUM_SERVICES))
    return rewards


def episode(seed: int, *, split: Split = Split.TRAIN, actions: Sequence[int] | None = None) -> Episode:
    rng = np.random.default_rng(seed)
    hot = int(rng.integers(NUM_SERVICES))
    if actions is None:
        quiet = rng.random(NUM_STEPS) < 0.7
        actions = [int(a) for a in np.where(quiet, 0, rng.integers(1, len(ACTION_NAMES), NUM_STEPS))]
    rewards = rewards_of(hot, actions)
    steps = tuple(
        StepRecord(
            time_ns=30 * 10**9 * position,
            action=action,
            action_name=ACTION_NAMES[action],
            probability=0.1,
            candidate_set=ACTION_NAMES,
            receipt=None,
            fault_receipts=(),
            reward=reward,
            reward_terms={"slo_violation": reward, "resource_cost": 0.0},
        )
        for position, (action, reward) in enumerate(zip(actions, rewards, strict=True))
    )
    return Episode(
        run_id=f"run-{seed}",
        scenario=_scenario(seed, split),
        seed=seed,
        policy=PolicySpec(name="random"),
        time_scales=TIME_SCALES,
        telemetry=_telemetry(rng, hot, actions),
        steps=steps,
        end_reason="horizon",
    )


def _scenario(seed: int, split: Split) -> Scenario:
    return Scenario(
        name=f"toy-{seed}",
        family="hot/steady/visible",
        split=split,
        application="toy",
        seed=seed,
        workload=WorkloadTrace(profile="steady", step_seconds=10.0, rates_rps=(10.0,), mix=(1.0,)),
        faults=(),
        candidates=ACTION_NAMES,
        decision_seconds=0.0,
        warmup_seconds=TIME_SCALES.warmup_seconds,
        horizon_seconds=NUM_STEPS * TIME_SCALES.control_step_seconds,
    )


def _telemetry(rng: np.random.Generator, hot: int, actions: Sequence[int]) -> TelemetryWindow:
    """Thirty buckets of warm-up in which the service is already hot, then three buckets per step."""
    num_buckets = TIME_SCALES.buckets_per_window + NUM_STEPS * TIME_SCALES.buckets_per_step
    hot_until = TIME_SCALES.buckets_per_window + TIME_SCALES.buckets_per_step * (
        list(actions).index(1 + hot) if 1 + hot in actions else NUM_STEPS
    )
    is_hot = np.arange(num_buckets) < hot_until
    app = application()
    nodes = 10.0 * rng.lognormal(0.0, 0.1, (num_buckets, NUM_SERVICES + 1, len(NODE_SIGNALS)))
    nodes[..., signal_index(NODE_SIGNALS, "replicas_ready")] = 1.0
    nodes[..., signal_index(NODE_SIGNALS, "cpu_limit_millicores")] = 500.0
    nodes[:, hot, signal_index(NODE_SIGNALS, "cpu_usage_millicores")] *= np.where(is_hot, 40.0, 1.0)
    journeys = rng.lognormal(0.0, 0.1, (num_buckets, 1, len(JOURNEY_SIGNALS)))
    journeys[:, 0, signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")] = np.where(is_hot, 900.0, 100.0)
    journeys[:, 0, signal_index(JOURNEY_SIGNALS, "error_ratio")] = 0.0
    journeys[:, 0, signal_index(JOURNEY_SIGNALS, "good_ratio")] = np.where(is_hot, 0.2, 1.0)
    stand = np.full((num_buckets, len(STAND_SIGNALS)), 10.0)
    stand[:, signal_index(STAND_SIGNALS, "rate_limit_rps")] = np.nan
    return TelemetryWindow(
        bucket_seconds=TIME_SCALES.observation_bucket_seconds,
        times_ns=np.arange(num_buckets, dtype=np.int64) * 10**10,
        nodes=nodes.astype(np.float32),
        edges=rng.lognormal(0.0, 0.1, (num_buckets, len(app.edges), len(EDGE_SIGNALS))).astype(np.float32),
        journeys=journeys.astype(np.float32),
        stand=stand.astype(np.float32),
    )
