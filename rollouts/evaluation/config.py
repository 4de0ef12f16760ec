"""What an evaluation judges, as YAML gives it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from clusters.scenario import Split
from rollouts.evaluation.branching import BranchingSettings
from rollouts.evaluation.closed_loop import NamedPolicy
from rollouts.pool import PoolSettings
from rollouts.stands import LIVE

Scalar = float | int | str | bool


@dataclass(frozen=True, kw_only=True)
class RankerSpec:
    """How a ranker is built: the entry point is called with the parameters."""

    name: str
    """As tables show it; unique."""
    entry_point: str
    """`package.module:name`."""
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    ablations: tuple[str, ...] = ()
    """Names in `rollouts.evaluation.ablations.ABLATIONS` that it is judged under as well."""
    reference: bool = False
    """A yardstick, such as the oracle: shown, but never marked as the best."""


@dataclass(frozen=True, kw_only=True)
class ClosedLoopConfig:
    """Which policies act through `step`, and on what."""

    policies: tuple[NamedPolicy, ...] = ()
    """None: no closed loop."""
    num_scenarios: int = 20
    """The first of the evaluation's scenarios."""
    seeds: tuple[int, ...] = (0,)
    """Each scenario is played once per seed offset, the same for every policy."""
    backend: str = "simulated"
    """What they are played on. The truth about single actions is branched, which only simulated stands can be."""
    inventory: str = ""
    """YAML of the clusters that live stands may be on."""
    pool: PoolSettings = field(default_factory=PoolSettings)
    """Of actors that hold live stands; simulated ones step together in one process."""

    def __post_init__(self) -> None:
        if (self.backend == LIVE) != bool(self.inventory):
            raise ValueError(f"closed_loop needs backend {LIVE} and inventory together, or neither")
        if self.num_scenarios < 1 or not self.seeds:
            raise ValueError("closed_loop needs num_scenarios of at least 1 and at least one seed")
        _require_unique("closed_loop.policies", [policy.name for policy in self.policies])


@dataclass(frozen=True, kw_only=True)
class TrackingConfig:
    """Where the figures go in MLflow."""

    experiment: str = "evaluation"
    """Empty: nothing is tracked."""
    uri: str | None = None
    """None: as `rollouts.tracking` decides."""


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """One evaluation."""

    rankers: tuple[RankerSpec, ...]
    application: str = "small-core"
    split: Split = Split.TEST
    """Validation while a model is being tuned, test for what is claimed."""
    num_scenarios: int = 60
    scenario_seed: int = 0
    menu: str = "core"
    """What scenarios are drawn from, a name of `envs.scenarios.menus.MENUS`."""
    trained_on: str = "core"
    """Menu of the data that the rankers were fitted on: families that it never trains on are called held out."""
    branching: BranchingSettings = field(default_factory=BranchingSettings)
    subject: str = ""
    """The ranker that the claim is about and whose futures the page shows; empty: the first one."""
    closed_loop: ClosedLoopConfig = field(default_factory=ClosedLoopConfig)
    incident: str = "checkout-latency"
    """Named scenario whose futures the page shows side by side."""
    ablation_seed: int = 0
    num_resamples: int = 2000
    """Of the bootstrap."""
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    def __post_init__(self) -> None:
        if not self.rankers:
            raise ValueError("rankers must hold at least one")
        if self.num_scenarios < 2 or self.num_resamples < 1:
            raise ValueError("num_scenarios must be at least 2 and num_resamples at least 1")
        names = [ranker.name for ranker in self.rankers]
        _require_unique("rankers", names)
        if self.subject and self.subject not in names:
            raise ValueError(f"subject {self.subject!r} is none of the rankers {', '.join(names)}")

    @property
    def subject_name(self) -> str:
        """The ranker that the claim is about."""
        return self.subject or self.rankers[0].name


def _require_unique(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what} holds the name {name!r} twice; names must differ")
