"""Workload profiles."""

import numpy as np
import pytest

from clusters.applications import load_application
from envs.random_columns import RandomColumns
from envs.workloads import WORKLOADS, workload
from envs.workloads.mix import MIX_SPREAD, drawn_mixes
from envs.workloads.recorded import Recorded
from envs.workloads.workload import LoadRequests, trace_of
from ray_configs.errors import UserError

APPLICATION = load_application("small-core")


def draw(profile, seed=0, level=1.0):
    return draw_trace(WORKLOADS[profile], seed, level, profile=profile)


def draw_trace(workload, seed=0, level=1.0, duration_seconds=900.0, profile=""):
    (trace,) = draw_traces(workload, [seed], [level], [duration_seconds], profile)
    return trace


def draw_traces(workload, seeds, levels, durations, profile=""):
    rng = RandomColumns(seeds)
    requests = LoadRequests(
        application=APPLICATION,
        level=np.array(levels),
        duration_seconds=np.array(durations),
        mixes=drawn_mixes(APPLICATION, rng),
    )
    loads = workload.draw(requests, rng)
    return [trace_of(profile, requests, loads, k) for k in range(len(seeds))]


@pytest.mark.parametrize("profile", WORKLOADS)
def test_a_trace_covers_the_run_around_its_level(profile):
    for seed in range(10):
        trace = draw(profile, seed, level=0.8)
        assert trace.profile == profile
        assert len(trace.rates_rps) * trace.step_seconds == 900.0
        assert 0.9 < np.median(trace.rates_rps) / (0.8 * APPLICATION.nominal_rate_rps) < 1.25 or profile == "diurnal"
        assert sum(trace.mix) == pytest.approx(1.0)
        assert len(trace.mix) == len(APPLICATION.request_types)


@pytest.mark.parametrize("profile", WORKLOADS)
def test_traces_drawn_together_are_those_drawn_alone(profile):
    seeds = range(60)
    levels, durations = np.linspace(0.4, 1.3, 60), np.linspace(95.0, 1805.0, 60)[::-1]
    together = draw_traces(WORKLOADS[profile], seeds, levels, durations)
    alone = [draw_trace(WORKLOADS[profile], *each) for each in zip(seeds, levels, durations, strict=True)]
    assert together == alone
    assert [len(trace.rates_rps) for trace in together] == np.ceil(durations / 10.0).astype(int).tolist()
    assert draw_traces(WORKLOADS[profile], [], [], []) == []


def test_profiles_have_the_shape_of_their_name():
    for seed in range(10):
        assert len(set(draw("steady", seed).rates_rps)) == 1
        diurnal = np.array(draw("diurnal", seed).rates_rps)
        assert np.abs(np.diff(diurnal)).max() < 0.05 * APPLICATION.nominal_rate_rps < np.ptp(diurnal)
        burst = np.array(draw("burst", seed).rates_rps)
        assert np.median(burst) == burst.min()
        assert burst.max() >= 1.15 * burst.min()


def test_bursts_come_and_go_until_a_trace_ends():
    for seed in range(20):
        rates = np.array(draw_trace(WORKLOADS["burst"], seed, duration_seconds=20_000.0).rates_rps)
        edges = np.flatnonzero(np.diff(rates > rates.min(), prepend=False, append=False))
        starts, ends = edges[::2], edges[1::2]
        pauses = starts[1:] - ends[:-1]
        heights = rates[starts] / rates.min()
        assert set(ends[:-1] - starts[:-1]) == {2, 3, 4, 5}, "steps of 10 seconds: 20 to 50 seconds"
        assert 12 <= pauses.min() < pauses.max() <= 30
        assert starts[0] <= 30
        assert len(rates) - ends[-1] <= 30
        assert 1.1499 < heights.min() < 1.17 < 1.33 < heights.max() < 1.3501


def test_the_mix_varies_by_seed():
    assert draw("steady", 0).mix != draw("steady", 1).mix
    assert draw("steady", 0) == draw("steady", 0)


def test_mixes_scatter_around_the_application_s_weights():
    mixes = drawn_mixes(APPLICATION, RandomColumns(range(4000)))
    nominal = np.array([request.weight for request in APPLICATION.request_types])
    ratios = np.log(mixes / (nominal / nominal.sum()))
    apart = ratios - ratios.mean(axis=1, keepdims=True)
    assert np.allclose(apart.std(axis=0), MIX_SPREAD, rtol=0.15)
    assert np.abs(apart.mean(axis=0)).max() < 0.01
    assert (drawn_mixes(APPLICATION, RandomColumns([3, 4]))[1] == mixes[4]).all()
    assert (drawn_mixes(APPLICATION, RandomColumns([4], 1)) != mixes[4]).all()


def test_an_unknown_workload_is_refused():
    with pytest.raises(UserError, match="no workload 'lunar'; choose one of steady, diurnal, burst"):
        workload("lunar")


def share_of(trace, *journeys):
    return sum(
        share
        for share, request in zip(trace.mix, APPLICATION.request_types, strict=True)
        if request.journey in journeys
    )


def test_mix_profiles_shift_the_mix_and_not_the_rate():
    ordinary, orders, reads = (
        [draw(profile, seed) for seed in range(20)] for profile in ("steady", "checkout_heavy", "read_heavy")
    )
    for traces in zip(ordinary, orders, reads, strict=True):
        assert len({trace.rates_rps for trace in traces}) == 1
    orders_share = np.mean([share_of(trace, "checkout") for trace in ordinary])
    assert 1.4 < np.mean([share_of(trace, "checkout") for trace in orders]) / orders_share < 1.9
    writes_share = np.mean([share_of(trace, "checkout", "add_to_cart") for trace in ordinary])
    assert np.mean([share_of(trace, "checkout", "add_to_cart") for trace in reads]) < 0.5 * writes_share


def test_only_closed_loops_have_users_who_think():
    for profile in WORKLOADS:
        think = {draw(profile, seed).think_seconds for seed in range(5)}
        assert (len(think) == 5 and min(think) >= 3.0) if profile.startswith("closed_loop") else think == {None}
    for seed in range(5):
        assert draw("closed_loop_burst", seed).rates_rps == draw("burst", seed).rates_rps
        assert draw("closed_loop", seed).rates_rps == draw("steady", seed).rates_rps


def recording(tmp_path, text):
    path = tmp_path / "load.csv"
    path.write_text(text)
    return path


def test_a_recording_is_played_at_its_rates_times_the_level(tmp_path):
    path = recording(tmp_path, "seconds,rate_rps\n0,40\n25,80.5\n30,10\n")
    trace = draw_trace(Recorded(path))
    assert trace.rates_rps[:5] == (40.0, 40.0, 40.0, 10.0, 10.0), "each rate holds until the next, sampled per step"
    assert set(trace.rates_rps[3:]) == {10.0}
    assert draw_trace(Recorded(path), level=0.5).rates_rps[0] == 20.0
    together = draw_traces(Recorded(path), [0, 1, 2], [1.0, 0.5, 0.1], [20.0, 45.0, 30.0])
    assert [trace.rates_rps for trace in together] == [(40.0,) * 2, (20.0,) * 3 + (5.0,) * 2, (4.0,) * 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with 'nothing'; its first line must be 'seconds,rate_rps'"),
        ("time,rate\n0,1\n", "begins with 'time,rate'"),
        ("seconds,rate_rps\n", "does not begin at 0 seconds"),
        ("seconds,rate_rps\n5,1\n", "does not begin at 0 seconds"),
        ("seconds,rate_rps\n0,1\n20,1\n10,1\n", "line 4: the time does not increase"),
        ("seconds,rate_rps\n0,1\n0,2\n", "line 3: the time does not increase"),
        ("seconds,rate_rps\n0,1\n-5,2\n", "line 3: '-5,2' is negative"),
        ("seconds,rate_rps\n0,-1\n", "line 2: '0,-1' is negative"),
        ("seconds,rate_rps\n0,nan\n", "line 2: '0,nan' is negative or not finite"),
        ("seconds,rate_rps\n0,many\n", "line 2: '0,many' is not two numbers"),
        ("seconds,rate_rps\n0,1,2\n", "line 2: '0,1,2' is not two numbers"),
    ],
)
def test_a_recording_that_cannot_be_right_is_refused(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        Recorded(recording(tmp_path, text))


def test_a_missing_recording_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"there is no recorded workload .*load.csv; give the path"):
        Recorded(tmp_path / "load.csv")
