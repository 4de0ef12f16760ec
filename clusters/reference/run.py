"""One run of the reference, and what it measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.reference.changes import resume, settle
from clusters.reference.layout import (
    BINS_PER_OCTAVE,
    FIRST_OCTAVE,
    NUM_BINS,
    NUM_EVENTS,
    NUM_SPANS,
    OPERATION_ARRIVALS,
    OPERATION_DONE,
    OPERATION_ERRORS,
    OPERATION_LATENCY,
    REQUEST_DONE,
    REQUEST_ERRORS,
    REQUEST_GOOD,
    REQUEST_HELD_BACK,
    REQUEST_LATENCY,
    REQUEST_LIMITED,
    REQUEST_PLANNED,
    SERVICE_COMPUTING,
    SERVICE_LOST,
    SERVICE_PRESENT,
    SERVICE_REFUSED,
    SERVICE_WAITING,
    World,
)
from clusters.reference.loop import FINISHED, NEEDS_SLOTS, NEEDS_SPANS, run
from clusters.reference.network import compile_network
from clusters.reference.parameters import Change, Parameters
from clusters.reference.world import build_world, put_in_force, schedule, with_more_slots, with_more_spans
from clusters.scenario import WorkloadTrace
from clusters.simulated.graph import CompiledGraph
from clusters.topology import Application

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ReferenceRun:
    """What a run measured: counts per bucket. Services, operations and channels in the compiled graph's order.

    Legend: B buckets, S services, O operations, H channels, R request types.
    """

    bucket_seconds: float
    present: Floats
    """[B, S] time average of the requests in the service."""
    waiting: Floats
    """[B, S] of those, waiting for a worker."""
    computing: Floats
    """[B, S] of those, computing."""
    refused: Floats
    """[B, S] requests turned away"""
    lost: Floats
    """[B, S] requests that died with their replica"""
    arrivals: Floats
    """[B, O] requests that came in, refused ones too"""
    completions: Floats
    """[B, O] executions that ended"""
    errors: Floats
    """[B, O] of those, failed"""
    latency_seconds: Floats
    """[B, O] sum over the executions that ended"""
    channels: Floats
    """[B, H, 5] attempts, answers (timeouts too), failed ones, sum of their seconds, retries among the attempts"""
    planned: Floats
    """[B, R] what users meant to send"""
    held_back: Floats
    """[B, R] of those, not sent because users were asked not to"""
    rate_limited: Floats
    """[B, R] of those, refused at the entry"""
    answered: Floats
    """[B, R] users that were answered, or gave up"""
    failed: Floats
    """[B, R] of those, with an error or not in time"""
    good: Floats
    """[B, R] of those, without an error and within the journey's objective"""
    user_seconds: Floats
    """[B, R] sum of the time that they took"""
    service_bins: NDArray[np.int32]
    """[B, S, bins] histogram of the executions' latency, see `quantile`"""
    request_bins: NDArray[np.int32]
    """[B, R, bins] the same of users"""
    spans: NDArray[np.int64]
    """[spans, 5] trace, span, parent span (0: none), operation, 1 for an error; of sampled requests"""
    span_seconds: Floats
    """[spans, 2] start and end at the service"""
    num_events: int


def simulate(
    application: Application,
    parameters: Parameters,
    workload: WorkloadTrace,
    seconds: float,
    bucket_seconds: float,
    seed: int,
    changes: Sequence[Change] = (),
    *,
    traced_share: float = 0.0,
) -> ReferenceRun:
    """Play every request of one stand, which is empty at first.

    Args:
        application: whose structure is played.
        parameters: in force at time 0, from `read_parameters`.
        workload: the load, from its start.
        seconds: how long; a multiple of the bucket.
        bucket_seconds: what is counted together.
        seed: runs with equal arguments are equal.
        changes: parameters that come into force later, in the order of their times.
        traced_share: share of the users' requests whose executions are kept as spans.

    Raises:
        ValueError: changes out of order, or a time that is no multiple of the bucket.
    """
    num_buckets = round(seconds / bucket_seconds)
    if num_buckets < 1 or abs(num_buckets * bucket_seconds - seconds) > 1e-9:
        raise ValueError(f"{seconds:g} s are no multiple of buckets of {bucket_seconds:g} s; give whole buckets")
    times = [change.at_seconds for change in changes]
    if times != sorted(times) or (times and times[0] < 0):
        raise ValueError(f"changes at {times} s are out of order; sort them by time")
    network = compile_network(CompiledGraph(application))
    phases = (Change(at_seconds=0.0, parameters=parameters), *changes)
    world = build_world(network, workload, phases, num_buckets, bucket_seconds, seed, traced_share)
    world = _play(world, changes)
    return _measured(world, bucket_seconds)


def _play(world: World, changes: Sequence[Change]) -> World:
    """Run the loop to its end; the world, whose arrays may have been replaced."""
    schedule(world, changes)
    while (stop := run(world)) != FINISHED:
        if stop == NEEDS_SLOTS:
            world = with_more_slots(world, len(world.slots))
        elif stop == NEEDS_SPANS:
            world = with_more_spans(world)
        else:
            settle(world)
            put_in_force(world, changes[0])
            resume(world)
            changes = changes[1:]
            schedule(world, changes)
    return world


def _measured(w: World, bucket_seconds: float) -> ReferenceRun:
    services, operations, requests = w.service_meters, w.operation_meters, w.request_meters
    num_spans = int(w.counters[NUM_SPANS])
    return ReferenceRun(
        bucket_seconds=bucket_seconds,
        present=services[:, :, SERVICE_PRESENT] / bucket_seconds,
        waiting=services[:, :, SERVICE_WAITING] / bucket_seconds,
        computing=services[:, :, SERVICE_COMPUTING] / bucket_seconds,
        refused=services[:, :, SERVICE_REFUSED],
        lost=services[:, :, SERVICE_LOST],
        arrivals=operations[:, :, OPERATION_ARRIVALS],
        completions=operations[:, :, OPERATION_DONE],
        errors=operations[:, :, OPERATION_ERRORS],
        latency_seconds=operations[:, :, OPERATION_LATENCY],
        channels=w.channel_meters,
        planned=requests[:, :, REQUEST_PLANNED],
        held_back=requests[:, :, REQUEST_HELD_BACK],
        rate_limited=requests[:, :, REQUEST_LIMITED],
        answered=requests[:, :, REQUEST_DONE],
        failed=requests[:, :, REQUEST_ERRORS],
        good=requests[:, :, REQUEST_GOOD],
        user_seconds=requests[:, :, REQUEST_LATENCY],
        service_bins=w.service_bins,
        request_bins=w.request_bins,
        spans=w.spans[:num_spans],
        span_seconds=w.span_times[:num_spans],
        num_events=int(w.counters[NUM_EVENTS]),
    )


def quantile(bins: NDArray[np.integer], share: float) -> Floats:
    """[...] latency in seconds that this share of requests did not exceed, of histograms [..., bins]; NaN of none."""
    total = bins.sum(axis=-1)
    cumulative = np.cumsum(bins, axis=-1, dtype=np.float64)
    target = share * total
    place = (cumulative < target[..., None]).sum(axis=-1).clip(max=NUM_BINS - 1)
    upper = np.take_along_axis(cumulative, place[..., None], axis=-1)[..., 0]
    inside = np.take_along_axis(bins, place[..., None], axis=-1)[..., 0]
    fraction = 1.0 - (upper - target) / np.maximum(inside, 1)
    octave, part = np.divmod(place, BINS_PER_OCTAVE)
    width = 2.0 ** (octave + FIRST_OCTAVE - 1) / BINS_PER_OCTAVE
    return np.where(total > 0, width * (BINS_PER_OCTAVE + part + fraction), np.nan)
