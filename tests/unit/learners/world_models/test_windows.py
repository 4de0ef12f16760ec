"""Which buckets, actions and targets make a window, and which windows are each other's twin."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clusters.scenario import Split
from clusters.telemetry import TelemetryWindow
from envs.time_scales import TimeScales
from learners.world_models.layout import HORIZON_STEPS
from learners.world_models.windows import in_validation, read_windows
from ray_configs.errors import UserError
from rollouts.dataset.writer import write_run
from tests.episodes import APPLICATION, make_episode
from tests.unit.learners.synthetic import NUM_SERVICES, NUM_STEPS, episode, features_of
from tests.unit.learners.world_models.plays import QUIET, joined, once

NUM_WINDOWS = NUM_STEPS - HORIZON_STEPS + 1
"""Of one toy episode, whose warm-up is as long as a history."""


def scaling_of_hot(seed: int) -> int:
    """The action that cures this stand."""
    return 1 + int(np.random.default_rng(seed).integers(NUM_SERVICES))


def buckets(telemetry: TelemetryWindow, which: slice) -> TelemetryWindow:
    return TelemetryWindow(
        bucket_seconds=telemetry.bucket_seconds,
        times_ns=telemetry.times_ns[which],
        nodes=telemetry.nodes[which],
        edges=telemetry.edges[which],
        journeys=telemetry.journeys[which],
        stand=telemetry.stand[which],
    )


def test_history_future_chunk_and_rewards_of_each_window_meet_at_its_step() -> None:
    played = [episode(seed) for seed in (1, 2)]
    windows = joined(played)
    assert len(windows) == 2 * NUM_WINDOWS
    for number in range(len(windows)):
        which, step = divmod(number, NUM_WINDOWS)
        nodes, now = played[which].telemetry.nodes, 30 + 3 * step
        np.testing.assert_array_equal(windows.frames.nodes[windows.history_positions[number]], nodes[now - 30 : now])
        np.testing.assert_array_equal(windows.frames.nodes[windows.future_positions[number]], nodes[now : now + 30])
        ahead = played[which].steps[step : step + HORIZON_STEPS]
        expected = features_of(np.array([record.action for record in ahead]))
        np.testing.assert_array_equal(windows.chunk.type_ids[number], expected.type_ids)
        np.testing.assert_array_equal(windows.chunk.target_ids[number], expected.target_ids)
        np.testing.assert_array_equal(windows.chunk.levels[number], expected.levels)
        assert windows.returns[number] == pytest.approx(np.mean([record.reward for record in ahead]))
        assert windows.scenarios[number] == f"toy-{1 + which}"


def test_a_warm_up_shorter_than_the_history_costs_the_first_windows_only() -> None:
    played = episode(3)
    whole = joined([played])
    cut = joined([replace(played, telemetry=buckets(played.telemetry, slice(4, None)))])
    assert len(cut) == NUM_WINDOWS - 2
    for positions in ("history_positions", "future_positions"):
        np.testing.assert_array_equal(
            cut.frames.nodes[getattr(cut, positions)], whole.frames.nodes[getattr(whole, positions)[2:]]
        )
    np.testing.assert_array_equal(cut.rewards, whole.rewards[2:])
    np.testing.assert_array_equal(cut.violated, whole.violated[2:])


def test_violation_and_recovery_are_those_of_the_steps_ahead() -> None:
    windows = joined([episode(5, actions=once(scaling_of_hot(5), 3)), episode(5, actions=QUIET)])
    steps = np.arange(NUM_WINDOWS)[:, None] + np.arange(HORIZON_STEPS)
    np.testing.assert_array_equal(windows.violated[:NUM_WINDOWS], steps < 3)
    assert windows.recovered[:NUM_WINDOWS].all()
    assert windows.violated[NUM_WINDOWS:].all()
    assert not windows.recovered[NUM_WINDOWS:].any()


def test_reward_terms_go_to_their_part_and_unknown_ones_to_upkeep() -> None:
    played = episode(4, actions=QUIET)
    terms = {"slo_violation": -1.0, "recovery_time": -2.0, "resource_cost": -4.0, "restarts": -8.0, "churn": -16.0}
    played = replace(played, steps=tuple(replace(step, reward_terms=terms) for step in played.steps))
    np.testing.assert_array_equal(joined([played]).rewards[0], HORIZON_STEPS * [[-3.0, -4.0, -24.0]])


def test_the_twin_of_an_acting_window_tells_what_the_action_changed() -> None:
    step, cure = 2, scaling_of_hot(6)
    windows = joined([episode(6, actions=once(cure, step)), episode(6, actions=QUIET)])
    assert np.flatnonzero(windows.is_decisive).tolist() == [step]
    twin = int(windows.twins[step])
    assert twin == NUM_WINDOWS + step
    past, frames = windows.history_positions, windows.frames
    np.testing.assert_array_equal(frames.nodes[past[step]], frames.nodes[past[twin]])
    # Cured at once, and one spare replica is not spare: each of the ten steps is better by one.
    assert windows.returns[step] - windows.returns[twin] == pytest.approx(1.0)


def test_a_window_has_no_twin_once_the_histories_differ_or_without_a_quiet_play_of_its_stand() -> None:
    acting = episode(7, actions=once(1, 2))
    paired = joined([acting, episode(7, actions=QUIET)])
    assert (paired.twins[:3] >= 0).all()
    assert (paired.twins[3:NUM_WINDOWS] == -1).all()
    others = [
        episode(8, actions=QUIET),
        replace(episode(7, actions=QUIET), seed=8),
        episode(7, actions=once(2, 5)),
    ]
    for other in others:
        assert (joined([acting, other]).twins[:NUM_WINDOWS] == -1).all(), other.scenario.name


def test_a_play_that_is_quiet_long_enough_is_a_twin_for_as_long() -> None:
    late = joined([episode(7, actions=once(1, 0)), episode(7, actions=once(2, HORIZON_STEPS))])
    assert late.twins[:NUM_WINDOWS].tolist() == [NUM_WINDOWS, -1, -1, -1, -1]
    assert late.is_decisive.sum() == 1


def test_select_keeps_a_twin_that_is_selected_too_and_loses_another() -> None:
    windows = joined([episode(6, actions=once(1, 2)), episode(6, actions=QUIET)])
    both = windows.select(np.array([NUM_WINDOWS + 2, 2]))
    assert both.twins.tolist() == [0, 0]
    assert both.returns[both.twins[1]] == windows.returns[windows.twins[2]]
    assert windows.select(np.arange(len(windows)) == 2).twins.tolist() == [-1]
    np.testing.assert_array_equal(windows.select(np.ones(len(windows), bool)).twins, windows.twins)


def test_plays_of_one_scenario_stay_on_one_side_of_the_split() -> None:
    played = [episode(seed, actions=actions) for seed in range(60) for actions in (QUIET, once(1, 0))]
    training, validation = joined(played, validation_share=0.3).split()
    assert not set(training.scenarios) & set(validation.scenarios)
    assert 0.15 < len(validation) / (len(training) + len(validation)) < 0.45
    assert training.is_decisive.sum() == len(set(training.scenarios))
    # Where there are validation scenarios, no training scenario is set aside.
    played.append(episode(99, split=Split.VALIDATION))
    assert set(joined(played).split()[1].scenarios) == {"toy-99"}
    assert in_validation(played[-1], 0.0)


def test_episodes_that_may_not_be_learnt_from_or_mixed_are_refused() -> None:
    with pytest.raises(UserError, match="plays the test scenario toy-2"):
        joined([episode(1), episode(2, split=Split.TEST)])
    other = episode(2)
    with pytest.raises(UserError, match="run run-2 has another application or other time scales than run-1"):
        joined([episode(1), replace(other, scenario=replace(other.scenario, application="shop"))])
    with pytest.raises(UserError, match="run run-2 has another application or other time scales than run-1"):
        joined([episode(1), replace(other, time_scales=TimeScales(control_step_seconds=60.0))])
    with pytest.raises(UserError, match="no episodes to learn from"):
        joined([])


def test_episodes_that_are_too_short_are_refused_only_if_all_of_them_are() -> None:
    played, num_steps = episode(1), HORIZON_STEPS - 1
    cut = replace(
        played,
        steps=played.steps[:num_steps],
        telemetry=buckets(played.telemetry, slice(30 + 3 * num_steps)),
    )
    with pytest.raises(UserError, match="collect longer episodes"):
        joined([cut])
    assert len(joined([cut, episode(2)])) == NUM_WINDOWS


def test_a_data_set_on_disk_is_read_and_an_absent_or_empty_one_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent"):
        read_windows(tmp_path / "absent")
    with pytest.raises(UserError, match="holds no run; collect some"):
        read_windows(tmp_path)
    write_run(make_episode("a1", seed=7, num_steps=11), tmp_path)
    windows = read_windows(tmp_path)
    assert len(windows) == 2
    assert windows.layout.application == APPLICATION.name
    assert windows.is_validation.all()
    assert windows.scenarios.tolist() == 2 * ["test-7"]
