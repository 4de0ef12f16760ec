"""Names under which `gymnasium.make` and `gymnasium.make_vec` find the environments."""

import gymnasium

ENVIRONMENTS: dict[str, str] = {
    "OtelDemoSmallCore-v0": "small-core",
    "OtelDemoMediumStore-v0": "medium-store",
    "OtelDemoAsyncStore-v0": "async-store",
    "OtelDemoReviewStore-v0": "review-store",
}
"""Environment id -> application."""


def register_environments() -> None:
    """Register every environment that is not registered yet; entry points are strings, so this imports nothing else."""
    for environment_id, application in ENVIRONMENTS.items():
        if environment_id not in gymnasium.registry:
            gymnasium.register(
                id=environment_id,
                entry_point="envs.stand_env:StandEnv",
                vector_entry_point="envs.vector_env:VectorStandEnv",
                kwargs={"application": application},
            )
