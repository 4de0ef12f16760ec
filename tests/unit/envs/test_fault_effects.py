"""Every kind of fault on a simulated stand: its commands are carried out, it hurts, and it goes away."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from clusters.commands import CommandStatus
from envs.control_loop import EpisodeRules
from envs.faults.fault import DurationClass, Intensity
from envs.scenarios.menus import CORE
from envs.scenarios.named import named_scenario
from envs.simulated_loop import simulated_loop
from envs.time_scales import TimeScales
from tests.scenario_draws import draw_fault

CASES = tuple(product(CORE.faults, (DurationClass.TRANSIENT, DurationClass.SLOW_BURN)))
NUM_SEEDS = 4


@pytest.fixture(scope="module")
def played():
    """Per case and seed: the fault, all fault receipts, and the reward of each step."""
    loop = simulated_loop(
        "small-core", len(CASES) * NUM_SEEDS, rules=EpisodeRules(end_on_goal=False, end_on_emergency=False)
    )
    calm = replace(named_scenario("checkout-latency", TimeScales()), faults=(), horizon_seconds=720.0)
    calm = replace(calm, workload=replace(calm.workload, rates_rps=(95.0,)))
    faults = [_severe(loop.application, kind, duration, seed) for kind, duration in CASES for seed in range(NUM_SEEDS)]
    scenarios = [replace(calm, faults=(fault,)) for fault in faults]
    loop.reset(range(len(faults)), scenarios, [7] * len(faults))
    steps = [loop.step(np.zeros(len(faults), dtype=np.int64)) for _ in range(24)]
    receipts = [
        [receipt for step in steps for _, receipt in step.fault_receipts_of(stand)] for stand in range(len(faults))
    ]
    return faults, receipts, np.stack([step.rewards for step in steps], axis=1)


def _severe(application, kind, duration, seed):
    return draw_fault(kind, application, intensity=Intensity.SEVERE, duration=duration, seed=seed)


def test_every_injection_and_clearance_is_carried_out_in_order(played):
    faults, receipts, _ = played
    for fault, of_stand in zip(faults, receipts, strict=True):
        assert [receipt.command for receipt in of_stand] == [
            *(command for _, command in fault.injections),
            fault.clearance,
        ]
        assert {receipt.status for receipt in of_stand} <= {CommandStatus.APPLIED, CommandStatus.ALREADY_THERE}
        times = np.array([receipt.requested_at_ns for receipt in of_stand]) / 1e9
        planned = [seconds for seconds, _ in fault.injections] + [fault.end_seconds]
        assert times - times[0] == pytest.approx(np.array(planned) - planned[0], abs=1e-3)


@pytest.mark.parametrize(("position", "case"), tuple(enumerate(CASES)))
def test_a_severe_fault_hurts_while_it_lasts_and_not_before_or_long_after(played, position, case):
    faults, _, rewards = played
    rows = slice(position * NUM_SEEDS, (position + 1) * NUM_SEEDS)
    assert rewards[rows, :2].min() > -0.02
    during = [rewards[row, 2 : round(faults[row].end_seconds / 30.0)].min() for row in range(rows.start, rows.stop)]
    assert np.mean(during) < -0.2
    assert np.median(rewards[rows, -4:]) > -0.1
