"""World models: history + graph + candidate action -> the future and its reward.

    windows (run directories -> arrays) -> features (what a model sees) -> backbone -> fitting -> checkpoint -> rankers

To add a world model: one file whose `load_ranker` builds a `rollouts.evaluation.ranking_contract.Ranker`, and a line in
the evaluation's YAML that names it as an entry point, such as `learners.world_models.ranker:load_ranker`.
"""
