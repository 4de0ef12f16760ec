"""What is compared at a decision point: allowed, complete, and no sign of the cause."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.topology import LOAD_GENERATOR
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from envs.faults.bad_config import adds_retries
from envs.random_columns import RandomColumns
from envs.scenarios.candidates import HARMFUL_SHARE, RATE_LIMIT_SHARE, RATE_LIMITS, CandidateDraws, Suspects
from envs.scenarios.wide_candidates import (
    GROUP_SHARE,
    SERVICE_VERBS,
    STEER_SHARE,
    WHOLE_VERBS,
    WideCandidateDraws,
)

NUM = 2000
NAMES = ("small-core", "async-store")
KINDS = (CandidateDraws, WideCandidateDraws)
applications = pytest.mark.parametrize("name", NAMES)
both = pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in NAMES for kind in KINDS])


class Drawn:
    """What NUM incidents of all sorts drew."""

    def __init__(self, name, kind):
        self.application = load_application(name)
        self.catalogue = ActionCatalogue(self.application)
        self.draws = kind(self.catalogue)
        self.suspects = suspects_of(self.application, kind)
        self.positions = self.draws.draw(self.suspects, RandomColumns(range(NUM)))
        self.rows = self.draws.names(self.positions)

    def suspected(self, k):
        """Names of the services that a row is about."""
        names = self.application.service_names
        return list(dict.fromkeys(names[position] for position in self.suspects.services[k].tolist() if position >= 0))


def suspects_of(application, kind):
    """A third of them calm, a third with one fault, a third with two; one service twice among these."""
    rng = np.random.default_rng(5)
    names = application.service_names
    targets = [position for position, name in enumerate(names) if name != LOAD_GENERATOR]
    services = rng.choice(targets, (NUM, 2))
    services[::3], services[1::3, 1] = -1, -1
    services[2::30, 1] = services[2::30, 0]
    flags = [p for p, flag in enumerate(application.flags) if kind is WideCandidateDraws or not adds_retries(flag)]
    return Suspects(
        services=services,
        flag=np.where(rng.random(NUM) < 0.3, rng.choice(flags, NUM), -1),
        release=np.where(rng.random(NUM) < 0.3, rng.choice(len(application.releases), NUM), -1),
    )


@pytest.fixture(scope="module")
def drawn():
    return {(name, kind): Drawn(name, kind) for name in NAMES for kind in KINDS}


def targets_of(row, verb):
    """What a row does something to, with a verb such as `scale:{}:+1`."""
    before, after = verb.split("{}")
    return {
        name[len(before) : len(name) - len(after)] for name in row if name.startswith(before) and name.endswith(after)
    }


def share_of(rows, holds):
    return np.mean([bool(holds(row)) for row in rows])


@both
def test_every_candidate_is_there_once_and_allowed(drawn, name, kind):
    of = drawn[name, kind]
    allowed = of.catalogue.mask(baseline_controls(of.application, 1))[0]
    for row, positions in zip(of.rows, of.positions.tolist(), strict=True):
        assert row.count("do_nothing") == 1
        assert len(set(row)) == len(row)
        assert all(allowed[of.catalogue.index(candidate)] for candidate in row)
        assert positions == [*of.catalogue.indices(row).tolist(), *[-1] * (len(positions) - len(row))]


@both
def test_a_row_is_the_same_alone_and_among_others(drawn, name, kind):
    of = drawn[name, kind]
    for k in (0, 1, 2, 32, 999):
        rows = [k]
        suspects = Suspects(
            services=of.suspects.services[rows], flag=of.suspects.flag[rows], release=of.suspects.release[rows]
        )
        assert (of.draws.draw(suspects, RandomColumns(rows)) == of.positions[rows]).all()


@applications
def test_the_core_menu_compares_eight_or_nine_actions_with_doing_nothing(drawn, name):
    lengths = Counter(len(row) for row in drawn[name, CandidateDraws].rows)
    assert set(lengths) == {9, 10}
    assert lengths[10] / NUM == pytest.approx(RATE_LIMIT_SHARE, abs=0.04)


@both
def test_each_type_stands_for_two_services_the_suspects_among_them(drawn, name, kind):
    of = drawn[name, kind]
    for k, row in enumerate(of.rows):
        suspected = of.suspected(k)
        scalable = [service for service in suspected if of.application.service(service).is_scalable]
        scaled, limited = (
            targets_of(row, "scale:{}:+1") | targets_of(row, "scale:{}:+2"),
            targets_of(row, "set_cpu_limit:{}:x2"),
        )
        cut, restarted = targets_of(row, "set_cpu_limit:{}:x0.5"), targets_of(row, "restart:{}")
        assert sorted(map(len, (scaled, limited, restarted, cut))) == [0, 2, 2, 2]
        assert not restarted or restarted >= set(suspected)
        of_scalable = [group for group in (scaled, limited, cut) if group]
        assert all(group == of_scalable[0] >= set(scalable) for group in of_scalable)


@applications
def test_beside_one_suspect_a_neighbour_stands_and_any_of_them_as_often(drawn, name):
    application = load_application(name)
    draws = CandidateDraws(ActionCatalogue(application))
    service = application.service_names.index("checkout")
    alone = Suspects(services=np.tile([service, -1], (NUM, 1)), flag=np.full(NUM, -1), release=np.full(NUM, -1))
    rows = draws.names(draws.draw(alone, RandomColumns(range(NUM))))
    beside = Counter(other for row in rows for other in targets_of(row, "restart:{}") - {"checkout"})
    near = {edge.target for edge in application.edges if edge.source == "checkout"}
    near |= {edge.source for edge in application.edges if edge.target == "checkout"}
    assert set(beside) == near - {LOAD_GENERATOR}
    assert min(beside.values()) > 0.75 * sum(beside.values()) / len(beside)


@applications
def test_strangers_are_any_services_as_often(drawn, name):
    of = drawn[name, CandidateDraws]
    calm = [row for k, row in enumerate(of.rows) if not of.suspected(k)]
    restarted = Counter(service for row in calm for service in targets_of(row, "restart:{}"))
    assert set(restarted) == set(of.application.service_names) - {LOAD_GENERATOR}
    assert min(restarted.values()) > 0.6 * sum(restarted.values()) / len(restarted)


@both
def test_two_flags_are_rolled_back_the_guilty_one_among_them(drawn, name, kind):
    of = drawn[name, kind]
    flags = of.application.flags
    for flag, row in zip(of.suspects.flag.tolist(), of.rows, strict=True):
        rolled_back = targets_of(row, "roll_back:{}")
        assert len(rolled_back) == 2
        assert flag == -1 or flags[flag].name in rolled_back
    others = Counter(
        name
        for flag, row in zip(of.suspects.flag.tolist(), of.rows, strict=True)
        for name in targets_of(row, "roll_back:{}")
        if flag == -1
    )
    meant = {flag.name for flag in flags if kind is WideCandidateDraws or not adds_retries(flag)}
    assert set(others) == meant
    assert min(others.values()) > 0.6 * sum(others.values()) / len(meant)


@both
def test_some_sets_hold_harmful_actions_in_place_of_any_group(drawn, name, kind):
    rows = drawn[name, kind].rows
    harmful = [row for row in rows if targets_of(row, "set_cpu_limit:{}:x0.5")]
    assert len(harmful) / NUM == pytest.approx(HARMFUL_SHARE, abs=0.03)
    for verb in ("scale:", "restart:", "set_cpu_limit:"):
        lacks = share_of(harmful, lambda row, verb=verb: not any(c.startswith(verb) and "x0.5" not in c for c in row))
        assert lacks == pytest.approx(1 / 3, abs=0.12)


@both
def test_choices_that_the_cause_has_no_part_in_are_even(drawn, name, kind):
    rows = drawn[name, kind].rows
    for limit in RATE_LIMITS:
        assert share_of(rows, lambda row, limit=limit: limit in row) == pytest.approx(RATE_LIMIT_SHARE / 2, abs=0.04)
    added = Counter(candidate[-2:] for row in rows for candidate in row if candidate.startswith("scale:"))
    assert set(added) == {"+1", "+2"}
    assert added["+1"] / added.total() == pytest.approx(0.5, abs=0.05)


@both
def test_the_suspects_candidates_stand_anywhere(drawn, name, kind):
    of = drawn[name, kind]
    places = np.array(
        [
            row.index(f"roll_back:{of.application.flags[flag].name}") / (len(row) - 1)
            for flag, row in zip(of.suspects.flag.tolist(), of.rows, strict=True)
            if flag != -1
        ]
    )
    assert places.mean() == pytest.approx(0.5, abs=0.06)
    assert np.histogram(places, bins=4, range=(0, 1))[0].min() > 0.15 * len(places)


@applications
def test_the_wide_draw_takes_two_releases_back_and_steers_them_in_some_sets(drawn, name):
    of = drawn[name, WideCandidateDraws]
    for release, row in zip(of.suspects.release.tolist(), of.rows, strict=True):
        taken_back = targets_of(row, "take_back:{}")
        steered = [targets_of(row, verb) for verb in ("canary:{}:10%", "canary:{}:50%", "promote:{}")]
        assert len(taken_back) == 2
        assert release == -1 or of.application.releases[release].name in taken_back
        assert [group for group in steered if group] in ([], [taken_back])
    steers = share_of(of.rows, lambda row: any(name.startswith(("canary:", "promote:")) for name in row))
    assert steers == pytest.approx(STEER_SHARE, abs=0.04)


@applications
def test_the_wide_draw_holds_its_verbs_by_their_shares(drawn, name):
    of = drawn[name, WideCandidateDraws]
    for verb, share in SERVICE_VERBS.items():
        targets = [targets_of(row, verb) for row in of.rows]
        # A set whose services have no such action lacks it.
        assert share - 0.04 - 0.15 * share < np.mean([bool(group) for group in targets]) < share + 0.04
        assert max(map(len, targets)) == 2
    for verb, share in WHOLE_VERBS.items():
        assert share_of(of.rows, lambda row, verb=verb: verb in row) == pytest.approx(share, abs=0.04)
    disabled = [targets_of(row, "disable:{}") for row in of.rows]
    assert np.mean([bool(groups) for groups in disabled]) == pytest.approx(GROUP_SHARE, abs=0.04)
    assert set(map(len, disabled)) == {0, min(2, len(of.application.optional_groups))}
    assert set().union(*disabled) == {group.name for group in of.application.optional_groups}


@pytest.mark.parametrize("kind", KINDS)
def test_an_application_without_flags_releases_and_groups_has_candidates(kind):
    application = replace(load_application("small-core"), flags=(), releases=(), optional_groups=())
    draws = kind(ActionCatalogue(application))
    calm = Suspects(services=np.full((50, 2), -1), flag=np.full(50, -1), release=np.full(50, -1))
    rows = draws.names(draws.draw(calm, RandomColumns(range(50))))
    assert all(len(row) >= 7 for row in rows)
    assert not any(name.startswith(("roll_back:", "take_back:", "disable:")) for row in rows for name in row)
