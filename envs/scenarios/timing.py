"""When things happen in a drawn scenario, in seconds after its warm-up."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ScenarioTiming:
    """Spans that moments are drawn from; the defaults suit simulated stands, whose time costs nothing."""

    horizon_seconds: float = 600.0
    """Shortest length of an episode; rounded up to whole control steps."""
    follow_seconds: float = 300.0
    """At least so much of the episode follows the decision."""
    fault_start_seconds: tuple[float, float] = (60.0, 180.0)
    decision_delay_seconds: tuple[float, float] = (30.0, 90.0)
    """From the fault's start to the decision."""

    def __post_init__(self) -> None:
        for name in ("fault_start_seconds", "decision_delay_seconds"):
            low, high = getattr(self, name)
            if not 0.0 <= low <= high:
                raise ValueError(f"{name} must not be negative and not decrease, but is {low:g} to {high:g}")
        if not 0.0 < self.follow_seconds < self.horizon_seconds:
            raise ValueError(
                f"follow_seconds must be above 0 and below horizon_seconds, not {self.follow_seconds:g} of "
                f"{self.horizon_seconds:g}"
            )


USUAL = ScenarioTiming()
SHORT = ScenarioTiming(
    horizon_seconds=120.0, follow_seconds=100.0, fault_start_seconds=(10.0, 30.0), decision_delay_seconds=(10.0, 20.0)
)
"""For live stands: two minutes and a half hold a fault, a decision, and after it the ten steps of ten seconds that a
world model looks ahead."""
