"""Scenarios: reproducible, apart by split, and with candidates that do not give the cause away."""

from collections import Counter
from itertools import combinations

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.commands import SetFlag, ShiftTraffic
from clusters.scenario import Split
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from envs.faults import FAULTS
from envs.faults.fault import DurationClass, Intensity
from envs.scenarios import splits
from envs.scenarios.generator import draw_scenario, draw_scenarios, scenarios_of_seeds
from envs.scenarios.menus import CORE, FULL, MENUS, Recording, ScenarioMenu, scenario_menu
from envs.scenarios.named import NAMED, named_scenario
from envs.scenarios.timing import SHORT, USUAL, ScenarioTiming
from envs.time_scales import TimeScales
from ray_configs.errors import UserError

SCALES = TimeScales()
DRAWN = {split: draw_scenarios("small-core", split, 150, 7, SCALES) for split in Split}
EVERY = [scenario for scenarios in DRAWN.values() for scenario in scenarios]
WIDE = {split: draw_scenarios("small-core", split, 400, 7, SCALES, FULL) for split in Split}
EVERY_WIDE = [scenario for scenarios in WIDE.values() for scenario in scenarios]
menus = pytest.mark.parametrize("menu", MENUS.values(), ids=MENUS)
drawn = pytest.mark.parametrize(("menu", "by_split"), [(CORE, DRAWN), (FULL, WIDE)], ids=["core", "full"])


def test_a_draw_is_a_function_of_its_seed_and_extends():
    again = draw_scenarios("small-core", Split.TRAIN, 20, 7, SCALES)
    assert again == DRAWN[Split.TRAIN][:20]
    other = draw_scenarios("small-core", Split.TRAIN, 20, 8, SCALES)
    assert not {scenario.seed for scenario in other} & {scenario.seed for scenario in again}


def test_scenarios_drawn_together_are_those_drawn_alone():
    seeds = [*range(2_000_010, 1_999_950, -1), *range(64)]
    together = scenarios_of_seeds("medium-store", seeds, SCALES, FULL)
    assert list(together) == [draw_scenario("medium-store", seed, SCALES, FULL) for seed in seeds]
    assert list(scenarios_of_seeds("medium-store", [], SCALES, FULL)) == []


def test_a_name_is_enough_to_draw_the_scenario_again():
    for scenario in [*EVERY[::30], *EVERY_WIDE[::60]]:
        assert named_scenario(scenario.name, SCALES) == scenario
    assert EVERY[0].name == f"small-core:train:{EVERY[0].seed}"
    assert EVERY_WIDE[0].name == f"small-core:full:train:{EVERY_WIDE[0].seed}"


@drawn
def test_names_and_seeds_are_unique_and_of_their_split(menu, by_split):
    everything = [scenario for scenarios in by_split.values() for scenario in scenarios]
    assert len({scenario.name for scenario in everything}) == len(everything)
    for split, scenarios in by_split.items():
        assert all(scenario.split is split for scenario in scenarios)
        assert all(scenario.seed in splits.SEED_RANGES[split] for scenario in scenarios)


def test_the_split_of_each_seed_is_found_and_a_seed_of_none_is_refused():
    seeds = [seed for seeds in splits.SEED_RANGES.values() for seed in (seeds[-1], seeds[0])]
    found = [splits.SPLITS[position] for position in splits.splits_of_seeds(seeds).tolist()]
    assert found == [split for split in splits.SEED_RANGES for _ in range(2)]
    for seed in (-1, splits.NAMED_SEEDS_FROM):
        with pytest.raises(UserError, match=rf"seed {seed} "):
            splits.splits_of_seeds([*seeds, seed])


@menus
def test_seed_ranges_and_reserved_families_are_disjoint(menu):
    for one, other in combinations(splits.SEED_RANGES.values(), 2):
        assert one.stop <= other.start or other.stop <= one.start
    families = [splits.shared_families(menu), *(splits.own_families(split, menu) for split in Split)]
    names = Counter(family.name for group in families for family in group)
    assert max(names.values()) == 1
    per_workload = sum(len(Intensity) * len(FAULTS[fault].durations) for fault in menu.faults)
    assert len(names) == per_workload * len(menu.workloads)
    assert len(splits.own_families(Split.TEST, menu)) > len(splits.own_families(Split.VALIDATION, menu)) > 3
    assert not splits.own_families(Split.TRAIN, menu)


@drawn
def test_no_family_leaks_out_of_its_split(menu, by_split):
    reserved = {family.name: splits.reserved_for(family) for family in splits.fault_families(menu)}
    for scenario in (scenario for scenarios in by_split.values() for scenario in scenarios):
        assert reserved.get(scenario.family) in (None, scenario.split)
        for fault in scenario.faults:
            name = f"{fault.kind}/{scenario.workload.profile}/{fault.intensity}/{fault.duration}"
            assert reserved[name] in (None, scenario.split), "a second fault leaks no family either"
    trained = {scenario.family for scenario in by_split[Split.TRAIN]}
    assert not any(splits.is_held_out(name, menu) for name in trained)
    tested = Counter(splits.is_held_out(scenario.family, menu) for scenario in by_split[Split.TEST])
    assert tested[True] > 30
    assert tested[False] > 30


def test_what_one_menu_holds_out_no_other_trains_on():
    for family in splits.fault_families(CORE):
        if family.fault in FULL.faults:
            assert splits.is_held_out(family.name, CORE) is splits.is_held_out(family.name, FULL)
    assert splits.is_held_out("memory_leak/steady/severe/medium", CORE), "core knows no leak"


@menus
def test_training_sees_every_value_of_every_part_of_a_family(menu):
    parts = list(zip(*(family.name.split("/") for family in splits.shared_families(menu)), strict=True))
    for values, known in zip(parts, (menu.faults, menu.workloads, Intensity, DurationClass), strict=True):
        assert set(values) == {str(value) for value in known}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_application_can_be_drawn_for_and_shows_every_fault_that_it_can_have(name):
    application = load_application(name)
    catalogue = ActionCatalogue(application)
    allowed = catalogue.mask(baseline_controls(application, 1))[0]
    shown = Counter()
    for scenario in draw_scenarios(name, Split.TRAIN, 500, 1, SCALES, FULL):
        assert scenario.application == name
        shown.update(fault.kind for fault in scenario.faults)
        assert all(allowed[catalogue.index(candidate)] for candidate in scenario.candidates)
    possible = {fault for fault in FULL.faults if FAULTS[fault].targets(application)}
    assert set(shown) == possible
    assert min(shown.values()) > 5


def test_two_faults_of_a_scenario_never_lift_each_other():
    double = [scenario for scenario in EVERY_WIDE if len(scenario.faults) == 2]
    assert len(double) > 300
    for scenario in double:
        first, second = (FAULTS[fault.kind] for fault in scenario.faults)
        assert not first.levers & second.levers
    pairs = {frozenset(fault.kind for fault in scenario.faults) for scenario in double}
    assert not {frozenset({"traffic_spike", "metastable_overload"}), frozenset({"demo_flag", "bad_version"})} & pairs


def test_the_full_menu_compares_actions_that_core_does_not_and_hides_the_guilty_release():
    verbs = Counter(name.split(":")[0] for scenario in EVERY_WIDE for name in scenario.candidates)
    assert {"do_nothing", "escalate_to_human", "take_back", "restart_pod", "set_memory_limit", "disable"} <= set(verbs)
    assert {"canary", "promote", "autoscaler", "shape"} <= set(verbs)
    assert not {"take_back", "escalate_to_human"} & {n.split(":")[0] for s in EVERY for n in s.candidates}
    for scenario in EVERY_WIDE:
        assert "do_nothing" in scenario.candidates
        assert len(set(scenario.candidates)) == len(scenario.candidates)
        released = {
            command.release
            for fault in scenario.faults
            for _, command in fault.injections
            if isinstance(command, ShiftTraffic)
        }
        take_backs = {name.removeprefix("take_back:") for name in scenario.candidates if name.startswith("take_back:")}
        assert released <= take_backs
        assert len(take_backs) == 2


def test_a_menu_of_ones_own_draws_recordings_and_only_what_it_names(tmp_path):
    path = tmp_path / "load.csv"
    path.write_text("seconds,rate_rps\n0,50\n300,90\n")
    recording = Recording(name="evening", path=str(path))
    menu = ScenarioMenu(name="own", faults=("memory_leak",), workloads=("steady",), recordings=(recording,))
    scenarios = draw_scenarios("small-core", Split.TEST, 60, 0, SCALES, menu)
    assert {scenario.workload.profile for scenario in scenarios} == {"steady", "evening"}
    assert {fault.kind for scenario in scenarios for fault in scenario.faults} == {"memory_leak"}
    assert scenarios[0].name.startswith("small-core:own:test:")
    assert not any(splits.is_held_out(f.name, menu) for f in splits.fault_families(menu) if f.workload == "evening")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"faults": ("meteor",)}, "no fault 'meteor'"),
        ({"workloads": ("lunar",)}, "no workload 'lunar'"),
        ({"faults": ()}, "'own' is empty"),
        ({"workloads": ()}, "'own' is empty"),
        ({"name": "a:b"}, "'a:b' cannot name a part of a menu"),
        ({"recordings": (Recording(name="burst", path="x.csv"),)}, "called like a workload"),
    ],
)
def test_an_impossible_menu_is_refused(changes, message):
    with pytest.raises(UserError, match=message):
        ScenarioMenu(**{"name": "own", "faults": ("memory_leak",), "workloads": ("steady",)} | changes)
    with pytest.raises(UserError, match="no menu 'own'; choose one of core, full"):
        scenario_menu("own")


def test_the_decision_comes_shortly_after_the_fault_and_early_enough():
    for scenario in EVERY:
        assert scenario.decision_seconds % SCALES.control_step_seconds == 0
        assert scenario.decision_seconds + USUAL.follow_seconds <= scenario.horizon_seconds
        for fault in scenario.faults:
            assert 30 <= scenario.decision_seconds - fault.start_seconds <= 90
    assert len({fault.start_seconds for scenario in EVERY for fault in scenario.faults}) > 8


def test_a_brief_scenario_holds_its_fault_and_its_decision_in_minutes():
    scales = TimeScales(control_step_seconds=10.0, observation_window_seconds=40.0, warmup_seconds=40.0)
    brief = draw_scenarios("small-core", Split.TRAIN, 60, 7, scales, scenario_menu("brief"))
    for scenario in brief:
        assert scenario.warmup_seconds + scenario.horizon_seconds <= 190.0
        assert scenario.decision_seconds + SHORT.follow_seconds <= scenario.horizon_seconds
        assert all(fault.start_seconds <= 50.0 for fault in scenario.faults)
    assert len({scenario.family for scenario in brief}) > 10


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"follow_seconds": 700.0}, "below horizon_seconds"), ({"fault_start_seconds": (9.0, 3.0)}, "not decrease")],
)
def test_an_impossible_timing_is_refused(changes, named):
    with pytest.raises(ValueError, match=named):
        ScenarioTiming(**changes)


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


def test_every_named_scenario_is_held_out_and_can_be_played():
    stories = [named_scenario(name) for name in NAMED]
    assert [scenario.name for scenario in stories] == list(NAMED)
    assert len({scenario.seed for scenario in stories}) == len(stories)
    for scenario in stories:
        catalogue = ActionCatalogue(load_application(scenario.application))
        assert splits.is_held_out(scenario.family)
        assert scenario.seed >= splits.NAMED_SEEDS_FROM
        assert "do_nothing" in scenario.candidates
        allowed = catalogue.mask(baseline_controls(catalogue.application, 1))[0]
        assert all(allowed[catalogue.index(name)] for name in scenario.candidates)


@pytest.mark.parametrize(
    "name",
    [
        "no-such",
        "small-core:train:2000001",
        "small-core:test:minus",
        "small-core:train:99999999",
        "small-core:core:train:1",
        "small-core:lunch:train:1",
        "small-core:full:train:1:2",
    ],
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
