"""The courses of loads, and the rates that they come to.

Legend: K traces, L steps of the longest, D rows of the target.
"""

import math

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bounds = tuple[float, float]


@compiled
def fill_waves(step_angle: Floats, first_angle: Floats, amplitude: Floats, shapes: Floats) -> None:
    """Fill [K, L] with sine waves around 1.

    Each step turns the wave's point on its circle by the same angle: a sine of its own would take several times as
    long. What that adds to rounding errors is far below the places that rates are rounded to.

    Args:
        step_angle: [K] from one step to the next.
        first_angle: [K] at the first step.
        amplitude: [K]
        shapes: [K, L]
    """
    for k in range(shapes.shape[0]):
        turn_sine, turn_cosine = math.sin(step_angle[k]), math.cos(step_angle[k])
        sine, cosine = math.sin(first_angle[k]), math.cos(first_angle[k])
        for step in range(shapes.shape[1]):
            shapes[k, step] = 1.0 + amplitude[k] * sine
            sine, cosine = sine * turn_cosine + cosine * turn_sine, cosine * turn_cosine - sine * turn_sine


@compiled
def put_bursts(
    numbers: tuple[Floats, Floats, Floats],
    lengths_seconds: Bounds,
    heights: Bounds,
    pauses_seconds: Bounds,
    step_seconds: float,
    start_seconds: Floats,
    shapes: Floats,
) -> None:
    """Enter one burst of each trace [K] into its load, and move its start on to the next one's, both in place.

    Args:
        numbers: [K] each, between 0 and 1: they choose how long and how high it is, and the pause after it.
        lengths_seconds: least and most.
        heights: least and most load.
        pauses_seconds: least and most.
        step_seconds: length of a step; one that begins within the burst is at its height.
        start_seconds: [K]
        shapes: [K, L]
    """
    length, height, pause = numbers
    for k in range(shapes.shape[0]):
        start = start_seconds[k]
        end, load = start + _between(lengths_seconds, length[k]), _between(heights, height[k])
        step = int(start / step_seconds)
        while step < shapes.shape[1] and step * step_seconds < end:
            if step * step_seconds >= start:
                shapes[k, step] = load
            step += 1
        start_seconds[k] = end + _between(pauses_seconds, pause[k])


@inlined
def _between(bounds: Bounds, number: float) -> float:
    low, high = bounds
    return low + (high - low) * number


@compiled
def put_rates(
    rows: Ints, mean_rps: Floats, num_steps: Ints, shapes: Floats, unit: float, rates: NDArray[np.floating]
) -> None:
    """Enter the rates of traces [K] into rows of their own [D, L or more].

    Args:
        rows: [K] of `rates`.
        mean_rps: [K]
        num_steps: [K] of each trace; beyond them nothing is entered.
        shapes: [K, L] load relative to the mean, or [K, 1].
        unit: rates are rounded to so many parts of a request per second.
        rates: [D, L or more] requests per second, in place.
    """
    for k in range(rows.shape[0]):
        mean, shape, of_trace = mean_rps[k], shapes[k], rates[rows[k]]
        if len(shape) == 1:
            rate = np.rint(mean * shape[0] * unit) / unit
            for step in range(num_steps[k]):
                of_trace[step] = rate
        else:
            for step in range(num_steps[k]):
                of_trace[step] = np.rint(mean * shape[step] * unit) / unit
