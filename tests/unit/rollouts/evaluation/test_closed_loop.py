from dataclasses import replace

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.commands import CheckStatus, CommandStatus, Receipt, Restart
from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from envs.scenarios.named import named_scenario
from envs.time_scales import TimeScales
from rollouts.episode import Episode, PolicySpec, StepRecord
from rollouts.evaluation.closed_loop import (
    NamedPolicy,
    best_rule_of,
    compare_policies,
    episode_figures,
    play_policies,
    recovery_seconds,
)
from tests.unit.rollouts.evaluation.synthetic import scenario, window

APPLICATION = load_application("small-core")


def step(reward=-0.5, action="do_nothing", unsafe=0.0, status=None):
    receipt = None
    if status is not None:
        receipt = Receipt(
            command=Restart(service="cart"),
            precheck_status=CheckStatus.PASSED,
            status=status,
            postcheck_status=CheckStatus.PASSED,
            requested_at_ns=0,
            completed_at_ns=0,
        )
    return StepRecord(
        time_ns=0,
        action=0,
        action_name=action,
        probability=1.0,
        candidate_set=("do_nothing",),
        receipt=receipt,
        fault_receipts=(),
        reward=reward,
        reward_terms={"unsafe_actions": unsafe},
    )


def episode(steps, violated_buckets=()):
    """Two warm-up buckets, then three per step, healthy but for those named."""
    telemetry = window(2 + 3 * len(steps))
    telemetry.journeys[..., signal_index(JOURNEY_SIGNALS, "error_ratio")] = 0.0
    for bucket in violated_buckets:
        telemetry.journeys[2 + bucket, 0, signal_index(JOURNEY_SIGNALS, "error_ratio")] = 0.5
    return Episode(
        run_id="r",
        scenario=scenario(),
        seed=0,
        policy=PolicySpec(name="made-up"),
        time_scales=TimeScales(),
        telemetry=telemetry,
        steps=tuple(steps),
        end_reason="horizon",
    )


def test_recovery_runs_from_the_first_to_the_last_violation():
    assert recovery_seconds(np.array([0, 1, 0, 1, 0], dtype=bool), 10.0) == 30.0
    assert recovery_seconds(np.zeros(5, dtype=bool), 10.0) == 0.0


def test_episode_figures_by_hand():
    played = episode(
        [
            step(-1.0, "restart:cart", status=CommandStatus.APPLIED),
            step(-2.0, "restart:cart", unsafe=-0.5, status=CommandStatus.REJECTED),
        ],
        violated_buckets=(1, 2),
    )
    figures = episode_figures(played, APPLICATION)
    assert figures == {
        "episode_return": -3.0,
        "recovery_seconds": 20.0,
        "violation_share": pytest.approx(2 / 6),
        "actions": 2.0,
        "failed_actions": 1.0,
        "unsafe_actions": 1.0,
        "cost_millicores": 1.0,
    }


def test_a_violation_during_the_warm_up_does_not_count():
    assert episode_figures(episode([step()], violated_buckets=(-1,)), APPLICATION)["violation_share"] == 0.0


def test_differences_are_paired_and_against_the_best_rule():
    hard, easy = -10.0, -1.0
    played = {
        "do_nothing": [episode([step(hard)]), episode([step(easy)])],
        "threshold": [episode([step(hard + 0.5)]), episode([step(easy + 0.5)])],
        "hpa": [episode([step(hard - 1)]), episode([step(easy - 1)])],
        "model": [episode([step(hard + 0.25)]), episode([step(easy + 0.25)])],
    }
    results = {result.name: result for result in compare_policies(played, APPLICATION, num_resamples=200)}
    assert best_rule_of(list(results.values())) == "threshold"
    gain = results["model"].versus_do_nothing["episode_return"]
    assert gain.low == gain.value == gain.high == pytest.approx(0.25)
    assert results["model"].versus_best_rule["episode_return"].value == pytest.approx(-0.25)
    assert results["do_nothing"].versus_do_nothing == {} and results["threshold"].versus_best_rule == {}
    spread = results["model"].figures["episode_return"]
    assert spread.high - spread.low > 5


def test_every_policy_plays_the_same_episodes_whatever_else_plays():
    incident = replace(named_scenario("checkout-latency", TimeScales()), horizon_seconds=180.0)
    named = [NamedPolicy(name=name, policy=PolicySpec(name=name)) for name in ("do_nothing", "threshold")]
    together = play_policies(named, [incident], seeds=(0, 1), time_scales=TimeScales())
    alone = play_policies(named[:1], [incident], seeds=(0, 1), time_scales=TimeScales())
    assert [e.episode_return for e in alone["do_nothing"]] == [e.episode_return for e in together["do_nothing"]]
    first, second = together["do_nothing"]
    assert first.episode_return != second.episode_return
    assert together["threshold"][0].seed == first.seed
    # Until the first action the futures are the same: the policies share their stands' randomness.
    np.testing.assert_array_equal(together["threshold"][0].telemetry.nodes[:30], first.telemetry.nodes[:30])
