"""How models and policies are judged on held-out scenarios; the axes are kept apart and losses are shown.

- truth: `branching` forks the simulator per candidate with common random numbers, `truth` tabulates it;
- models: `ranking`, `trajectories` and `ablations`, with the intervals of `statistics`;
- policies: `closed_loop`; what acts on a ranker is `ranker_policy` alone, and `advised_rules` with threshold rules;
- the command: `evaluate`, which writes `report.json` and `report.html`.

To judge a further model: implement `ranking_contract.Ranker` anywhere and add an entry under `rankers` in
`ray_configs/runs/evaluate.yaml`. To add an ablation: a function and a line in `ablations.ABLATIONS`.
"""
