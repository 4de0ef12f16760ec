"""Scenarios: reproducible, apart by split, and with candidates that do not give the cause away."""

from collections import Counter
from itertools import combinations

import pytest

from clusters.applications import load_application
from clusters.commands import SetFlag
from clusters.scenario import Split
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from envs.faults import FAULTS
from envs.faults.fault import DurationClass, Intensity
from envs.scenarios import splits
from envs.scenarios.generator import FOLLOW_SECONDS, draw_scenario, draw_scenarios
from envs.scenarios.named import NAMED, named_scenario
from envs.time_scales import TimeScales
from envs.workloads import WORKLOADS
from ray_configs.errors import UserError

SCALES = TimeScales()
DRAWN = {split: draw_scenarios("small-core", split, 150, 7, SCALES) for split in Split}
EVERY = [scenario for scenarios in DRAWN.values() for scenario in scenarios]


def test_a_draw_is_a_function_of_its_seed_and_extends():
    again = draw_scenarios("small-core", Split.TRAIN, 20, 7, SCALES)
    assert again == DRAWN[Split.TRAIN][:20]
    other = draw_scenarios("small-core", Split.TRAIN, 20, 8, SCALES)
    assert not {scenario.seed for scenario in other} & {scenario.seed for scenario in again}


def test_a_name_is_enough_to_draw_the_scenario_again():
    for scenario in EVERY[::30]:
        assert named_scenario(scenario.name, SCALES) == scenario


def test_names_and_seeds_are_unique_and_of_their_split():
    assert len({scenario.name for scenario in EVERY}) == len(EVERY)
    for split, scenarios in DRAWN.items():
        assert all(scenario.split is split for scenario in scenarios)
        assert all(scenario.seed in splits.SEED_RANGES[split] for scenario in scenarios)


def test_seed_ranges_and_reserved_families_are_disjoint():
    for one, other in combinations(splits.SEED_RANGES.values(), 2):
        assert one.stop <= other.start or other.stop <= one.start
    families = [splits.shared_families(), *(splits.own_families(split) for split in Split)]
    names = Counter(family.name for group in families for family in group)
    assert max(names.values()) == 1
    assert len(names) == len(FAULTS) * len(WORKLOADS) * len(Intensity) * len(DurationClass)
    assert len(splits.own_families(Split.TEST)) > len(splits.own_families(Split.VALIDATION)) > 3
    assert not splits.own_families(Split.TRAIN)


def test_no_family_leaks_out_of_its_split():
    reserved = {family.name: splits.reserved_for(family) for family in splits.FAULT_FAMILIES}
    for scenario in EVERY:
        assert reserved.get(scenario.family) in (None, scenario.split)
        for fault in scenario.faults:
            name = f"{fault.kind}/{scenario.workload.profile}/{fault.intensity}/{fault.duration}"
            assert reserved[name] in (None, scenario.split), "a second fault leaks no family either"
    trained = {scenario.family for scenario in DRAWN[Split.TRAIN]}
    assert not any(splits.is_held_out(name) for name in trained)
    tested = Counter(splits.is_held_out(scenario.family) for scenario in DRAWN[Split.TEST])
    assert tested[True] > 30
    assert tested[False] > 30


def test_training_sees_every_value_of_every_part_of_a_family():
    parts = list(zip(*(family.name.split("/") for family in splits.shared_families()), strict=True))
    for values, known in zip(parts, (FAULTS, WORKLOADS, Intensity, DurationClass), strict=True):
        assert set(values) == {str(value) for value in known}


def test_the_decision_comes_shortly_after_the_fault_and_early_enough():
    for scenario in EVERY:
        assert scenario.decision_seconds % SCALES.control_step_seconds == 0
        assert scenario.decision_seconds + FOLLOW_SECONDS <= scenario.horizon_seconds
        for fault in scenario.faults:
            assert 30 <= scenario.decision_seconds - fault.start_seconds <= 90
    assert len({fault.start_seconds for scenario in EVERY for fault in scenario.faults}) > 8


def test_some_incidents_have_a_second_fault_of_another_kind():
    incidents = [scenario for scenario in EVERY if scenario.faults]
    double = [scenario for scenario in incidents if len(scenario.faults) == 2]
    assert 0.35 < len(double) / len(incidents) < 0.65
    for scenario in double:
        first, second = scenario.faults
        assert scenario.family.startswith(f"{first.kind}/")
        assert first.kind != second.kind
        assert first.fault_id != second.fault_id


def test_calm_scenarios_exist_and_differ_in_load():
    calm = [scenario for scenario in EVERY if not scenario.faults]
    kinds = Counter(scenario.family.split("/")[0] for scenario in calm)
    assert set(kinds) == {splits.NO_FAULT, splits.NORMAL_CONTROL}
    assert 0.08 < len(calm) / len(EVERY) < 0.25
    levels = {kind: [] for kind in kinds}
    for scenario in calm:
        levels[scenario.family.split("/")[0]].append(min(scenario.workload.rates_rps))
    assert min(levels[splits.NORMAL_CONTROL]) < 0.7 * min(levels[splits.NO_FAULT])


def test_candidates_are_allowed_and_as_many_as_promised():
    catalogue = ActionCatalogue(load_application("small-core"))
    allowed = catalogue.mask(baseline_controls(catalogue.application, 1))[0]
    for scenario in EVERY:
        assert "do_nothing" in scenario.candidates
        assert len(set(scenario.candidates)) == len(scenario.candidates)
        assert len(scenario.candidates) in (9, 10)
        assert all(allowed[catalogue.index(name)] for name in scenario.candidates)


def test_candidates_do_not_give_the_cause_away():
    positions = Counter()
    for scenario in EVERY:
        roll_backs = [name for name in scenario.candidates if name.startswith("roll_back:")]
        assert len(roll_backs) == 2
        flags = {
            command.flag for fault in scenario.faults for _, command in fault.injections if isinstance(command, SetFlag)
        }
        assert all(f"roll_back:{flag}" in roll_backs for flag in flags)
        positions.update(scenario.candidates.index(f"roll_back:{flag}") for flag in flags)
        for verb in ("scale", "restart", "set_cpu_limit"):
            targets = {name.split(":")[1] for name in scenario.candidates if name.startswith(f"{verb}:")}
            assert len(targets) != 1, f"{verb} points at one service alone in {scenario.name}"
    assert len(positions) >= 6, "the helpful candidate stands anywhere"


def test_the_named_incident_offers_five_actions():
    scenario = named_scenario("checkout-latency", SCALES)
    assert [name.split(":")[0] for name in scenario.candidates] == [
        "do_nothing",
        "scale",
        "restart",
        "roll_back",
        "rate_limit",
    ]
    assert splits.is_held_out(scenario.family)
    assert all(NAMED[name](SCALES).seed >= splits.NAMED_SEEDS_FROM for name in NAMED)


@pytest.mark.parametrize(
    "name", ["no-such", "small-core:train:2000001", "small-core:test:minus", "small-core:train:99999999"]
)
def test_an_unknown_scenario_is_refused(name):
    with pytest.raises(UserError, match=r"scenario"):
        named_scenario(name, SCALES)


def test_an_unknown_application_is_refused():
    with pytest.raises(UserError, match="no application 'no-such'"):
        draw_scenario("no-such", 0, SCALES)
    with pytest.raises(UserError, match="no application 'no-such'"):
        draw_scenarios("no-such", Split.TRAIN, 1, 0, SCALES)


def test_scenarios_fit_other_time_scales():
    scales = TimeScales(control_step_seconds=60.0, observation_bucket_seconds=20.0, reward_bucket_seconds=20.0)
    for scenario in draw_scenarios("small-core", Split.TRAIN, 30, 1, scales):
        assert scenario.horizon_seconds % 60 == scenario.decision_seconds % 60 == 0
        times = [seconds for fault in scenario.faults for seconds, _ in fault.injections]
        assert all(seconds % 20 == 0 for seconds in times)
