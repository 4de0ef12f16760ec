"""The control loop on simulated stands: prechecks, faults in time, ends, forks."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.commands import (
    CheckStatus,
    CommandStatus,
    FailService,
    ScaleWorkload,
    SetFlag,
)
from clusters.scenario import ScheduledFault
from clusters.stand import SingleStandBatch, StandError
from clusters.telemetry import STAND_SIGNALS, signal_index
from envs.control_loop import ControlLoop, EpisodeRules
from envs.loop_state import EMERGENCY, ESCALATED, GOAL, HORIZON
from envs.rewards.reward_function import RewardFunction, RewardWeights
from envs.scenarios.named import named_scenario
from envs.simulated_loop import simulated_loop
from envs.time_scales import TimeScales
from ray_configs.errors import UserError

SCALES = TimeScales()
INCIDENT = named_scenario("checkout-latency", SCALES)
CALM = replace(INCIDENT, faults=(), name="calm")
OFFERED = signal_index(STAND_SIGNALS, "offered_rate_rps")


def fault(*injections, end_seconds=None, clearance=None):
    return ScheduledFault(
        fault_id="fault-0",
        kind="test",
        target="test",
        start_seconds=injections[0][0],
        end_seconds=end_seconds,
        intensity="severe",
        duration="medium",
        root_cause_kind="test",
        expected_symptoms=(),
        injections=injections,
        clearance=clearance,
    )


def begun(*scenarios, seeds=None, **settings):
    loop = simulated_loop("small-core", len(scenarios), **settings)
    loop.reset(range(len(scenarios)), scenarios, seeds or [1] * len(scenarios))
    return loop


def act(loop, *names, active=None):
    return loop.step(loop.catalogue.indices(names), active)


def test_a_masked_action_is_not_applied_but_recorded_and_unsafe():
    loop = begun(CALM, CALM)
    before = loop.window(30.0)
    step = act(loop, "scale:checkout:-1", "do_nothing")
    receipt = step.receipts[0]
    assert receipt.precheck_status is CheckStatus.FAILED
    assert receipt.status is CommandStatus.REJECTED
    assert receipt.requested_at_ns == step.action_times_ns[0] == before.times_ns[0, -1] + 10 * 10**9
    assert 1 not in step.receipts
    assert step.reward_terms["unsafe_actions"].tolist() == [-RewardWeights().unsafe_actions, 0.0]
    assert np.array_equal(step.window.nodes[0], step.window.nodes[1], equal_nan=True), "nothing else happened"
    assert sum(values[0] for values in step.reward_terms.values()) == step.rewards[0]


def test_an_applied_action_moves_the_mask_and_is_verified():
    loop = begun(CALM)
    step = act(loop, "rate_limit:50%")
    assert step.receipts[0].status is CommandStatus.APPLIED
    assert step.receipts[0].postcheck_status is CheckStatus.PASSED
    mask = loop.observe()["action_mask"][0]
    assert mask[loop.catalogue.index("rate_limit:lift")] == 1
    assert mask[loop.catalogue.index("rate_limit:50%")] == 0
    assert mask.dtype == np.int8


def test_rolling_a_service_again_too_soon_is_unsafe():
    loop = begun(CALM)
    unsafe = [
        act(loop, name).reward_terms["unsafe_actions"][0] for name in ("restart:cart", "restart:quote", "restart:cart")
    ]
    assert [value < 0 for value in unsafe] == [False, False, True]


def test_faults_are_injected_and_cleared_at_their_bucket():
    spike = fault(
        (10.0, ScaleWorkload(multiplier=1.5)),
        (50.0, ScaleWorkload(multiplier=2.0)),
        end_seconds=80.0,
        clearance=ScaleWorkload(multiplier=1.0),
    )
    loop = begun(replace(CALM, faults=(spike,)))
    steps = [act(loop, "do_nothing") for _ in range(3)]
    commands = [[receipt.command.multiplier for _, receipt in step.fault_receipts_of(0)] for step in steps]
    assert commands == [[1.5], [2.0], [1.0]]
    requested = [receipt.requested_at_ns for step in steps for _, receipt in step.fault_receipts_of(0)]
    assert np.diff(requested).tolist() == [40 * 10**9, 30 * 10**9]
    load = np.concatenate([step.window.stand[0, :, OFFERED] for step in steps]) / 120.0
    assert load == pytest.approx([1, 1.5, 1.5, 1.5, 1.5, 2, 2, 2, 1], rel=0.1)


def test_a_rolled_back_configuration_stays_good_and_clears_without_effect():
    bad, good = (SetFlag(flag="checkoutCartClient", variant=variant) for variant in ("v2", "v1"))
    flapping = fault((0.0, bad), (40.0, good), (70.0, bad), end_seconds=130.0, clearance=good)
    loop = begun(replace(CALM, faults=(flapping,)), rules=EpisodeRules(end_on_goal=False))
    first = act(loop, "do_nothing")
    assert [receipt.command for _, receipt in first.fault_receipts_of(0)] == [bad]
    healed = act(loop, "roll_back:checkoutCartClient")
    assert healed.receipts[0].status is CommandStatus.APPLIED
    rest = [act(loop, "do_nothing") for _ in range(3)]
    late = [receipt for step in [healed, *rest] for _, receipt in step.fault_receipts_of(0)]
    assert [(receipt.command, receipt.status) for receipt in late] == [(good, CommandStatus.ALREADY_THERE)]


def test_a_rate_limit_runs_out_after_the_action_duration():
    loop = begun(CALM, time_scales=TimeScales(action_duration_seconds=60.0))
    act(loop, "rate_limit:50%")
    mask = [
        act(loop, "do_nothing") and loop.action_mask()[0, loop.catalogue.index("rate_limit:lift")] for _ in range(2)
    ]
    assert mask == [True, False]
    limits = loop.window(90.0).stand[0, :, signal_index(STAND_SIGNALS, "rate_limit_rps")]
    assert np.isnan(limits).tolist() == [False] * 6 + [True] * 3


def test_stands_that_are_not_active_do_not_move():
    loop = begun(CALM, CALM, CALM)
    act(loop, *["do_nothing"] * 3, active=np.array([True, False, True]))
    assert loop.elapsed_seconds().tolist() == [30.0, 0.0, 30.0]
    assert np.diff(loop.time_ns()).tolist() == [-30 * 10**9, 30 * 10**9]
    step = act(loop, *["do_nothing"] * 3, active=np.array([False, True, False]))
    assert step.rewards[[0, 2]].tolist() == [0.0, 0.0]
    window = loop.window()
    assert np.array_equal(window.nodes[0], window.nodes[1], equal_nan=True)


def test_a_fork_goes_on_alike_until_its_seed_or_its_action_differs():
    loop = begun(INCIDENT)
    for _ in range(4):
        act(loop, "do_nothing")
    act(loop, "rate_limit:75%")
    fork = loop.fork([0, 0, 0], [7, 7, 8])
    assert np.array_equal(fork.time_ns(), np.repeat(loop.time_ns(), 3))
    assert not fork.action_mask()[:, loop.catalogue.index("rate_limit:75%")].any(), "controls are copied"
    one = act(fork, "do_nothing", "do_nothing", "do_nothing")
    assert one.rewards[0] == one.rewards[1] != one.rewards[2]
    two = act(fork, "do_nothing", "roll_back:checkoutCartClient", "do_nothing")
    assert two.rewards[1] > two.rewards[0] + 0.01
    offered = two.window.stand[:2, :, OFFERED]
    assert np.array_equal(offered[0], offered[1]), "equal seeds share their arrivals"
    assert loop.elapsed_seconds().tolist() == [150.0], "the original has not moved"


def test_the_goal_ends_an_episode_once_the_stand_recovered_and_only_if_asked():
    loop = begun(INCIDENT)
    reasons = []
    for step in range(20):
        reasons.append(act(loop, "roll_back:checkoutCartClient" if step == 3 else "do_nothing").end_reasons[0])
        if reasons[-1]:
            break
    assert reasons[-1] == GOAL
    assert 5 <= len(reasons) <= 10
    patient = begun(INCIDENT, rules=EpisodeRules(end_on_goal=False))
    reasons = [act(patient, "roll_back:checkoutCartClient" if step == 3 else "do_nothing") for step in range(20)]
    assert [step.end_reasons[0] for step in reasons] == [""] * 19 + [HORIZON]
    assert reasons[-1].truncated[0]
    assert not reasons[-1].terminated[0]


def test_escalation_ends_the_episode_at_once_and_a_stand_that_ended_rests():
    loop = begun(CALM, CALM)
    step = act(loop, "escalate_to_human", "do_nothing")
    assert step.end_reasons.tolist() == [ESCALATED, ""]
    assert step.terminated.tolist() == [True, False]
    assert step.reward_terms["escalation"].tolist() == [-19.0 * RewardWeights().escalation, 0.0]
    after = act(loop, "restart:cart", "do_nothing")
    assert after.end_reasons.tolist() == [ESCALATED, ""]
    assert after.rewards[0] == 0.0
    assert not after.receipts
    assert loop.elapsed_seconds().tolist() == [30.0, 60.0]


def test_a_long_total_outage_is_an_emergency_with_the_worst_reward():
    dead = fault((0.0, FailService(fault_id="fault-0", service="frontend")))
    loop = begun(replace(CALM, faults=(dead,)))
    steps = []
    while not steps or not steps[-1].end_reasons[0]:
        steps.append(act(loop, "do_nothing"))
    assert steps[-1].end_reasons.tolist() == [EMERGENCY]
    assert 6 <= len(steps) <= 12
    left = 20 - len(steps)
    assert steps[-1].reward_terms["emergency"][0] == -left * RewardWeights().emergency
    assert sum(step.rewards[0] for step in steps) < -RewardWeights().escalation * 20, (
        "escalating would have been better"
    )


def test_observations_fill_what_is_missing_and_hold_whole_windows():
    loop = begun(CALM)
    observation = loop.observe()
    assert observation["nodes"].shape[:2] == (1, SCALES.buckets_per_window)
    assert observation["nodes"].dtype == np.float32
    assert all((values >= -1).all() for values in observation.values())
    assert (observation["stand"][..., signal_index(STAND_SIGNALS, "rate_limit_rps")] == -1).all()
    coarse = loop.observe(120.0, 30.0)
    assert coarse["nodes"].shape[1] == 4


def test_time_scales_need_not_match():
    scales = TimeScales(control_step_seconds=60.0, reward_bucket_seconds=30.0, observation_window_seconds=200.0)
    loop = begun(named_scenario("checkout-latency", scales), time_scales=scales)
    step = act(loop, "do_nothing")
    assert step.window.num_buckets == 6
    assert loop.observe()["journeys"].shape[1] == 20
    steps = [act(loop, "do_nothing") for _ in range(9)]
    assert steps[-1].truncated[0]


def test_scales_that_the_simulator_cannot_tick_are_refused_by_name():
    with pytest.raises(StandError, match="bucket_seconds 15 is no positive multiple of 10 s; give one"):
        simulated_loop(
            "small-core", 1, time_scales=TimeScales(observation_bucket_seconds=15.0, reward_bucket_seconds=15.0)
        )


def test_stands_that_are_discarded_neither_earn_nor_age_and_begin_anew():
    loop = begun(INCIDENT, CALM)
    act(loop, "do_nothing", "do_nothing")
    moving = np.array([True, False])
    step = loop.step(loop.catalogue.indices(["rate_limit:50%"] * 2), moving, discarded=~moving)
    assert list(step.receipts) == [0]
    assert step.rewards[1] == 0.0
    assert loop.elapsed_seconds().tolist() == [60.0, 30.0]
    loop.reset([1], [CALM], [5])
    fresh = begun(CALM, seeds=[5])
    assert loop.observe()["nodes"][1].tobytes() == fresh.observe()["nodes"][0].tobytes()
    same = act(loop, "do_nothing", "restart:cart"), act(fresh, "restart:cart")
    assert same[0].rewards[1] == same[1].rewards[0]


def test_a_single_stand_behaves_as_a_batch_of_one():
    from clusters.simulated.stand import SimulatedStand

    batch = begun(INCIDENT)
    stand = SimulatedStand(batch.application)
    alone = ControlLoop(SingleStandBatch(stand), time_scales=SCALES, reward=RewardFunction(), rules=EpisodeRules())
    alone.reset([0], [INCIDENT], [1])
    for name in ("do_nothing", "do_nothing", "scale:checkout:+2"):
        assert act(alone, name).rewards.tolist() == act(batch, name).rewards.tolist()
    with pytest.raises(StandError, match="cannot be forked; use simulated stands"):
        alone.fork([0], [1])


@pytest.mark.parametrize("change", [{"application": "other"}, {"horizon_seconds": 610.0}, {"warmup_seconds": 100.0}])
def test_the_first_scenario_that_does_not_fit_is_named(change):
    loop = simulated_loop("small-core", 4)
    scenarios = [CALM, *(replace(CALM, name=f"odd-{number}", **change) for number in range(2)), CALM]
    with pytest.raises(UserError, match="scenario odd-0 "):
        loop.reset(range(4), scenarios, range(4))


def test_bad_use_is_refused():
    loop = simulated_loop("small-core", 1)
    with pytest.raises(StandError, match="before its first reset"):
        act(loop, "do_nothing")
    with pytest.raises(UserError, match="is for other, not small-core"):
        loop.reset([0], [replace(CALM, application="other")], [0])
    with pytest.raises(UserError, match="no multiple of the control step"):
        loop.reset([0], [replace(CALM, horizon_seconds=610.0)], [0])
    with pytest.raises(UserError, match="less than the observation window"):
        loop.reset([0], [replace(CALM, warmup_seconds=100.0)], [0])
    with pytest.raises(UserError, match="no application 'no-such'"):
        simulated_loop("no-such", 1)
    loop.reset([0], [CALM], [0])
    with pytest.raises(ValueError, match="actions must be from 0 to"):
        loop.step(np.array([len(loop.catalogue)]))
    with pytest.raises(ValueError, match="emergency_seconds must be positive"):
        EpisodeRules(emergency_seconds=0.0)
    loop.close()
    loop.close()
