"""What a control step was worth: a weighted sum of named terms, each in a file of its own and each at most 0.

To add a term: write `envs/rewards/<term>.py` with a compiled function that subtracts from its [N] values, add one line
to `Terms` and one to `judge` in `envs/rewards/reward_terms.py`, and one weight of the same name to
`RewardWeights`.
"""

from pathlib import Path

from clusters.compiled import forget_stale_code

forget_stale_code(Path(__file__).parent)
