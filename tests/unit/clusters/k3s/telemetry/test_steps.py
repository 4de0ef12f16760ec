"""Values that hold until they change."""

import math

import pytest

from clusters.k3s.telemetry.steps import KEPT_NS, Steps


def test_a_mean_is_weighted_by_time_and_unknown_before_the_first_change() -> None:
    steps = Steps()
    steps.change(100, 1.0)
    steps.change(160, 3.0)
    assert steps.mean(100, 200) == pytest.approx(1.8)
    assert steps.mean(160, 200) == 3.0
    assert math.isnan(steps.mean(90, 200))


def test_a_change_counts_from_its_moment_on() -> None:
    steps = Steps()
    steps.change(100, 2.0)
    assert math.isnan(steps.at(100))
    assert steps.at(101) == 2.0
    assert steps.now == 2.0


def test_changes_are_forgotten_but_never_the_one_that_holds() -> None:
    steps = Steps()
    for hour in range(6):
        steps.change(hour * KEPT_NS // 2, float(hour))
    now_ns = 5 * KEPT_NS // 2
    assert math.isnan(steps.at(KEPT_NS // 2))
    assert steps.at(now_ns - KEPT_NS + 1) == 3.0
    assert not steps.is_forgotten(now_ns)
    steps.change(now_ns, math.nan)
    assert not steps.is_forgotten(now_ns)
    assert steps.is_forgotten(now_ns + 2 * KEPT_NS)
