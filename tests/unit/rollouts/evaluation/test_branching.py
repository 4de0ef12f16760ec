from dataclasses import replace

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.scenario import Split
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from envs.scenarios.generator import draw_scenarios
from envs.scenarios.named import named_scenario
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from rollouts.evaluation.branching import BranchingSettings, branch, independent

SETTINGS = BranchingSettings(replicates=3)
INCIDENT = named_scenario("checkout-latency", TimeScales())


@pytest.fixture(scope="module")
def incident():
    return branch([INCIDENT], SETTINGS)[0]


def returns_of(branched, name):
    return branched.truth.returns[branched.names.index(name)]


def test_truth_has_the_promised_shapes_and_numbers(incident):
    num_candidates = len(INCIDENT.candidates)
    truth = incident.truth
    assert incident.names == INCIDENT.candidates
    assert truth.returns.shape == truth.recovered.shape == truth.costs.shape == (num_candidates, 3)
    assert truth.good_ratio.shape == (num_candidates, 30, 4)
    assert incident.point.history.num_buckets == 30
    assert np.isfinite(truth.returns).all()
    assert ((truth.good_ratio >= 0) & (truth.good_ratio <= 1)).all()


def test_rolling_the_bad_configuration_back_is_truly_best(incident):
    assert incident.in_violation
    assert incident.names[int(incident.truth.returns.mean(axis=1).argmax())].startswith("roll_back:")
    assert incident.truth.recovered[incident.names.index("do_nothing")].mean() == 0


def test_a_branch_depends_on_its_action_and_seed_and_not_on_the_others(incident):
    fewer = replace(INCIDENT, candidates=(INCIDENT.candidates[-1], "do_nothing"))
    healthy = draw_scenarios("small-core", Split.VALIDATION, 1, 0, TimeScales())
    [_, again] = branch([*healthy, fewer], replace(SETTINGS, branches_per_batch=17))
    for name in fewer.candidates:
        np.testing.assert_array_equal(returns_of(again, name), returns_of(incident, name))
    np.testing.assert_array_equal(again.point.history.nodes, incident.point.history.nodes)


def test_an_action_without_effect_shares_its_future_with_doing_nothing():
    # Every flag but one is good already: rolling it back changes nothing that users see.
    [branched] = branch([replace(INCIDENT, candidates=("do_nothing", "roll_back:cartFailure"))], SETTINGS)
    np.testing.assert_array_equal(branched.truth.good_ratio[0], branched.truth.good_ratio[1])
    np.testing.assert_array_equal(
        branched.truth.latency_p95_milliseconds[0], branched.truth.latency_p95_milliseconds[1]
    )


def test_replicates_differ_and_an_independent_set_is_another_sample_of_the_same_point(incident):
    nothing = returns_of(incident, "do_nothing")
    assert len(set(nothing)) == 3
    [other] = branch([INCIDENT], independent(SETTINGS, 2))
    assert other.truth.returns.shape[1] == 2
    assert not set(returns_of(other, "do_nothing")) & set(nothing)
    np.testing.assert_array_equal(other.point.history.journeys, incident.point.history.journeys)


def test_candidates_that_are_not_allowed_are_dropped():
    catalogue = ActionCatalogue(load_application("small-core"))
    allowed = catalogue.mask(baseline_controls(catalogue.application, 1))[0]
    forbidden = catalogue.names[int(np.flatnonzero(~allowed)[0])]
    [branched] = branch([replace(INCIDENT, candidates=(forbidden, "do_nothing", "restart:cart"))], SETTINGS)
    assert branched.names == ("do_nothing", "restart:cart")


def test_bad_input_is_named():
    with pytest.raises(UserError, match="at least one"):
        branch([], SETTINGS)
    with pytest.raises(UserError, match="horizon"):
        branch([replace(INCIDENT, horizon_seconds=300.0)], SETTINGS)
    with pytest.raises(ValueError, match="replicates"):
        BranchingSettings(replicates=1)
