"""The arrays of one run: made at its start, enlarged where one is full."""

import math
from collections.abc import Sequence

import numpy as np

from clusters.reference.agenda import put
from clusters.reference.layout import (
    BUCKET_END,
    CHANGE,
    FIRST_SERVICE,
    FIRST_TIMEOUT,
    FREE_HEAD,
    LINE_HEAD,
    LINE_TAIL,
    MAX_EVENTS,
    NEVER,
    NEXT,
    NONE,
    NUM_BINS,
    NUM_CLOCK_COLUMNS,
    NUM_COUNTERS,
    NUM_FREE,
    NUM_REQUEST_METERS,
    NUM_SLOT_COLUMNS,
    NUM_STATION_COLUMNS,
    NUM_TIME_COLUMNS,
    Floats,
    SmallInts,
    World,
)
from clusters.reference.network import Network
from clusters.reference.parameters import Change
from clusters.reference.randomness import seeded
from clusters.scenario import WorkloadTrace
from clusters.simulated.parameters import NETWORK_SECONDS, REJECTION_SECONDS

_FIRST_SLOTS = 1 << 13
_FIRST_SPANS = 1 << 11


def build_world(
    network: Network,
    workload: WorkloadTrace,
    phases: Sequence[Change],
    num_buckets: int,
    bucket_seconds: float,
    seed: int,
    traced_share: float,
) -> World:
    """Everything empty at time 0; the first of the `phases` is in force, the others are to come."""
    num_services, num_others = len(phases[0].parameters.speed), FIRST_TIMEOUT + len(network.timeouts)
    num_operations, num_channels = len(network.operations), len(network.channels)
    num_requests = len(network.request_channels)
    counters = np.zeros(NUM_COUNTERS, dtype=np.int64)
    counters[FREE_HEAD] = NONE
    num_events = num_others + num_services
    if num_events > MAX_EVENTS:
        raise ValueError(f"{num_services} services and {num_others} timeouts are too many for the reference's agenda")
    counters[FIRST_SERVICE] = num_others
    num_leaves = 1 << (num_events - 1).bit_length()
    stations = np.zeros((num_services, NUM_STATION_COLUMNS), dtype=np.int64)
    stations[:, LINE_HEAD] = stations[:, LINE_TAIL] = NONE
    most_workers = int(max(phase.parameters.workers.max() for phase in phases))
    operations, calls, channels, services, load = _rows(phases[0])
    settings = [bucket_seconds, workload.step_seconds, REJECTION_SECONDS, NETWORK_SECONDS, traced_share]
    world = World(
        counters=counters,
        now=np.zeros(3),
        random=seeded(seed),
        agenda=np.full(2 * num_leaves, NEVER),
        lists=np.full((num_others, 2), NONE, dtype=np.int64),
        slots=np.zeros((0, NUM_SLOT_COLUMNS), dtype=np.int32),
        times=np.zeros((0, NUM_TIME_COLUMNS)),
        heap=np.zeros((0, 2)),
        stations=stations,
        clocks=np.zeros((num_services, NUM_CLOCK_COLUMNS)),
        tags=np.zeros((num_services, most_workers + 2, 2)),
        operations=network.operations,
        calls=network.calls,
        channels=network.channels,
        request_channels=network.request_channels,
        timeouts=network.timeouts,
        request_limits=network.request_limits,
        cumulative_mix=np.cumsum(workload.mix),
        rates=np.array(workload.rates_rps, dtype=np.float64),
        settings=np.array(settings),
        operation_values=operations,
        call_counts=calls,
        channel_values=channels,
        service_values=services,
        load_values=load,
        service_meters=np.zeros((num_buckets, num_services, 5)),
        operation_meters=np.zeros((num_buckets, num_operations, 4)),
        channel_meters=np.zeros((num_buckets, num_channels, 5)),
        request_meters=np.zeros((num_buckets, num_requests, NUM_REQUEST_METERS)),
        service_bins_now=np.zeros((num_services, NUM_BINS), dtype=np.int32),
        request_bins_now=np.zeros((num_requests, NUM_BINS), dtype=np.int32),
        service_bins=np.zeros((num_buckets, num_services, NUM_BINS), dtype=np.int32),
        request_bins=np.zeros((num_buckets, num_requests, NUM_BINS), dtype=np.int32),
        spans=np.zeros((_FIRST_SPANS, 5), dtype=np.int64),
        span_times=np.zeros((_FIRST_SPANS, 2)),
    )
    put(world, BUCKET_END, bucket_seconds)
    return with_more_slots(world, _FIRST_SLOTS)


def schedule(world: World, phases: Sequence[Change]) -> None:
    """Let the loop stop for the first of the changes to come, if there is one."""
    put(world, CHANGE, phases[0].at_seconds if phases else math.inf)


def put_in_force(world: World, phase: Change) -> None:
    """Replace the parameters; the services were brought up to now."""
    values = (
        world.operation_values,
        world.call_counts,
        world.channel_values,
        world.service_values,
        world.load_values,
    )
    for value, row in zip(values, _rows(phase), strict=True):
        value[...] = row


def with_more_slots(world: World, number: int) -> World:
    """The same with so many more free slots."""
    old = len(world.slots)
    added = np.zeros((number, NUM_SLOT_COLUMNS), dtype=np.int32)
    added[:, NEXT] = np.arange(old + 1, old + number + 1)
    added[-1, NEXT] = world.counters[FREE_HEAD]
    world.counters[FREE_HEAD] = old
    world.counters[NUM_FREE] += number
    slots: SmallInts = np.concatenate([world.slots, added])
    return world._replace(
        slots=slots,
        times=np.concatenate([world.times, np.zeros((number, NUM_TIME_COLUMNS))]),
        heap=np.concatenate([world.heap, np.zeros((number, 2))]),
    )


def with_more_spans(world: World) -> World:
    """The same with room for twice as many spans."""
    return world._replace(
        spans=np.concatenate([world.spans, np.zeros_like(world.spans)]),
        span_times=np.concatenate([world.span_times, np.zeros_like(world.span_times)]),
    )


def _rows(phase: Change) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Parameters as the loop reads them: of operations, calls, channels, services and the load."""
    p = phase.parameters
    lost = np.zeros_like(p.speed) if phase.lost_share is None else phase.lost_share
    services = (p.cpu_servers, p.speed, p.workers, p.queue_bound, p.is_open.astype(np.float64), p.max_rate_rps, lost)
    return (
        np.stack([p.demand_ms / 1e3, p.own_error_ratio, p.added_seconds], axis=1),
        p.call_count.copy(),
        np.stack([p.retries, p.delay_seconds, p.loss], axis=1),
        np.stack(services, axis=1),
        np.array([p.multiplier, p.rate_limit_rps, p.think_seconds, *p.shape]),
    )
