"""Scenarios x policies -> jobs, the same ones every time: a job's id is a hash of what it plays and how."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor

import numpy as np

from clusters.scenario import Scenario, Split
from envs.scenarios.generator import draw_scenarios
from envs.scenarios.impact import ImpactRules, validate
from envs.scenarios.menus import Recording, scenario_menu
from envs.time_scales import TimeScales
from rollouts.episode import Job, PolicySpec
from rollouts.stands import StandsSpec


@dataclass(frozen=True, kw_only=True)
class ScenarioDraw:
    """Scenarios of one split to draw."""

    split: Split
    count: int
    seed: int = 0
    menu: str = "core"
    """What they are drawn from, a name of `envs.scenarios.menus.MENUS`."""
    recordings: tuple[Recording, ...] = ()
    """Recorded workloads that are drawn beside the menu's own."""
    check_impact: bool = False
    """Play each scenario before the fill with nobody acting, and mark it by whether users felt its faults."""

    def __post_init__(self) -> None:
        if self.count < 0 or self.seed < 0:
            raise ValueError(f"count and seed must not be negative, not {self.count} and {self.seed}")

    def draw(self, application: str, time_scales: TimeScales) -> tuple[Scenario, ...]:
        """The scenarios.

        Raises:
            UserError: there is no such application or menu, or a recording cannot be read.
        """
        menu = scenario_menu(self.menu)
        if self.recordings:
            menu = replace(menu, name=f"{menu.name}-recorded", recordings=self.recordings)
        scenarios = draw_scenarios(application, self.split, self.count, self.seed, time_scales, menu)
        if not self.check_impact:
            return scenarios
        report = validate(scenarios, ImpactRules(bucket_seconds=time_scales.observation_bucket_seconds))
        return tuple(
            replace(scenario, is_felt=impact.is_effective)
            for scenario, impact in zip(scenarios, report.impacts, strict=True)
        )


@dataclass(frozen=True, kw_only=True)
class PolicyShare:
    """A policy, and its share of the episodes."""

    name: str
    share: float = 1.0
    """Relative to the other policies' shares."""
    parameters: Mapping[str, float | int | str | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.share >= 0:
            raise ValueError(f"share of policy {self.name!r} must not be negative, not {self.share}")


@dataclass(frozen=True, kw_only=True)
class PairedPolicy:
    """A policy that plays every scenario.

    All plays of a scenario have the same randomness of the stand: until their actions differ, their telemetry is the
    same, and afterwards it differs by the actions alone.
    """

    name: str
    plays: int = 1
    """Of each scenario, each with another randomness of the policy."""
    parameters: Mapping[str, float | int | str | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.plays < 1:
            raise ValueError(f"plays of policy {self.name!r} must be at least 1, not {self.plays}")


def draw_jobs(
    spec: StandsSpec,
    draws: Sequence[ScenarioDraw],
    policies: Sequence[PolicyShare],
    seed: int,
    paired: Sequence[PairedPolicy] = (),
) -> tuple[Job, ...]:
    """Every paired policy's plays of each scenario, and one job per scenario dealt among `policies`.

    The numbers dealt to the policies follow their shares exactly, their places the seed.

    Raises:
        UserError: as `ScenarioDraw.draw`.
    """
    scenarios = [scenario for draw in draws for scenario in draw.draw(spec.application, spec.time_scales)]
    jobs = [
        make_job(spec, scenario, PolicySpec(name=policy.name, parameters=policy.parameters, stream=stream), seed)
        for scenario in scenarios
        for policy in paired
        for stream in range(policy.plays)
    ]
    if policies:
        jobs += [
            make_job(spec, scenario, PolicySpec(name=policy.name, parameters=policy.parameters), seed)
            for scenario, policy in zip(scenarios, _dealt(policies, len(scenarios), seed), strict=True)
        ]
    # The same scenario can stand in two draws; played by the same policy it is the same run.
    return tuple({job.run_id: job for job in jobs}.values())


def _dealt(policies: Sequence[PolicyShare], count: int, seed: int) -> list[PolicyShare]:
    """`count` policies in a shuffled order, by largest remainder."""
    total = sum(policy.share for policy in policies)
    exact = [count * policy.share / total for policy in policies]
    counts = [floor(value) for value in exact]
    by_remainder = sorted(range(len(policies)), key=lambda index: counts[index] - exact[index])
    for index in by_remainder[: count - sum(counts)]:
        counts[index] += 1
    dealt = [policy for policy, number in zip(policies, counts, strict=True) for _ in range(number)]
    order = np.random.default_rng(seed).permutation(count)
    return [dealt[index] for index in order]


def make_job(spec: StandsSpec, scenario: Scenario, policy: PolicySpec, seed: int) -> Job:
    """One episode; its id and the seed of its stand follow from what it is."""
    stand_seed = _hash(seed, scenario.name) % 2**63
    parameters = sorted(policy.parameters.items())
    how: tuple[object, ...] = (
        spec.backend,
        spec.time_scales,
        spec.rules,
        spec.reward,
        spec.scraping,
        spec.streams,
        *((spec.inventory.rate_ratio,) if spec.inventory else ()),
    )
    run_id = f"{_hash(scenario, stand_seed, policy.name, parameters, policy.stream, how):016x}"[:12]
    return Job(run_id=run_id, scenario=scenario, seed=stand_seed, policy=policy)


def _hash(*content: object) -> int:
    """64 bits of content; every part is a plain value or a frozen dataclass, whose repr says all of it."""
    return int.from_bytes(hashlib.sha256(repr(content).encode()).digest()[:8], "big")
