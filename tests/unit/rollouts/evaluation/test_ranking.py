import numpy as np
import pytest

from rollouts.evaluation.ranking import (
    figures_by_group,
    noise_ceiling,
    ranking_figures,
    recovery_figures,
    score_points,
    scores_of,
)
from rollouts.evaluation.statistics import PointBootstrap
from rollouts.evaluation.trajectories import pinball, trajectory_figures
from rollouts.evaluation.truth import tabulate
from tests.unit.rollouts.evaluation.synthetic import point, prediction

# Means -1.0, -0.5, -2.0. First against second: differences -0.4, -0.6 (mean -0.5, standard error 0.1), no tie.
CLEAR = [[-1.0, -1.0], [-0.6, -0.4], [-2.0, -2.0]]


def judge(returns, scores, **options):
    points = [point(returns, **options)]
    table = tabulate(points)
    return score_points(table, scores_of([prediction(scores)], table.means.shape[1]))


def test_a_pair_within_two_standard_errors_is_a_tie():
    # Differences 0.1, -0.02, 0.04: mean 0.04, s = 0.06, 2 s / sqrt(3) = 0.069; adding 0.1 to each makes it 0.14.
    near = [[-0.9, -1.02, -0.96], [-1.0, -1.0, -1.0]]
    apart = [[-0.8, -0.92, -0.86], [-1.0, -1.0, -1.0]]
    assert tabulate([point(near)]).ties[0, 0, 1]
    assert not tabulate([point(apart)]).ties[0, 0, 1]


def test_common_random_numbers_make_small_differences_clear():
    shared = np.array([0.0, -3.0, -7.0, -1.0])
    assert not tabulate([point([shared, shared - 0.01])]).ties[0, 0, 1]


def test_perfect_reversed_and_constant_scores():
    perfect, worst, constant = (judge(CLEAR, scores) for scores in ([2, 3, 1], [-2, -3, -1], [0, 0, 0]))
    assert (perfect.correct_pairs[0], perfect.num_pairs[0], perfect.top1[0]) == (3, 3, 1)
    assert perfect.normalised_regret[0] == 0
    assert (worst.correct_pairs[0], worst.top1[0], worst.normalised_regret[0]) == (0, 0, 1)
    # Every pair half right; the pick is to do nothing, which loses 0.5 of 1.5.
    assert constant.correct_pairs[0] == pytest.approx(1.5)
    assert constant.top1[0] == 0
    assert constant.normalised_regret[0] == pytest.approx(1 / 3)


def test_equal_scores_of_two_actions_are_a_pick_at_random():
    scored = judge(CLEAR, [0, 1, 1])
    assert scored.top1[0] == 0.5
    assert scored.normalised_regret[0] == 0.5


def test_large_pairs_are_counted_apart():
    # Differences 0.05 (scored the wrong way round), 0.95 and 1.
    scored = judge([[-1.0, -1.0], [-1.05, -1.05], [-2.0, -2.0]], [1, 2, 0])
    assert (scored.correct_pairs[0], scored.num_pairs[0]) == (2, 3)
    assert (scored.correct_large_pairs[0], scored.num_large_pairs[0]) == (2, 2)


def test_choosing_a_tie_with_the_best_counts_as_best():
    tied = [[-0.9, -1.02, -0.96], [-1.0, -1.0, -1.0], [-3.0, -3.0, -3.0]]
    scored = judge(tied, [0.0, 1.0, -1.0])
    assert scored.top1[0] == 1
    assert scored.num_pairs[0] == 2


def test_where_nothing_matters_there_is_no_regret_to_speak_of():
    scored = judge([[-1.0, -1.0], [-1.0, -1.0]], [0.0, 1.0])
    assert np.isnan(scored.normalised_regret[0])
    assert scored.num_pairs[0] == 0 and scored.top1[0] == 1


def test_decision_class_restraint_and_harm():
    holding_is_best = [[-0.1, -0.1], [-0.5, -0.5], [-0.6, -0.6], [-0.3, -0.3]]
    acted = judge(holding_is_best, [0, 1, 0, 0])
    assert (acted.hold_expected[0], acted.class_correct[0], acted.harmful[0]) == (True, 0, 1)
    waited = judge(holding_is_best, [1, 0, 0, 0])
    assert (waited.class_correct[0], waited.harmful[0]) == (1, 0)
    escalated = judge(holding_is_best, [0, 0, 0, 1])
    assert (escalated.class_correct[0], escalated.harmful[0]) == (0, 1)
    idle = judge(CLEAR, [1, 0, 0])
    assert (idle.hold_expected[0], idle.class_correct[0]) == (False, 0)


def test_an_action_that_gains_nothing_is_no_restraint():
    equal = judge([[-0.1, -0.1], [-0.1, -0.1], [-1.0, -1.0]], [0, 1, 0])
    assert (equal.hold_expected[0], equal.top1[0], equal.class_correct[0], equal.harmful[0]) == (True, 1, 0, 0)


def test_holding_is_told_apart_by_whether_an_objective_is_violated():
    points = [point([[-1, -1], [-2, -2]], in_violation=violated) for violated in (True, False, False)]
    scored = score_points(tabulate(points), scores_of([prediction(s) for s in ([1, 0], [1, 0], [0, 1])], 2))
    figures = ranking_figures(scored, PointBootstrap(3))
    assert (figures["restraint_wait"].value, figures["restraint_wait"].n) == (1.0, 1)
    assert (figures["restraint_noop"].value, figures["restraint_noop"].n) == (0.5, 2)
    assert figures["restraint"].value == pytest.approx(2 / 3) and figures["initiative"].n == 0


def test_points_with_fewer_candidates_are_padded_without_effect():
    points = [point(CLEAR), point(CLEAR[:2])]
    table = tabulate(points)
    scored = score_points(table, scores_of([prediction([2, 3, 1]), prediction([1, 0])], 3))
    assert scored.num_pairs.tolist() == [3, 1]
    assert scored.correct_pairs.tolist() == [3, 0]
    assert scored.normalised_regret.tolist() == [0, 1]
    figures = ranking_figures(scored, PointBootstrap(2))
    assert figures["pairwise_accuracy"].value == pytest.approx(3 / 4)
    assert figures["pairwise_accuracy"].n == 4
    assert figures["regret_worst"].value == 1


def test_a_missing_score_is_refused():
    with pytest.raises(ValueError, match="score"):
        judge(CLEAR, [0.0, np.nan, 1.0])


def test_recovery_accuracy_and_brier_by_hand():
    made = point([[-1, -1], [-2, -2]], recovered=[[True, True], [True, False]])
    figures = recovery_figures([made], [prediction([0, 0], recovery=[0.8, 0.9])], PointBootstrap(1))
    # The second recovers in half of the replicates, which is no majority: the forecast 0.9 is wrong.
    assert figures["recovery_accuracy"].value == 0.5
    assert figures["recovery_brier"].value == pytest.approx((0.04 + (0.01 + 0.81) / 2) / 2)


def test_noise_ceiling_is_one_without_noise_and_below_with_it():
    generator = np.random.default_rng(3)
    quiet = [point(np.repeat(generator.normal(size=(4, 1)), 8, axis=1)) for _ in range(20)]
    noisy = [point(0.02 * generator.normal(size=(4, 1)) + generator.normal(size=(4, 8))) for _ in range(20)]
    bootstrap = PointBootstrap(20)
    assert noise_ceiling(quiet, bootstrap)["pairwise_accuracy"].value == 1
    assert noise_ceiling(noisy, bootstrap)["pairwise_accuracy"].value < 0.9


def test_groups_are_judged_apart():
    points = [point(CLEAR), point(CLEAR)]
    scored = score_points(tabulate(points), scores_of([prediction([2, 3, 1]), prediction([-2, -3, -1])], 3))
    groups = figures_by_group(scored, {"a": np.array([0]), "b": np.array([1])}, num_resamples=50)
    assert groups["a"]["pairwise_accuracy"].value == 1
    assert groups["b"]["pairwise_accuracy"].value == 0


def test_trajectory_error_by_hand_and_nan_where_nothing_is_predicted():
    figures = trajectory_figures([point(CLEAR)], [prediction([0, 0, 0], good_ratio=0.75)], PointBootstrap(1))
    assert figures["good_ratio_mae"].value == pytest.approx(0.25)
    assert figures["latency_p95_milliseconds_mae"].value == 0
    assert figures["error_ratio_mae"].n == 0


def test_pinball_weighs_the_sides_by_the_level():
    truth, values = np.array([1.0], dtype=np.float32), np.array([[0.0, 3.0]], dtype=np.float32)
    assert pinball((0.9, 0.1), values, truth) == pytest.approx((0.9 * 1 + 0.9 * 2) / 2)
