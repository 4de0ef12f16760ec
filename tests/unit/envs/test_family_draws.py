"""Which families scenarios are drawn from, and how often."""

from collections import Counter

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.scenario import Split
from envs.faults import FAULTS
from envs.faults.fault import DURATIONS, INTENSITIES
from envs.random_columns import RandomColumns
from envs.scenarios import splits
from envs.scenarios.family_draws import NO_FAULT_SHARE, NORMAL_CONTROL_SHARE, SECOND_FAULT_SHARE, FamilyDraws
from envs.scenarios.menus import CORE, FULL, MENUS, ScenarioMenu
from ray_configs.errors import UserError

NUM = 6000
APPLICATION = load_application("small-core")
DRAWS = {menu: FamilyDraws(APPLICATION, menu) for menu in (CORE, FULL)}
menus = pytest.mark.parametrize("menu", DRAWS.values(), ids=[menu.name for menu in DRAWS])


def drawn(draws, split, seeds=range(NUM)):
    """(first, second or None) families of many scenarios."""
    of_splits = np.full(len(seeds), splits.SPLITS.index(split))
    families = draws.draw(of_splits, RandomColumns(seeds))
    pairs = zip(families.first.tolist(), families.second.tolist(), strict=True)
    return [(draws.families[first], draws.families[second] if second >= 0 else None) for first, second in pairs]


@pytest.mark.parametrize("menu", MENUS.values(), ids=MENUS)
@pytest.mark.parametrize("name", ["small-core", "async-store"])
def test_the_columns_say_what_the_families_are(name, menu):
    application = load_application(name)
    draws = FamilyDraws(application, menu)
    possible = {fault for fault in menu.faults if FAULTS[fault].targets(application)}
    assert {family.fault for family in draws.families} == {*possible, *splits.CALM_FAULTS}
    assert len(set(draws.families)) == len(draws.families)
    for position, family in enumerate(draws.families):
        assert menu.profiles[draws.workload[position]] == family.workload
        assert draws.is_control[position] == (family.fault == splits.NORMAL_CONTROL)
        if family.is_calm:
            assert (draws.fault[position], draws.intensity[position], draws.duration[position]) == (-1, 0, 0)
        else:
            assert menu.faults[draws.fault[position]] == family.fault
            assert INTENSITIES[draws.intensity[position]] == family.intensity
            assert DURATIONS[draws.duration[position]] == family.duration


@pytest.mark.parametrize("menu", DRAWS, ids=[menu.name for menu in DRAWS])
@pytest.mark.parametrize("split", Split)
def test_families_come_by_their_shares_and_from_their_split(menu, split):
    pairs = drawn(DRAWS[menu], split)
    kinds = Counter(first.fault if first.is_calm else "fault" for first, _ in pairs)
    assert kinds[splits.NO_FAULT] / NUM == pytest.approx(NO_FAULT_SHARE, abs=0.015)
    assert kinds[splits.NORMAL_CONTROL] / NUM == pytest.approx(NORMAL_CONTROL_SHARE, abs=0.015)
    incidents = [pair for pair in pairs if not pair[0].is_calm]
    own = np.mean([splits.reserved_for(first) is split for first, _ in incidents])
    assert own == pytest.approx(splits.HELD_OUT_SHARE if split is not Split.TRAIN else 0.0, abs=0.03)
    assert all(splits.reserved_for(family) in (None, split) for pair in pairs for family in pair if family)
    assert np.mean([second is not None for _, second in incidents]) == pytest.approx(SECOND_FAULT_SHARE, abs=0.03)
    assert all(second is None for first, second in pairs if first.is_calm)


@menus
def test_a_second_fault_is_one_that_may_come_with_the_first(menu):
    for first, second in drawn(menu, Split.TEST):
        if second is not None:
            assert second.workload == first.workload
            assert second.fault != first.fault
            assert not FAULTS[first.fault].levers & FAULTS[second.fault].levers


@menus
def test_faults_are_as_frequent_as_each_other_and_mild_or_transient_ones_less(menu):
    firsts = [first for first, _ in drawn(menu, Split.TRAIN, range(30_000)) if not first.is_calm]
    faults = Counter(first.fault for first in firsts)
    assert max(faults.values()) < 2.0 * min(faults.values())
    intensities, durations = (Counter(getattr(first, part) for first in firsts) for part in ("intensity", "duration"))
    assert intensities["mild"] / intensities["severe"] == pytest.approx(0.4, abs=0.08)
    assert durations["transient"] / durations["slow_burn"] < 0.7


@menus
def test_a_row_is_the_same_alone_and_among_others(menu):
    seeds, of_splits = range(300), np.arange(300) % len(splits.SPLITS)
    together = menu.draw(of_splits, RandomColumns(seeds))
    for k in (0, 1, 2, 150, 299):
        alone = menu.draw(of_splits[k : k + 1], RandomColumns([seeds[k]]))
        assert (alone.first[0], alone.second[0]) == (together.first[k], together.second[k])


def test_a_menu_with_one_fault_has_no_second_ones():
    draws = FamilyDraws(APPLICATION, ScenarioMenu(name="one", faults=("cpu_pressure",), workloads=("steady",)))
    assert all(second is None for _, second in drawn(draws, Split.TRAIN, range(300)))


def test_a_menu_without_a_fault_that_the_application_can_have_is_refused():
    menu = ScenarioMenu(name="queues", faults=("queue_outage",), workloads=("steady",))
    with pytest.raises(UserError, match="small-core can have no fault of the menu 'queues'"):
        FamilyDraws(APPLICATION, menu)
