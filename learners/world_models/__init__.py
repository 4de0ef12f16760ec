"""World models: history + graph + candidate action -> the future and its reward.

    windows (run directories -> arrays) -> features (what a model sees) -> backbone -> fitting -> checkpoint -> rankers

`RANKERS` names everything that can be asked to rank candidates. To add a world model: one file whose `load_*` function
builds a `rollouts.evaluation.ranking_contract.Ranker`, and one line here.
"""

from collections.abc import Mapping

RANKERS: Mapping[str, str] = {
    "world_model": "learners.world_models.ranker:load_ranker",
    "mean_effect": "learners.world_models.mean_effect:load_ranker",
    "persistence": "learners.world_models.persistence:load_ranker",
}
"""Name -> entry point of a function that builds it."""
