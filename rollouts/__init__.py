"""Many stands at once: policies, the actors that play them, the data set they fill, evaluation on held-out scenarios.

`python -m rollouts` is its command line. To add a policy, see `rollouts.policies`; a ranker, `rollouts.evaluation`.
"""
