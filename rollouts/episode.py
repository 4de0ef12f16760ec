"""Every data shape that crosses a process in a fill: jobs in, summaries and errors out, and the episode itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from clusters.commands import Receipt
from clusters.scenario import Scenario
from clusters.simulated.telemetry.scraping import Scraping
from clusters.streams import StandStreams
from clusters.telemetry import TelemetryWindow
from envs.time_scales import TimeScales


@dataclass(frozen=True, kw_only=True)
class PolicySpec:
    """How an actor builds its policy."""

    name: str
    """Known name in `rollouts.policies.POLICIES`, or an entry point `package.module:Class`."""
    parameters: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    stream: int = 0
    """Which of several plays of one scenario by this policy: the stand is as random as before, the policy is not."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One episode to play and record. `run_id` is a function of the content: the same job is the same run."""

    run_id: str
    scenario: Scenario
    seed: int
    """Of the stand's randomness."""
    policy: PolicySpec

    @property
    def policy_seed(self) -> int:
        """Of the policy's randomness."""
        return (self.seed + self.policy.stream) % 2**63


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One control step of one episode."""

    time_ns: int
    """When the action was logged, before it was applied."""
    action: int
    """Index in the catalogue."""
    action_name: str
    probability: float
    """Of the action under the behaviour policy; NaN where the policy does not know."""
    candidate_set: tuple[str, ...]
    """Names of the actions it chose among."""
    receipt: Receipt | None
    """None: the action sends no command."""
    fault_receipts: tuple[tuple[str, Receipt], ...]
    """(fault id, receipt) of the injections and clearances during the step."""
    reward: float
    reward_terms: Mapping[str, float]
    """Weighted terms; they sum to the reward."""


@dataclass(frozen=True, kw_only=True)
class Episode:
    """A played scenario: what a run directory holds, and what reading one gives back."""

    run_id: str
    scenario: Scenario
    seed: int
    policy: PolicySpec
    time_scales: TimeScales
    telemetry: TelemetryWindow
    """The whole run: warm-up first, then `buckets_per_step` buckets per step."""
    steps: tuple[StepRecord, ...]
    end_reason: str
    """`horizon`, `goal`, `emergency` or `escalated`."""
    scraping: Scraping | None = None
    """How the telemetry of a simulated stand was collected; None: as it was."""
    streams_on: tuple[str, ...] = ()
    """Which of `StandStreams` were asked for."""
    streams: StandStreams = field(default_factory=StandStreams)
    """What the stand told over the whole run. Empty where a recorded run was read without it."""

    @property
    def episode_return(self) -> float:
        """Sum of the step rewards."""
        return sum(step.reward for step in self.steps)


@dataclass(frozen=True, kw_only=True)
class EpisodeSummary:
    """What an actor returns of a committed run: its path, never its data."""

    run_id: str
    path: str
    num_steps: int
    episode_return: float
    end_reason: str
    seconds: float
    """Wall time to play and write it."""


@dataclass(frozen=True, kw_only=True)
class RolloutError:
    """A job that failed, as a value: an actor's boundary is the one place that catches broadly."""

    run_id: str
    kind: str
    message: str
