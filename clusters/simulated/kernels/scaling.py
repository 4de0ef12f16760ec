"""What autoscalers want: the formulas whose source `clusters.simulated.autoscaler` names."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.parameters import TICK_SECONDS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

TOLERANCE: Final = 0.1
SCALE_DOWN_SECONDS: Final = 300.0
MAX_PODS_PER_PERIOD: Final = 4.0
MAX_GROWTH_PER_PERIOD: Final = 2.0

_HOLD_TICKS = SCALE_DOWN_SECONDS / TICK_SECONDS
_ROUNDING = np.float32(1e-6)
"""A division may leave a whole number a last bit too high."""


class Scalers(NamedTuple):
    """What of the state autoscalers go by, [S, N]; `scaler_hold` is brought up to date."""

    desired_replicas: Ints
    cpu_request: Floats
    scaler_target: Floats
    scaler_usage: Floats
    scaler_min: Floats
    scaler_max: Floats
    scaler_hold: Floats


@compiled
def recommend_replicas(
    scalers: Scalers, ready: Floats, ticks: Ints, pairs: Ints, count: int, wanted: NDArray[np.float64]
) -> int:
    """Find the autoscalers that want another number of replicas than there is.

    Args:
        scalers: of the state.
        ready: [S, N] replicas that take requests.
        ticks: [N]
        pairs: [2, ...] services and stands of those that decide now; those that want no change are taken out.
        count: how many decide.
        wanted: [...] filled with the numbers of those that want a change.

    Returns:
        How many want a change.
    """
    num_changed = 0
    for p in range(count):
        s, n = pairs[0, p], pairs[1, p]
        current = np.float64(scalers.desired_replicas[s, n])
        number = _recommended(scalers, ready[s, n], current, s, n)
        # A scale-down is held back; a recommendation that is not lower begins the wait anew.
        if number >= current:
            scalers.scaler_hold[s, n] = np.float32(ticks[n] + _HOLD_TICKS)
        elif ticks[n] < scalers.scaler_hold[s, n]:
            number = current
        number = min(number, max(current * MAX_GROWTH_PER_PERIOD, current + MAX_PODS_PER_PERIOD))
        number = min(max(number, np.float64(scalers.scaler_min[s, n])), np.float64(scalers.scaler_max[s, n]))
        if number != current:
            pairs[0, num_changed], pairs[1, num_changed], wanted[num_changed] = s, n, number
            num_changed += 1
    return num_changed


@inlined
def _recommended(scalers: Scalers, ready: np.float32, current: np.float64, s: int, n: int) -> np.float64:
    """What the use of CPU asks for; on the way up replicas that are not ready count as idle."""
    replicas_of_use = scalers.scaler_usage[s, n] / (scalers.scaler_target[s, n] * scalers.cpu_request[s, n])
    ratio = np.float64(replicas_of_use / max(ready, np.float32(1.0)))
    damped = replicas_of_use / current if ratio > 1.0 and ready < current else ratio
    has_turned = ratio > 1.0 and damped < 1.0
    if has_turned or abs(damped - 1.0) <= TOLERANCE or ready <= 0.0:
        return current
    return np.float64(np.ceil(replicas_of_use - _ROUNDING))
