"""policies x scenarios -> play_episodes -> figures per policy, paired by scenario.

Every policy plays the same scenarios with the same seeds on stands that step together.
Legend: P episodes of one policy, which is one per scenario and seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.commands import CommandStatus
from clusters.scenario import Scenario
from clusters.telemetry import STAND_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Application
from envs.service_levels import violations
from envs.time_scales import TimeScales
from rollouts.episode import Episode, Job, PolicySpec, StepRecord
from rollouts.evaluation.statistics import Estimate, PointBootstrap
from rollouts.playing import play_episodes
from rollouts.policies import build_policy
from rollouts.policies.policy import PolicyContext
from rollouts.stands import StandsSpec, build_loop

Floats = NDArray[np.float64]

RULES = ("threshold", "hpa")
"""Policies that a sceptic would choose: the best of them is what a model has to beat."""
HIGHER_IS_BETTER = {
    "episode_return": True,
    "recovery_seconds": False,
    "violation_share": False,
    "actions": None,
    "failed_actions": False,
    "unsafe_actions": False,
    "cost_millicores": False,
}
"""Every figure of an episode, and which way is better; None: neither."""


@dataclass(frozen=True, kw_only=True)
class NamedPolicy:
    """A policy under the name that tables show."""

    name: str
    policy: PolicySpec


@dataclass(frozen=True, kw_only=True)
class ClosedLoopResult:
    """What one policy came to."""

    name: str
    figures: Mapping[str, Estimate]
    versus_do_nothing: Mapping[str, Estimate]
    """This policy minus do_nothing, paired by episode; empty for do_nothing itself, or where it did not play."""
    versus_best_rule: Mapping[str, Estimate]
    """This policy minus the rule with the highest mean return; empty for that rule, or where no rule played."""


def jobs_of(policies: Sequence[NamedPolicy], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> list[Job]:
    """Every scenario once per seed offset and policy, policy by policy; the seeds are the same for all policies."""
    return [
        Job(
            run_id=f"{named.name}:{scenario.name}:{seed}",
            scenario=scenario,
            seed=scenario.seed + seed,
            policy=named.policy,
        )
        for named in policies
        for scenario in scenarios
        for seed in seeds
    ]


def play_policies(
    policies: Sequence[NamedPolicy], scenarios: Sequence[Scenario], seeds: Sequence[int], time_scales: TimeScales
) -> dict[str, list[Episode]]:
    """The episodes of each policy; all of them step together."""
    jobs = jobs_of(policies, scenarios, seeds)
    loop = build_loop(StandsSpec(application=scenarios[0].application, time_scales=time_scales), len(jobs))
    built = [
        build_policy(
            job.policy,
            PolicyContext(
                application=loop.application, catalogue=loop.catalogue, time_scales=time_scales, seed=job.seed
            ),
        )
        for job in jobs
    ]
    episodes = play_episodes(loop, jobs, built)
    each = len(scenarios) * len(seeds)
    return {named.name: episodes[row * each : (row + 1) * each] for row, named in enumerate(policies)}


def compare_policies(
    played: Mapping[str, Sequence[Episode]], application: Application, *, num_resamples: int
) -> list[ClosedLoopResult]:
    """Figures of each policy, and paired differences to do_nothing and to the best rule."""
    num_episodes = len(next(iter(played.values())))
    bootstrap = PointBootstrap(num_episodes, num_resamples=num_resamples)
    values = {name: _per_episode(episodes, application) for name, episodes in played.items()}
    rules = [name for name in RULES if name in values]
    best_rule = max(rules, key=lambda name: values[name]["episode_return"].mean()) if rules else ""

    def versus(name: str, other: str) -> dict[str, Estimate]:
        if name == other or other not in values:
            return {}
        return {figure: bootstrap.mean(values[name][figure] - values[other][figure]) for figure in HIGHER_IS_BETTER}

    return [
        ClosedLoopResult(
            name=name,
            figures={figure: bootstrap.mean(of_episodes) for figure, of_episodes in by_figure.items()},
            versus_do_nothing=versus(name, "do_nothing"),
            versus_best_rule=versus(name, best_rule),
        )
        for name, by_figure in values.items()
    ]


def best_rule_of(results: Sequence[ClosedLoopResult]) -> str:
    """The rule with the highest mean return; empty where none played."""
    rules = [result for result in results if result.name in RULES]
    return max(rules, key=lambda result: result.figures["episode_return"].value).name if rules else ""


def _per_episode(episodes: Sequence[Episode], application: Application) -> dict[str, Floats]:
    rows = [episode_figures(episode, application) for episode in episodes]
    return {figure: np.array([row[figure] for row in rows]) for figure in HIGHER_IS_BETTER}


def episode_figures(episode: Episode, application: Application) -> dict[str, float]:
    """The figures of one episode; its warm-up is left out.

    An escalated episode ends early: what a person does afterwards is not simulated, the reward charges it.
    """
    num_buckets = len(episode.steps) * episode.time_scales.buckets_per_step
    telemetry = episode.telemetry
    violated = violations(telemetry, application)[telemetry.num_buckets - num_buckets :]
    return {
        "episode_return": episode.episode_return,
        "recovery_seconds": recovery_seconds(violated, telemetry.bucket_seconds),
        "violation_share": float(violated.mean()),
        "actions": float(sum(step.action_name != "do_nothing" for step in episode.steps)),
        "failed_actions": float(sum(_failed(step) for step in episode.steps)),
        "unsafe_actions": float(sum(step.reward_terms.get("unsafe_actions", 0.0) < 0 for step in episode.steps)),
        "cost_millicores": _mean_cost(telemetry, num_buckets),
    }


def recovery_seconds(violated: NDArray[np.bool_], bucket_seconds: float) -> float:
    """From the first violated bucket to the end of the last one; 0 where no SLO was ever violated.

    Zero and not unknown, or a policy that prevents a violation would be judged on the hard episodes alone. An episode
    that ends in violation counts up to its end, which understates it.
    """
    bad = np.flatnonzero(violated)
    return float((bad[-1] - bad[0] + 1) * bucket_seconds) if bad.size else 0.0


def _failed(step: StepRecord) -> bool:
    return step.receipt is not None and step.receipt.status in (CommandStatus.REJECTED, CommandStatus.FAILED)


def _mean_cost(telemetry: TelemetryWindow, num_buckets: int) -> float:
    cost = telemetry.stand[
        telemetry.num_buckets - num_buckets :, signal_index(STAND_SIGNALS, "resource_cost_millicores")
    ]
    return float(np.nanmean(cost))
