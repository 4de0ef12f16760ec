"""How an actor builds its stands: a spec that pickles, and the control loop that it describes.

To add a backend: a function `(spec, num_stands) -> HeldStands` and one line in `BACKENDS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from clusters.k3s.inventory import Inventory
from clusters.simulated.telemetry.scraping import Scraping
from clusters.stand import StandBatch, as_batch
from clusters.streams import StreamsSpec
from envs.control_loop import ControlLoop, EpisodeRules
from envs.rewards.reward_function import RewardFunction, RewardWeights
from envs.simulated_loop import simulated_stands
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from rollouts.dataset.metadata import SIMULATED_DEPLOYMENT, Deployment
from rollouts.live_stands import live_deployment, live_stand

WHOLE_EPISODES = EpisodeRules(end_on_goal=False, end_on_emergency=False)
"""Data and judgement need every episode's whole future."""
LIVE = "k3s"
"""The backend of live stands."""


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
    inventory: Inventory | None = None
    """Where live stands may be; None: they are simulated."""
    has_shared_readers: bool = False
    """Whether one Ray actor per cluster reads the telemetry of all live stands; else each process reads for itself."""

    def __post_init__(self) -> None:
        if self.stands_per_actor < 1:
            raise ValueError(f"stands_per_actor must be at least 1, not {self.stands_per_actor}")
        if self.backend != LIVE:
            return
        if self.inventory is None:
            raise ValueError(f"backend {LIVE} needs an inventory: the clusters that its stands may be on")
        if self.stands_per_actor != 1:
            raise ValueError(f"stands_per_actor must be 1 with backend {LIVE}, not {self.stands_per_actor}")
        if self.scraping is not None:
            raise ValueError(f"scraping is of simulated stands: leave it out with backend {LIVE}")

    @property
    def live_inventory(self) -> Inventory:
        """Where live stands may be; only of a live backend."""
        assert self.inventory is not None, "__post_init__ refuses a live backend without one"
        return self.inventory


class HeldStands(NamedTuple):
    """Stands, and what is written into the runs that are played on them."""

    batch: StandBatch
    deployment: Callable[[], Deployment]
    """What they run on, asked after an episode."""


def _simulated(spec: StandsSpec, num_stands: int) -> HeldStands:
    batch = simulated_stands(spec.application, num_stands, spec.time_scales, scraping=spec.scraping)
    return HeldStands(batch, lambda: SIMULATED_DEPLOYMENT)


def _live(spec: StandsSpec, num_stands: int) -> HeldStands:
    if num_stands != 1:
        raise UserError(f"{num_stands} live stands cannot step together: play one job at a time")
    stand = live_stand(
        spec.application,
        spec.live_inventory,
        bucket_seconds=spec.time_scales.observation_bucket_seconds,
        has_shared_readers=spec.has_shared_readers,
    )
    return HeldStands(as_batch(stand), lambda: live_deployment(stand))


BACKENDS: Mapping[str, Callable[[StandsSpec, int], HeldStands]] = {"simulated": _simulated, LIVE: _live}


def hold_stands(spec: StandsSpec, num_stands: int | None = None) -> HeldStands:
    """`num_stands` stands (the spec's number if None).

    Raises:
        UserError: the application or the backend is unknown.
    """
    if spec.backend not in BACKENDS:
        raise UserError(f"there is no backend {spec.backend!r}: use one of {', '.join(BACKENDS)}")
    return BACKENDS[spec.backend](spec, num_stands or spec.stands_per_actor)


def loop_over(batch: StandBatch, spec: StandsSpec) -> ControlLoop:
    """A control loop over these stands."""
    return ControlLoop(batch, time_scales=spec.time_scales, reward=RewardFunction(spec.reward), rules=spec.rules)


def build_loop(spec: StandsSpec, num_stands: int | None = None) -> ControlLoop:
    """A control loop over stands of its own.

    Raises:
        UserError: as `hold_stands`.
    """
    return loop_over(hold_stands(spec, num_stands).batch, spec)
