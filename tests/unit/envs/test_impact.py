"""Impact validation: what users feel is found, what they do not is rejected and kept."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.scenario import Split, WorkloadTrace
from clusters.topology import Application
from envs.faults import FAULTS
from envs.faults.fault import DurationClass, Intensity
from envs.random_columns import RandomColumns
from envs.scenarios.generator import draw_scenarios
from envs.scenarios.impact import ImpactRules, validate
from envs.scenarios.named import NAMED, named_scenario
from envs.time_scales import TimeScales
from envs.workloads import WORKLOADS
from envs.workloads.mix import drawn_mixes
from envs.workloads.workload import LoadRequests, trace_of
from ray_configs.errors import UserError
from tests.scenario_draws import draw_fault

SCALES = TimeScales()
START_SECONDS = 60.0
BUCKET_SECONDS = 10.0
LOAD_KEY = 1
"""Of other numbers than the faults of the same seed have."""
NUM_SEEDS = 3
INCIDENT = named_scenario("checkout-latency", SCALES)


def broken(kind, intensity, seed, *, application="small-core", workload="steady"):
    """A scenario in which one fault happens to one of the applications."""
    described = load_application(application)
    duration = DurationClass.TRANSIENT if kind == "pod_kill" else DurationClass.MEDIUM
    fault = draw_fault(kind, described, intensity=intensity, duration=duration, start_seconds=START_SECONDS, seed=seed)
    return replace(
        INCIDENT,
        name=f"{kind}:{intensity}:{workload}:{seed}",
        family=f"{kind}/{workload}/{intensity}/{duration}",
        application=application,
        seed=seed,
        workload=load(workload, described, seed),
        faults=(fault,),
        horizon_seconds=480.0,
    )


def load(profile: str, application: Application, seed: int) -> WorkloadTrace:
    """A day of nominal load."""
    rng = RandomColumns([seed], LOAD_KEY)
    requests = LoadRequests(
        application=application,
        level=np.ones(1),
        duration_seconds=np.array([900.0]),
        mixes=drawn_mixes(application, rng),
    )
    return trace_of(profile, requests, WORKLOADS[profile].draw(requests, rng), 0)


@pytest.fixture(scope="module")
def severe():
    """Impacts of every fault at its strongest, by kind; in an application that can have it."""
    scenarios = [
        broken(
            kind,
            Intensity.SEVERE,
            seed,
            application="small-core" if FAULTS[kind].targets(load_application("small-core")) else "async-store",
        )
        for kind in FAULTS
        for seed in range(NUM_SEEDS)
    ]
    impacts = validate(scenarios).impacts
    return {kind: impacts[number * NUM_SEEDS : (number + 1) * NUM_SEEDS] for number, kind in enumerate(FAULTS)}


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind not in ("rollout_better", "queue_outage")])
def test_every_fault_is_felt_somewhere_and_never_before_it_begins(severe, kind):
    assert any(impact.is_effective for impact in severe[kind])
    for impact in severe[kind]:
        if impact.is_effective:
            assert impact.first_bucket >= START_SECONDS / BUCKET_SECONDS
            assert impact.num_buckets >= 2
            assert impact.journey and impact.sli


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_release_that_is_worse_under_a_mix_is_harmless_under_another(application):
    missed = {}
    for workload in ("steady", "checkout_heavy"):
        rollouts = [
            broken("rollout_worse_under_mix", Intensity.SEVERE, seed, application=application, workload=workload)
            for seed in range(8)
        ]
        missed[workload] = np.mean([impact.num_missed_buckets for impact in validate(rollouts).impacts])
    assert missed["steady"] < 10, "of 42 buckets; the roll itself takes some"
    assert missed["checkout_heavy"] > 2 * missed["steady"]


def test_a_better_release_is_best_continued_and_one_that_settles_is_bad_for_a_while():
    better, settling, worse = (
        [broken(kind, Intensity.SEVERE, seed) for seed in range(4)]
        for kind in ("rollout_better", "rollout_settling", "rollout_worse")
    )
    felt = np.array([impact.num_missed_buckets for impact in validate([*better, *settling, *worse]).impacts])
    assert felt[:4].max() <= 3, "the roll"
    assert 0 < felt[4:8].min() <= felt[4:8].max() < 20
    assert felt[8:].min() > 25, "of 42"


def test_calm_scenarios_are_never_felt():
    drawn = draw_scenarios("small-core", Split.TRAIN, 150, 4, SCALES)
    calm = [scenario for scenario in drawn if not scenario.faults]
    assert len(calm) > 10
    report = validate(calm)
    assert not any(impact.is_effective for impact in report.impacts)
    assert all(impact.first_bucket is impact.journey is impact.sli is None for impact in report.impacts)


def test_a_reject_is_kept_in_its_place_and_lowers_its_family_s_yield():
    harmless = replace(INCIDENT, name="harmless", faults=())
    report = validate([harmless, INCIDENT, harmless])
    assert [impact.scenario for impact in report.impacts] == ["harmless", "checkout-latency", "harmless"]
    assert [impact.is_effective for impact in report.impacts] == [False, True, False]
    [incidents] = report.yields
    assert (incidents.num_scenarios, incidents.num_effective) == (3, 1)
    assert incidents.share == pytest.approx(1 / 3)


def test_the_verdict_does_not_depend_on_who_else_is_judged():
    other = broken("cpu_pressure", Intensity.SEVERE, 1)
    assert validate([other, INCIDENT]).impacts[1] == validate([INCIDENT]).impacts[0]


@pytest.mark.parametrize("name", NAMED)
def test_every_story_is_felt_by_users(name):
    [impact] = validate([named_scenario(name, SCALES)]).impacts
    assert impact.is_effective


@pytest.mark.parametrize(
    "changes", [{"num_replicates": 1}, {"num_consecutive": 0}, {"band_deviations": 2.0}, {"num_replicates": 16}]
)
def test_rules_that_would_find_impact_in_noise_are_refused(changes):
    with pytest.raises(UserError, match="impact needs"):
        ImpactRules(**changes)


def test_times_that_do_not_fit_the_bucket_are_refused():
    with pytest.raises(UserError, match="checkout-latency are no multiples of 70 s"):
        validate([INCIDENT], ImpactRules(bucket_seconds=70.0))
