"""How an actor builds its stands: a spec that pickles, and the control loop that it describes.

To add a backend: a function `(spec, num_stands) -> StandBatch` and one line in `BACKENDS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clusters.simulated.telemetry.scraping import Scraping
from clusters.stand import StandBatch
from clusters.streams import StreamsSpec
from envs.control_loop import ControlLoop, EpisodeRules
from envs.rewards.reward_function import RewardFunction, RewardWeights
from envs.simulated_loop import simulated_stands
from envs.time_scales import TimeScales
from ray_configs.errors import UserError

WHOLE_EPISODES = EpisodeRules(end_on_goal=False, end_on_emergency=False)
"""Data and judgement need every episode's whole future."""


@dataclass(frozen=True, kw_only=True)
class StandsSpec:
    """What an actor holds."""

    application: str
    backend: str = "simulated"
    """Name in `BACKENDS`."""
    stands_per_actor: int = 16
    """Stands that step together; a live backend holds one."""
    time_scales: TimeScales = field(default_factory=TimeScales)
    rules: EpisodeRules = WHOLE_EPISODES
    reward: RewardWeights = field(default_factory=RewardWeights)
    scraping: Scraping | None = None
    """How telemetry of simulated stands is collected; None: as it is."""
    streams: StreamsSpec = field(default_factory=StreamsSpec)
    """What is recorded beside telemetry."""

    def __post_init__(self) -> None:
        if self.stands_per_actor < 1:
            raise ValueError(f"stands_per_actor must be at least 1, not {self.stands_per_actor}")


def _simulated(spec: StandsSpec, num_stands: int) -> StandBatch:
    return simulated_stands(spec.application, num_stands, spec.time_scales, scraping=spec.scraping)


BACKENDS: Mapping[str, Callable[[StandsSpec, int], StandBatch]] = {"simulated": _simulated}


def build_loop(spec: StandsSpec, num_stands: int | None = None) -> ControlLoop:
    """A control loop over `num_stands` stands (the spec's number if None).

    Raises:
        UserError: the application or the backend is unknown.
    """
    if spec.backend not in BACKENDS:
        raise UserError(f"there is no backend {spec.backend!r}: use one of {', '.join(BACKENDS)}")
    return ControlLoop(
        BACKENDS[spec.backend](spec, num_stands or spec.stands_per_actor),
        time_scales=spec.time_scales,
        reward=RewardFunction(spec.reward),
        rules=spec.rules,
    )
