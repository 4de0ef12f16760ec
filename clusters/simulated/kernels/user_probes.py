"""How the signals of users' journeys, and of the whole stand, are read from a bucket."""

import numpy as np

from clusters.compiled import inlined
from clusters.simulated.kernels.arithmetic import greater
from clusters.simulated.kernels.bucket_end import NO_REQUESTS, BucketEnd, Floats, Owners, Signals, add_up, known
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.telemetry.sums import RequestSum
from clusters.telemetry import JOURNEY_SIGNALS, STAND_SIGNALS, signal_index

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_OFFERED, _SUCCEEDED = int(RequestSum.OFFERED), int(RequestSum.SUCCEEDED)

_JOURNEY_OFFERED = signal_index(JOURNEY_SIGNALS, "offered_rate_rps")
_JOURNEY_ERRORS = signal_index(JOURNEY_SIGNALS, "error_ratio")
_JOURNEY_P95 = signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")
_JOURNEY_GOOD = signal_index(JOURNEY_SIGNALS, "good_ratio")
_STAND_OFFERED = signal_index(STAND_SIGNALS, "offered_rate_rps")
_STAND_RATE_LIMIT = signal_index(STAND_SIGNALS, "rate_limit_rps")
_STAND_COST = signal_index(STAND_SIGNALS, "resource_cost_millicores")


@inlined
def tell_journey(
    owners: Owners,
    end: BucketEnd,
    p95: Floats,
    in_time: Floats,
    share: np.float32,
    missing: np.float32,
    first: np.uint64,
    last: np.uint64,
    room: Floats,
    signals: Signals,
    j: int,
) -> None:
    """What the users on one journey tell; `p95` is [N]. What they wanted to send is added to the stand's."""
    add_up(owners.requests, j, end.request_sums[_OFFERED], first, last, room[0])
    add_up(owners.requests, j, end.request_sums[_SUCCEEDED], first, last, room[1])
    for n in range(first, last):
        room[2, n - first] = _ZERO
    for i in range(owners.requests.first[j], owners.requests.first[j + 1]):
        r = owners.requests.rows[i]
        for n in range(first, last):
            room[2, n - first] += end.request_sums[_SUCCEEDED, r, n] * in_time[r, n]
    for n in range(first, last):
        offered = room[0, n - first]
        error_ratio, good_ratio = greater(_ONE - room[1, n - first] / offered, _ZERO), room[2, n - first] / offered
        signals.journeys[_JOURNEY_OFFERED, j, n - first] = offered * share
        signals.journeys[_JOURNEY_ERRORS, j, n - first] = error_ratio if offered > NO_REQUESTS else missing
        signals.journeys[_JOURNEY_P95, j, n - first] = known(p95[n], missing)
        signals.journeys[_JOURNEY_GOOD, j, n - first] = good_ratio if offered > NO_REQUESTS else missing
        signals.stand[_STAND_OFFERED, 0, n - first] += offered


@inlined
def begin_stand(first: np.uint64, last: np.uint64, stand: Floats) -> None:
    """No journey has told what its users wanted to send."""
    for n in range(first, last):
        stand[_STAND_OFFERED, 0, n - first] = _ZERO


@inlined
def tell_stand(
    end: BucketEnd,
    capacity: Capacity,
    share: np.float32,
    missing: np.float32,
    first: np.uint64,
    last: np.uint64,
    stand: Floats,
) -> None:
    """What concerns the whole stand. The load generator, which is the first service, belongs to the scenario."""
    for n in range(first, last):
        stand[_STAND_OFFERED, 0, n - first] *= share
        stand[_STAND_RATE_LIMIT, 0, n - first] = known(end.rate_limit_rps[n], missing)
        stand[_STAND_COST, 0, n - first] = _ZERO
    for s in range(1, capacity.reserved_millicores.shape[0]):
        for n in range(first, last):
            stand[_STAND_COST, 0, n - first] += capacity.reserved_millicores[s, n]
