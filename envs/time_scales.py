"""All the time scales of an environment, in seconds. They need not match, but must divide as `__post_init__` says."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TimeScales:
    """Time scales; the defaults suit a stand that is scraped every ten seconds."""

    control_step_seconds: float = 30.0
    """How often a policy acts."""
    observation_bucket_seconds: float = 10.0
    """Span over which telemetry is aggregated."""
    observation_window_seconds: float = 300.0
    """How much history a policy sees."""
    reward_bucket_seconds: float = 10.0
    """Span over which a reward is computed before it is averaged into the step's."""
    scrape_interval_seconds: float = 10.0
    """How often metrics are collected; a bucket cannot be shorter."""
    trace_aggregation_seconds: float = 60.0
    """Span over which traces are aggregated, where the stream is on."""
    log_pattern_window_seconds: float = 60.0
    """Span over which log patterns are counted, where the stream is on."""
    action_duration_seconds: float = 0.0
    """After this long a rate limit is lifted again; 0: it stays until changed."""
    warmup_seconds: float = 300.0
    """Healthy time before an episode starts; at least the observation window."""
    cooldown_seconds: float = 60.0
    """Goal: the episode may end early once every SLO was met for this long after an incident."""

    def __post_init__(self) -> None:
        bucket = self.observation_bucket_seconds
        for name in (
            "control_step_seconds",
            "observation_window_seconds",
            "reward_bucket_seconds",
            "action_duration_seconds",
            "warmup_seconds",
            "cooldown_seconds",
        ):
            if getattr(self, name) % bucket:
                raise ValueError(f"{name} {getattr(self, name)} is no multiple of observation_bucket_seconds {bucket}")
        for name in ("control_step_seconds", "observation_bucket_seconds", "scrape_interval_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, not {getattr(self, name)}")
        if self.control_step_seconds % self.reward_bucket_seconds:
            raise ValueError("control_step_seconds must be a multiple of reward_bucket_seconds")
        if bucket < self.scrape_interval_seconds:
            raise ValueError("observation_bucket_seconds must be at least scrape_interval_seconds")
        if self.warmup_seconds < self.observation_window_seconds:
            raise ValueError("warmup_seconds must be at least observation_window_seconds, so the first window is full")

    def steps_within(self, seconds: float) -> int:
        """Control steps that cover so long a time."""
        return math.ceil(seconds / self.control_step_seconds)

    @property
    def buckets_per_step(self) -> int:
        """Telemetry buckets in a control step."""
        return round(self.control_step_seconds / self.observation_bucket_seconds)

    @property
    def buckets_per_window(self) -> int:
        """Telemetry buckets in an observation."""
        return round(self.observation_window_seconds / self.observation_bucket_seconds)
