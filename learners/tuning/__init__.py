"""Searches over settings with Ray Tune, each trial a run in MLflow.

To add one: a module with its configuration dataclass and a function that takes it, and a YAML in `ray_configs/runs`.
"""
