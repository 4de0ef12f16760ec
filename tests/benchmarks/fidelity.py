"""The bars of accuracy: what `tests.benchmarks.accuracy` measures, beside the floor that halves of the truth set."""

import numpy as np

from tests.benchmarks.accuracy import Difference, difference, measure_overload, measure_stable
from tests.benchmarks.bars import Bar
from tests.benchmarks.reference_graph import NAME

STABLE_REPLICATES = 100
OVERLOAD_REPLICATES = 256
APPLICATIONS = (NAME, "small-core")


def fidelity_bars() -> list[Bar]:
    """Of both applications, stable and overloaded."""
    bars = []
    for name in APPLICATIONS:
        bars += stable_bars(name)
        bars += overload_bars(name)
    return bars


def stable_bars(name: str) -> list[Bar]:
    """Mean latency of the worst request type and of the median service, and the worst journey's p95."""
    sides = measure_stable(name, STABLE_REPLICATES)
    requests = difference(sides.measured.requests, sides.truth.requests)
    services = difference(sides.measured.services, sides.truth.services)
    p95 = difference(sides.measured.p95, sides.truth.p95)
    label = name.replace("-", "_")
    return [
        worst(f"{label}_stable_mean_latency_error_of_the_worst_request_type", requests, 0.02),
        middle(f"{label}_stable_mean_latency_error_median_of_services", services, 0.02),
        worst(f"{label}_stable_p95_error_of_the_worst_journey", p95, 0.05),
    ]


def overload_bars(name: str) -> list[Bar]:
    """Number in system per service and bucket while several services are overloaded, and after."""
    sides = measure_overload(name, OVERLOAD_REPLICATES)
    compared = difference(sides.measured, sides.truth)
    ratio = sides.deviation_ratio
    label = name.replace("-", "_")
    inside = float(((ratio >= 0.8) & (ratio <= 1.25)).mean())
    median_ratio = float(np.median(ratio))
    error, floor = np.quantile(compared.error, 0.9), np.quantile(compared.floor, 0.9)
    return [
        middle(f"{label}_overload_number_in_system_error_median", compared, 0.05),
        bar(f"{label}_overload_number_in_system_error_p90", float(error), float(floor), 0.15),
        Bar(
            name=f"{label}_overload_standard_deviation_ratio_median_of_service_buckets",
            value=median_ratio,
            anchor=f"{100 * inside:.0f} % of service-buckets inside 0.8-1.25",
            ratio=median_ratio,
            goal="0.8-1.25",
            holds=0.8 <= median_ratio <= 1.25,
        ),
    ]


def worst(name: str, compared: Difference, goal: float) -> Bar:
    """The largest error, beside the largest floor."""
    return bar(name, float(compared.error.max()), float(compared.floor.max()), goal)


def middle(name: str, compared: Difference, goal: float) -> Bar:
    """The median error, beside the median floor."""
    return bar(name, float(np.median(compared.error)), float(np.median(compared.floor)), goal)


def bar(name: str, error: float, floor: float, goal: float) -> Bar:
    """An error that is to be small; the ratio is that to its floor."""
    return Bar(
        name=name,
        value=error,
        anchor=f"half against half {floor:.4f}",
        ratio=error / floor,
        goal=f"<= {goal:g}",
        holds=error <= goal,
    )
