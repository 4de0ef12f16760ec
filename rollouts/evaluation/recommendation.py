"""What to do about the incident, why it beats the alternatives, and what hindsight says: words made of numbers."""

import numpy as np

from envs.actions.action import ActionType
from envs.rewards.reward_function import RewardWeights
from rollouts.evaluation.report import Incident
from rollouts.evaluation.truth import tabulate

WORTHWHILE_GAIN = 0.02
"""Smallest expected gain per control step over doing nothing that is worth an action."""


def readable(name: str) -> str:
    """An action's or scenario's name in words."""
    return name.replace(":", " ").replace("_", " ")


def recommended_candidate(incident: Incident) -> int:
    """The candidate with the best expected return, or doing nothing where it gains too little."""
    scores, nothing = incident.prediction.scores, do_nothing_candidate(incident)
    best = int(np.argmax(scores))
    return best if scores[best] - scores[nothing] > WORTHWHILE_GAIN else nothing


def do_nothing_candidate(incident: Incident) -> int:
    """The row of `do_nothing`."""
    return incident.branched.types.index(ActionType.DO_NOTHING)


def reasons_for(incident: Incident, recommended: int) -> tuple[str, ...]:
    """Sentences that set the recommended candidate against doing nothing, the next best ones and the harmful ones."""
    branched, prediction, nothing = incident.branched, incident.prediction, do_nothing_candidate(incident)
    scores, recovery = prediction.scores, prediction.recovery_probability
    others = [row for row in np.argsort(-scores) if row != recommended]
    reasons = []
    if recommended == nothing:
        gain = scores.max() - scores[nothing]
        reasons.append(
            f"No action is expected to gain over {WORTHWHILE_GAIN} per step against doing nothing (best: {gain:+.2f})."
        )
    else:
        reasons.append(
            f"Against doing nothing it is expected to gain {scores[recommended] - scores[nothing]:+.2f} reward per "
            f"control step and to bring recovery with {percent(recovery[recommended])} "
            f"instead of {percent(recovery[nothing])} probability."
        )
    reasons += [_comparison(incident, recommended, row) for row in others[:2] if row != nothing]
    worse = [readable(branched.names[row]) for row in others if scores[row] < scores[nothing] - WORTHWHILE_GAIN]
    if worse:
        reasons.append(f"Expected to do harm compared with doing nothing: {', '.join(worse)}.")
    return tuple(reasons)


def _comparison(incident: Incident, recommended: int, other: int) -> str:
    prediction = incident.prediction
    gap = prediction.scores[recommended] - prediction.scores[other]
    recovery = percent(float(prediction.recovery_probability[other]))
    return (
        f"Against {readable(incident.branched.names[other])}: {abs(gap):.2f} "
        f"{'more' if gap >= 0 else 'less'} reward per step is expected (there: recovery {recovery}, "
        f"cost {cost_in_words(float(prediction.expected_cost[other]))})."
    )


def hindsight_on(incident: Incident, recommended: int) -> str:
    """How the recommended candidate fares in truth."""
    table = tabulate([incident.branched])
    best, means = int(table.best[0]), table.means[0]
    replicates = incident.branched.truth.returns.shape[1]
    opening = f"Replayed {replicates} times per candidate on the simulator, "
    if table.ties_with_best[0, recommended]:
        return opening + "the recommended action is the best, or cannot be told from the best."
    span = means.max() - means.min()
    return opening + (
        f"the best would have been {readable(incident.branched.names[best])}: the recommendation loses "
        f"{(means[best] - means[recommended]) / span:.0%} of what there was between the best and the worst candidate."
    )


def cost_in_words(expected_cost: float) -> str:
    """The cost term as CPU reserved above the baseline, the unit that its weight is given in."""
    if not np.isfinite(expected_cost):
        return "not predicted"
    extra = -expected_cost / RewardWeights().resource_cost
    return "none" if abs(extra) < 0.005 else f"{extra:+.0%} CPU"


def percent(share: float) -> str:
    """A share in percent, where it is predicted."""
    return f"{share:.0%}" if np.isfinite(share) else "not predicted"
