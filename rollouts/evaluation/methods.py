"""points + rankers -> predictions (as they are, and under each ablation) -> figures per method."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from envs.actions.action import ActionFeatures
from envs.actions.catalogue import ActionCatalogue
from envs.scenarios.menus import CORE, ScenarioMenu, scenario_menu
from envs.scenarios.splits import is_held_out
from ray_configs.loading import resolve
from rollouts.evaluation.ablations import ablate, true_features
from rollouts.evaluation.config import EvaluateConfig, RankerSpec
from rollouts.evaluation.ranking import (
    PointScores,
    figures_by_group,
    ranking_figures,
    recovery_figures,
    score_points,
    scores_of,
)
from rollouts.evaluation.ranking_contract import Prediction, Ranker
from rollouts.evaluation.statistics import Estimate, PointBootstrap
from rollouts.evaluation.trajectories import trajectory_figures
from rollouts.evaluation.truth import BranchedPoint, TruthTable, tabulate

HIGHER_IS_BETTER = {
    "pairwise_accuracy": True,
    "large_pairs_accuracy": True,
    "top1": True,
    "regret_mean": False,
    "regret_p90": False,
    "regret_worst": False,
    "recovery_accuracy": True,
    "recovery_brier": False,
    "decision_class_accuracy": True,
    "restraint": True,
    "restraint_noop": True,
    "restraint_wait": True,
    "initiative": True,
    "harmful_choice": False,
    "good_ratio_mae": False,
    "good_ratio_pinball": False,
    "error_ratio_mae": False,
    "error_ratio_pinball": False,
    "latency_p95_milliseconds_mae": False,
    "latency_p95_milliseconds_pinball": False,
}
"""Every figure of a method, and which way is better."""


@dataclass(frozen=True, kw_only=True)
class MethodResult:
    """What one ranker, or one ablation of it, came to."""

    name: str
    ranker: str
    """The ranker it is, or is an ablation of."""
    ablation: str = ""
    """Empty: shown the actions as they are."""
    reference: bool = False
    figures: Mapping[str, Estimate]
    groups: Mapping[str, Mapping[str, Mapping[str, Estimate]]] = field(default_factory=dict)
    """grouping -> group -> figure."""
    subject_gain: Mapping[str, Estimate] = field(default_factory=dict)
    """Figure of the subject minus this method's, paired by point; empty for the subject itself."""
    milliseconds_per_decision: float
    """Wall time to score all candidates of one point, in a batch of all points."""


@dataclass(frozen=True, kw_only=True)
class _Judgement:
    spec: RankerSpec
    ablation: str
    predictions: list[Prediction]
    scored: PointScores
    milliseconds: float


def build_ranker(spec: RankerSpec) -> Ranker:
    """The ranker that a spec describes.

    Raises:
        UserError: there is no such entry point, or the ranker refuses its parameters.
    """
    ranker: Ranker = resolve(spec.entry_point)(**spec.parameters)
    return ranker


def judge_rankers(
    config: EvaluateConfig, rankers: Sequence[Ranker], points: Sequence[BranchedPoint], catalogue: ActionCatalogue
) -> list[MethodResult]:
    """Every ranker of the config, each followed by its ablations."""
    table = tabulate(points)
    features = true_features(catalogue, [point.point for point in points])
    judgements = []
    for spec, ranker in zip(config.rankers, rankers, strict=True):
        judgements.append(_judge(spec, "", ranker, points, features, table))
        for name in spec.ablations:
            shown = ablate(name, catalogue, features, config.ablation_seed)
            judgements.append(_judge(spec, name, ranker, points, shown, table))
    subject = next(j for j in judgements if j.spec.name == config.subject_name and not j.ablation)
    bootstrap = PointBootstrap(len(points), num_resamples=config.num_resamples)
    groupings = group_points(points, scenario_menu(config.trained_on))
    return [_result(judgement, subject, points, groupings, bootstrap, config) for judgement in judgements]


def group_points(
    points: Sequence[BranchedPoint], trained_on: ScenarioMenu = CORE
) -> dict[str, dict[str, NDArray[np.int64]]]:
    """By grouping, then by group: positions of its points; a point is in one group of each grouping."""
    labels: dict[str, list[str]] = {"fault": [], "workload": [], "intensity": [], "duration": []}
    for point in points:
        for grouping, part in zip(labels, point.point.scenario.family.split("/"), strict=False):
            labels[grouping].append(part)
    labels["families"] = [
        "held out" if is_held_out(point.point.scenario.family, trained_on) else "seen in training" for point in points
    ]
    return {
        grouping: {label: np.flatnonzero(np.array(of_points) == label) for label in sorted(set(of_points))}
        for grouping, of_points in labels.items()
    }


def _judge(
    spec: RankerSpec,
    ablation: str,
    ranker: Ranker,
    points: Sequence[BranchedPoint],
    features: Sequence[ActionFeatures],
    table: TruthTable,
) -> _Judgement:
    started = time.perf_counter()
    predictions = ranker.predict([point.point for point in points], features)
    seconds = time.perf_counter() - started
    return _Judgement(
        spec=spec,
        ablation=ablation,
        predictions=predictions,
        scored=score_points(table, scores_of(predictions, table.means.shape[1])),
        milliseconds=1000.0 * seconds / len(points),
    )


def _result(
    judgement: _Judgement,
    subject: _Judgement,
    points: Sequence[BranchedPoint],
    groupings: Mapping[str, Mapping[str, NDArray[np.int64]]],
    bootstrap: PointBootstrap,
    config: EvaluateConfig,
) -> MethodResult:
    spec, scored, predictions = judgement.spec, judgement.scored, judgement.predictions
    return MethodResult(
        name=f"{spec.name} ({judgement.ablation.replace('_', ' ')})" if judgement.ablation else spec.name,
        ranker=spec.name,
        ablation=judgement.ablation,
        reference=spec.reference,
        figures={
            **ranking_figures(scored, bootstrap),
            **recovery_figures(points, predictions, bootstrap),
            **trajectory_figures(points, predictions, bootstrap),
        },
        groups={
            grouping: figures_by_group(scored, groups, num_resamples=config.num_resamples)
            for grouping, groups in groupings.items()
        },
        subject_gain={} if judgement is subject else _gain(subject.scored, scored, bootstrap),
        milliseconds_per_decision=judgement.milliseconds,
    )


def _gain(subject: PointScores, other: PointScores, bootstrap: PointBootstrap) -> dict[str, Estimate]:
    ones = np.ones(len(subject.top1))
    return {
        "pairwise_accuracy": bootstrap.ratio_difference(subject.correct_pairs, other.correct_pairs, subject.num_pairs),
        "top1": bootstrap.ratio_difference(subject.top1, other.top1, ones),
        "regret_mean": bootstrap.ratio_difference(subject.normalised_regret, other.normalised_regret, ones),
    }
