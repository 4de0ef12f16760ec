"""How well scores order candidate actions, judged against the truth by branching.

Per-point quantities are vectorised over points; figures are ratios or quantiles of them with bootstrap intervals.
Legend: P points, C candidates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rollouts.evaluation.ranking_contract import Prediction
from rollouts.evaluation.statistics import Estimate, PointBootstrap
from rollouts.evaluation.truth import (
    NUMERIC_TOLERANCE,
    BranchedPoint,
    DecisionClass,
    TruthTable,
    pad_predictions,
    tabulate,
)

Floats = NDArray[np.float64]

LARGE_DIFFERENCE = 0.1
"""Mean reward per control step that a user would notice; smaller clear differences are mostly those of cost."""


@dataclass(frozen=True, kw_only=True)
class PointScores:
    """What one ranker did at each point.

    A ranker that scores several candidates highest picks doing nothing if that is one of them, for nothing speaks for
    an action; else one of them at random, and shares and regrets are expectations over that pick.
    """

    correct_pairs: Floats
    """[P] pairs ordered as the truth does; a pair scored alike counts half."""
    num_pairs: Floats
    """[P] pairs that are no ties in truth."""
    correct_large_pairs: Floats
    """[P] as `correct_pairs`, of the pairs whose true difference is at least LARGE_DIFFERENCE."""
    num_large_pairs: Floats
    """[P]"""
    top1: Floats
    """[P] share of picks that are the best candidate or tie with it."""
    normalised_regret: Floats
    """[P] (best - chosen) / (best - worst) in true mean return; NaN where best and worst tie: nothing to lose."""
    class_correct: Floats
    """[P] share of picks of the right decision class: to hold where doing nothing is among the best, else the class of
    a candidate among the best.
    """
    hold_expected: NDArray[np.bool_]
    """[P] doing nothing is among the best: no action is known to gain anything."""
    in_violation: NDArray[np.bool_]
    """[P] as in the truth: to hold is then to wait."""
    harmful: Floats
    """[P] share of picks that are truly worse than doing nothing."""

    def subset(self, points: NDArray[np.int64]) -> "PointScores":
        """The scores at some of the points."""
        return PointScores(**{name: getattr(self, name)[points] for name in self.__dataclass_fields__})


def score_points(table: TruthTable, scores: Floats) -> PointScores:
    """Judge `scores` [P, C] (higher is better, NaN where there is no candidate) against the truth.

    Raises:
        ValueError: a candidate has no score.
    """
    if not np.isfinite(scores[table.valid]).all():
        raise ValueError("every candidate needs a finite score; the ranker gave NaN or infinity for some")
    gap = scores[:, :, None] - scores[:, None, :]
    tolerance = NUMERIC_TOLERANCE * np.maximum(1.0, np.nanmax(np.abs(scores), axis=1))[:, None]
    agreement = np.where(np.abs(gap) <= tolerance[..., None], 0.5, np.sign(gap) == np.sign(table.differences))
    width = scores.shape[1]
    counted = ~table.ties & np.triu(np.ones((width, width), dtype=bool), k=1)

    picks = _picks(table, scores, tolerance)
    large = counted & (np.abs(table.differences) >= LARGE_DIFFERENCE)
    rows = np.arange(len(scores))
    best, worst = table.best, np.nanargmin(table.means, axis=1)
    span = np.where(table.ties[rows, best, worst], np.nan, table.differences[rows, best, worst])
    loss = table.means[rows, best][:, None] - table.means  # [P, C]
    among_best = table.ties_with_best
    hold_expected = (among_best & (table.classes == DecisionClass.HOLD)).any(axis=1)
    class_is_right = _right_classes(table, among_best, hold_expected)
    return PointScores(
        correct_pairs=np.where(counted, agreement, 0.0).sum(axis=(1, 2)),
        num_pairs=counted.sum(axis=(1, 2)).astype(np.float64),
        correct_large_pairs=np.where(large, agreement, 0.0).sum(axis=(1, 2)),
        num_large_pairs=large.sum(axis=(1, 2)).astype(np.float64),
        top1=(picks * among_best).sum(axis=1),
        normalised_regret=np.nansum(picks * loss, axis=1) / span,
        class_correct=(picks * class_is_right).sum(axis=1),
        hold_expected=hold_expected,
        in_violation=table.in_violation,
        harmful=(picks * _worse_than_holding(table)).sum(axis=1),
    )


def _picks(table: TruthTable, scores: Floats, tolerance: Floats) -> Floats:
    """[P, C] probability that a candidate is picked."""
    highest = scores >= np.nanmax(scores, axis=1, keepdims=True) - tolerance
    holds = highest & (table.classes == DecisionClass.HOLD)
    picks = np.where(holds.any(axis=1, keepdims=True), holds, highest).astype(np.float64)
    return np.asarray(picks / picks.sum(axis=1, keepdims=True))


def _right_classes(
    table: TruthTable, among_best: NDArray[np.bool_], hold_expected: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """[P, C] whether a candidate's decision class is the right one."""
    right = np.stack([(among_best & (table.classes == kind)).any(axis=1) for kind in DecisionClass], axis=1)
    right[:, DecisionClass.ACT] &= ~hold_expected
    right[:, DecisionClass.ESCALATE] &= ~hold_expected
    return np.take_along_axis(right, np.maximum(table.classes, 0), axis=1)


def _worse_than_holding(table: TruthTable) -> NDArray[np.bool_]:
    """[P, C] candidates that are truly worse than doing nothing."""
    holds = table.classes == DecisionClass.HOLD
    rows, hold = np.arange(len(holds)), holds.argmax(axis=1)
    worse = (table.differences[rows, :, hold] < 0) & ~table.ties[rows, :, hold]
    harmful: NDArray[np.bool_] = worse & holds.any(axis=1)[:, None]
    return harmful


def ranking_figures(scored: PointScores, bootstrap: PointBootstrap) -> dict[str, Estimate]:
    """The ranking figures of one ranker, by name."""

    def recall(which: NDArray[np.bool_]) -> Estimate:
        return bootstrap.ratio(scored.class_correct * which, which)

    hold = scored.hold_expected
    return {
        "pairwise_accuracy": bootstrap.ratio(scored.correct_pairs, scored.num_pairs),
        "large_pairs_accuracy": bootstrap.ratio(scored.correct_large_pairs, scored.num_large_pairs),
        "top1": bootstrap.mean(scored.top1),
        "regret_mean": bootstrap.mean(scored.normalised_regret),
        "regret_p90": bootstrap.quantile(scored.normalised_regret, 0.9),
        "regret_worst": bootstrap.quantile(scored.normalised_regret, 1.0),
        "decision_class_accuracy": bootstrap.mean(scored.class_correct),
        "restraint": recall(hold),
        "restraint_noop": recall(hold & ~scored.in_violation),
        "restraint_wait": recall(hold & scored.in_violation),
        "initiative": recall(~hold),
        "harmful_choice": bootstrap.mean(scored.harmful),
    }


def recovery_figures(
    points: Sequence[BranchedPoint], predictions: Sequence[Prediction], bootstrap: PointBootstrap
) -> dict[str, Estimate]:
    """Whether recovery is foreseen: accuracy against the majority of replicates, and the Brier score over replicates.

    Candidates without a prediction are left out.
    """
    sums = np.zeros((3, len(points)))
    for column, (point, prediction) in enumerate(zip(points, predictions, strict=True)):
        expected, recovered = prediction.recovery_probability, point.truth.recovered  # [C], [C, R]
        known = np.isfinite(expected)
        right = (expected > 0.5) == (recovered.mean(axis=1) > 0.5)
        brier = ((expected[:, None] - recovered) ** 2).mean(axis=1)
        sums[:, column] = right[known].sum(), brier[known].sum(), known.sum()
    return {
        "recovery_accuracy": bootstrap.ratio(sums[0], sums[2]),
        "recovery_brier": bootstrap.ratio(sums[1], sums[2]),
    }


def noise_ceiling(points: Sequence[BranchedPoint], bootstrap: PointBootstrap) -> dict[str, Estimate]:
    """The ranking figures of the truth against itself: one half of the replicates judged by the other, both ways.

    What is missing to 1 is noise that no ranker can foresee.
    """
    halves = (slice(0, None, 2), slice(1, None, 2))
    tables = [tabulate(points, half) for half in halves]
    ways = [score_points(tables[0], tables[1].means), score_points(tables[1], tables[0].means)]
    agreed = [_agreeing_majorities(point.truth.recovered, *halves) for point in points]
    both = {name: np.stack([getattr(way, name) for way in ways]) for name in PointScores.__dataclass_fields__}
    return {
        "pairwise_accuracy": bootstrap.ratio(both["correct_pairs"].sum(axis=0), both["num_pairs"].sum(axis=0)),
        "top1": bootstrap.mean(both["top1"].mean(axis=0)),
        "regret_mean": bootstrap.mean(both["normalised_regret"].mean(axis=0)),
        "recovery_accuracy": bootstrap.ratio(agreed, [point.num_candidates for point in points]),
    }


def _agreeing_majorities(recovered: NDArray[np.bool_], first: slice, second: slice) -> int:
    """Candidates that recover in most replicates of both parts of [C, R], or of neither."""
    return int(((recovered[:, first].mean(axis=1) > 0.5) == (recovered[:, second].mean(axis=1) > 0.5)).sum())


def figures_by_group(
    scored: PointScores, groups: Mapping[str, NDArray[np.int64]], *, num_resamples: int
) -> dict[str, dict[str, Estimate]]:
    """Pairwise accuracy, top-1 and regret within each named group of points."""
    wanted = ("pairwise_accuracy", "top1", "regret_mean", "regret_p90", "decision_class_accuracy")
    result = {}
    for name, members in groups.items():
        bootstrap = PointBootstrap(len(members), num_resamples=num_resamples)
        figures = ranking_figures(scored.subset(members), bootstrap)
        result[name] = {figure: figures[figure] for figure in wanted}
    return result


def scores_of(predictions: Sequence[Prediction], width: int) -> Floats:
    """[P, C] the scores of each prediction, padded with NaN."""
    return pad_predictions(predictions, "scores", width)
