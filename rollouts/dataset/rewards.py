"""rewards.parquet: a row per control step for the total with its components, and one for each weighted term."""

from typing import Any

import pyarrow as pa

from rollouts.dataset.metadata import action_id
from rollouts.dataset.schema import REWARDS, TOTAL_REWARD
from rollouts.episode import Episode


def rewards_table(episode: Episode) -> Any:
    """The table, the total first in each step. ValueError if a term is called like the total."""
    step_ns = round(episode.time_scales.control_step_seconds * 1e9)
    rows: list[dict[str, Any]] = []
    for number, step in enumerate(episode.steps):
        if TOTAL_REWARD in step.reward_terms:
            raise ValueError(f"no reward term may be called {TOTAL_REWARD!r}: it is the name of their sum")
        common = {
            "time": step.time_ns + step_ns,
            "run_id": episode.run_id,
            "action_id": action_id(number),
            "step": number,
        }
        components = list(step.reward_terms.items())
        rows.append(common | {"reward_name": TOTAL_REWARD, "value": step.reward, "components": components})
        rows += [common | {"reward_name": name, "value": value} for name, value in components]
    return pa.Table.from_pylist(rows, schema=REWARDS)


def rewards_by_step(table: Any) -> dict[int, dict[str, float]]:
    """Step -> reward name -> value, the total first."""
    result: dict[int, dict[str, float]] = {}
    names, values = table["reward_name"].to_pylist(), table["value"].to_pylist()
    for step, name, value in zip(table["step"].to_pylist(), names, values, strict=True):
        result.setdefault(step, {})[name] = value
    return result
