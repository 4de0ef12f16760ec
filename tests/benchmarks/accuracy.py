"""How far the simulator is from the reference: stable load, and overload with recovery.

`python -m tests.benchmarks.accuracy [reference-graph|small-core] [replicates] [seed]` prints it service by service; the
seed draws the costs, and the bars have 0.
"""

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from clusters.applications import load_application
from clusters.topology import Application
from tests.benchmarks.reference_graph import NAME, build_reference_graph
from tests.benchmarks.sides import (
    Course,
    StableLatency,
    play_reference,
    present_in_reference,
    present_in_simulator,
    stable_in_reference,
    stable_in_simulator,
)

Floats = NDArray[np.float64]

STEP_SECONDS = 10.0
OVERLOAD_RPS = (100.0,) * 12 + (135.0,) * 10 + (90.0,) * 18
"""Several services have more to do than they can in the middle."""
SETTLING_BUCKETS = 6
"""The first minute is left out: both sides start empty."""
STABLE_SECONDS = 400.0
CHECKOUT_FACTOR = 2.7
"""In `small-core` the checkouts are so many times the usual: then shipping and payment pass their CPU at 135
requests/s, and checkout its workers, while at 100 the busiest is at 0.85."""


def overload(name: str, seed: int = 0) -> Course:
    """100 -> 135 -> 90 requests/s."""
    application, mix = _application(name)
    return Course(
        application=application,
        rates_rps=OVERLOAD_RPS,
        step_seconds=STEP_SECONDS,
        mix=mix,
        seconds=STEP_SECONDS * len(OVERLOAD_RPS),
        seed=seed,
    )


def stable(name: str, seed: int = 0) -> Course:
    """100 requests/s; the application's own mix."""
    application, mix = _application(name, checkout_factor=1.0)
    return Course(
        application=application,
        rates_rps=(100.0,),
        step_seconds=STEP_SECONDS,
        mix=mix,
        seconds=2 * STABLE_SECONDS,
        seed=seed,
    )


def _application(name: str, checkout_factor: float = CHECKOUT_FACTOR) -> tuple[Application, tuple[float, ...]]:
    application = build_reference_graph() if name == NAME else load_application(name)
    is_more = [name != NAME and request.journey == "checkout" for request in application.request_types]
    weights = [
        request.weight * (checkout_factor if more else 1.0)
        for request, more in zip(application.request_types, is_more, strict=True)
    ]
    return application, tuple(weight / sum(weights) for weight in weights)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Relative errors of one side's mean against the other's, and of the reference's halves against each other."""

    error: Floats
    floor: Floats


def difference(measured: Floats, truth: Floats) -> Difference:
    """Of means over the leading axis."""
    half = len(truth) // 2
    halves = truth[:half].mean(axis=0), truth[half : 2 * half].mean(axis=0)
    mean = truth.mean(axis=0)
    return Difference(error=np.abs(measured.mean(axis=0) / mean - 1.0), floor=np.abs(halves[0] - halves[1]) / mean)


@dataclass(frozen=True, kw_only=True)
class Stable:
    """Both sides of the stable stretch."""

    measured: StableLatency
    truth: StableLatency


def measure_stable(name: str, replicates: int, seed: int = 0) -> Stable:
    """Play both sides."""
    course = stable(name, seed)
    return Stable(
        measured=stable_in_simulator(course, STABLE_SECONDS, replicates),
        truth=stable_in_reference(course, STABLE_SECONDS, replicates),
    )


@dataclass(frozen=True, kw_only=True)
class Overload:
    """Number in system [N, B, S] of both sides, after the settling."""

    measured: Floats
    truth: Floats

    @property
    def deviation_ratio(self) -> Floats:
        """[B, S] standard deviation over replicates, measured over true."""
        ratio: Floats = self.measured.std(axis=0, ddof=1) / self.truth.std(axis=0, ddof=1)
        return ratio


def measure_overload(name: str, replicates: int, seed: int = 0) -> Overload:
    """Play both sides."""
    course = overload(name, seed)
    runs = play_reference(course, STEP_SECONDS, replicates)
    return Overload(
        measured=present_in_simulator(course, STEP_SECONDS, replicates)[:, SETTLING_BUCKETS:],
        truth=present_in_reference(course, runs)[:, SETTLING_BUCKETS:],
    )


def main() -> None:
    """Print both."""
    names = [sys.argv[1]] if len(sys.argv) > 1 else [NAME, "small-core"]
    replicates = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    console = Console(width=150)
    for name in names:
        print_stable(console, name, measure_stable(name, replicates, seed))
        print_overload(console, name, measure_overload(name, replicates, seed))


def print_stable(console: Console, name: str, sides: Stable) -> None:
    """Service by service and type by type."""
    application = stable(name).application
    rows: list[tuple[str, tuple[str, ...], Floats, Floats]] = [
        ("mean", tuple(r.name for r in application.request_types), sides.measured.requests, sides.truth.requests),
        ("mean", stable(name).services, sides.measured.services, sides.truth.services),
        ("p95", application.journey_names, sides.measured.p95, sides.truth.p95),
    ]
    table = Table("stable", "", "reference ms", "simulator ms", "error %", "floor %", title=name)
    for kind, labels, measured, truth in rows:
        compared = difference(measured, truth)
        for k, label in enumerate(labels):
            error = 100.0 * (measured[:, k].mean() / truth[:, k].mean() - 1.0)
            table.add_row(
                kind,
                label,
                f"{truth[:, k].mean():.2f}",
                f"{measured[:, k].mean():.2f}",
                f"{error:+.2f}",
                f"{100 * compared.floor[k]:.2f}",
            )
    console.print(table)


def print_overload(console: Console, name: str, sides: Overload) -> None:
    """Service by service: error over the buckets, then a few buckets of the course."""
    compared, ratio = difference(sides.measured, sides.truth), sides.deviation_ratio
    marks = range(0, sides.truth.shape[1], 3)
    table = Table(
        "overload", "median %", "p90 %", "floor %", "std ratio", *(f"{10 * (b + 6)}s" for b in marks), title=name
    )
    for s, label in enumerate(overload(name).services):
        table.add_row(
            label,
            f"{100 * np.median(compared.error[:, s]):.1f}",
            f"{100 * np.quantile(compared.error[:, s], 0.9):.1f}",
            f"{100 * np.median(compared.floor[:, s]):.1f}",
            f"{np.median(ratio[:, s]):.2f}",
            *(f"{sides.truth[:, b, s].mean():.1f}\n{sides.measured[:, b, s].mean():.1f}" for b in marks),
        )
    console.print(table)
    inside = ((ratio > 0.8) & (ratio < 1.25)).mean()
    console.print(
        f"{name} overload: error median {100 * np.median(compared.error):.1f} %, "
        f"p90 {100 * np.quantile(compared.error, 0.9):.1f} % "
        f"(floor {100 * np.median(compared.floor):.1f} %, {100 * np.quantile(compared.floor, 0.9):.1f} %); "
        f"std ratio median {np.median(ratio):.2f}, inside 0.8-1.25 {100 * inside:.0f} %"
    )


if __name__ == "__main__":
    main()
