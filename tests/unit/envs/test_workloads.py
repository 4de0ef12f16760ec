"""Workload profiles."""

import numpy as np
import pytest

from clusters.applications import load_application
from envs.workloads import WORKLOADS, workload
from envs.workloads.workload import build_trace
from ray_configs.errors import UserError

APPLICATION = load_application("small-core")


def draw(profile, seed=0, level=1.0):
    return WORKLOADS[profile].draw(APPLICATION, level, 900.0, np.random.Generator(np.random.Philox(key=seed)))


@pytest.mark.parametrize("profile", WORKLOADS)
def test_a_trace_covers_the_run_around_its_level(profile):
    for seed in range(10):
        trace = draw(profile, seed, level=0.8)
        assert trace.profile == profile
        assert len(trace.rates_rps) * trace.step_seconds == 900.0
        assert 0.9 < np.median(trace.rates_rps) / (0.8 * APPLICATION.nominal_rate_rps) < 1.25 or profile == "diurnal"
        assert sum(trace.mix) == pytest.approx(1.0)
        assert len(trace.mix) == len(APPLICATION.request_types)


def test_profiles_have_the_shape_of_their_name():
    for seed in range(10):
        assert len(set(draw("steady", seed).rates_rps)) == 1
        diurnal = np.array(draw("diurnal", seed).rates_rps)
        assert np.abs(np.diff(diurnal)).max() < 0.05 * APPLICATION.nominal_rate_rps < np.ptp(diurnal)
        burst = np.array(draw("burst", seed).rates_rps)
        assert np.median(burst) == burst.min()
        assert burst.max() >= 1.15 * burst.min()


def test_the_mix_varies_by_seed():
    assert draw("steady", 0).mix != draw("steady", 1).mix
    assert draw("steady", 0) == draw("steady", 0)


def test_a_negative_rate_is_refused():
    with pytest.raises(UserError, match="'steady' has a negative rate"):
        draw("steady", level=-0.5)
    with pytest.raises(UserError, match="negative rate"):
        build_trace("own", APPLICATION, np.array([-1.0]), 1.0, np.random.default_rng(0))


def test_an_unknown_workload_is_refused():
    with pytest.raises(UserError, match="no workload 'lunar'; choose one of steady, diurnal, burst"):
        workload("lunar")
