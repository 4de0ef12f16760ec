"""What a few replicas' end and beginning changes; pairs [P] are of a service and a stand, and none comes twice."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.parameters import COLD_SECONDS
from clusters.simulated.telemetry.sums import ServiceSum

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_COLD_SECONDS = np.float32(COLD_SECONDS)
_RESTARTS = int(ServiceSum.RESTARTS)


class Mortal(NamedTuple):
    """What of the state begins and ends with replicas: [K, S, N] slots, then [S, N], then sums."""

    present: Bools
    timer: Floats
    stress: Floats
    slot_limit: Floats
    roll: Bools
    desired_limit: Floats
    service_down: Bools
    backlog: Floats
    held: Floats
    lost: Floats
    leaked_bytes: Floats
    service_sums: Floats


@compiled
def replace_dead(
    mortal: Mortal, is_consumer: Bools, startup_seconds: Floats, rank: NDArray[np.float64], pairs: Ints, count: int
) -> int:
    """Let one ready replica of each pair die with what it works on, and a fresh one take its place.

    Args:
        mortal: of the state.
        is_consumer: [S] takes messages.
        startup_seconds: [S, 1]
        rank: [K, P] of those that are ready the highest dies; of equal ones the first.
        pairs: [2, ...] services and stands; those of which no replica was ready are taken out.
        count: P.

    Returns:
        How many died.
    """
    num_dead = 0
    for p in range(count):
        s, n = pairs[0, p], pairs[1, p]
        slot, num_ready = -1, 0
        for k in range(mortal.present.shape[0]):
            if mortal.present[k, s, n] and mortal.timer[k, s, n] <= _COLD_SECONDS and not mortal.service_down[s, n]:
                num_ready += 1
                if slot < 0 or rank[k, p] > rank[slot, p]:
                    slot = k
        if slot >= 0:
            share = _ONE / np.float32(num_ready)
            _lose(mortal, is_consumer, share, s, n)
            mortal.leaked_bytes[s, n] *= _ONE - share
            mortal.service_sums[_RESTARTS, s, n] += _ONE
            _start(mortal, startup_seconds, slot, s, n)
            pairs[0, num_dead], pairs[1, num_dead] = s, n
            num_dead += 1
    return num_dead


@compiled
def start_replicas(mortal: Mortal, startup_seconds: Floats, slots: Ints, services: Ints, stands: Ints) -> None:
    """Put a fresh replica into each place [P]: not ready, then cold, free of stress, at the limit wanted now."""
    for p in range(len(slots)):
        _start(mortal, startup_seconds, slots[p], services[p], stands[p])


@compiled
def lose_shares(mortal: Mortal, is_consumer: Bools, services: Ints, stands: Ints, share: Floats) -> None:
    """Lose so much [P] of the requests in flight at each pair."""
    for p in range(len(services)):
        _lose(mortal, is_consumer, share[p], services[p], stands[p])


@inlined
def _start(mortal: Mortal, startup_seconds: Floats, slot: int, s: int, n: int) -> None:
    """Put a fresh replica into one place."""
    mortal.present[slot, s, n] = True
    mortal.timer[slot, s, n] = startup_seconds[s, 0] + _COLD_SECONDS
    mortal.stress[slot, s, n] = _ZERO
    mortal.slot_limit[slot, s, n] = mortal.desired_limit[s, n]
    mortal.roll[slot, s, n] = False


@inlined
def _lose(mortal: Mortal, is_consumer: Bools, share: np.float32, s: int, n: int) -> None:
    """Lose requests in flight; messages are not: what a consumer has not finished is handed out again."""
    if not is_consumer[s]:
        mortal.lost[s, n] += share * (mortal.backlog[s, n] + mortal.held[s, n])
        mortal.backlog[s, n] *= _ONE - share
