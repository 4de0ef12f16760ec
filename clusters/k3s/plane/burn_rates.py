"""Alerting rules on how fast stands use up their error budgets, over windows that fit episodes.

The multi-window rule of the Site Reliability Workbook, chapter 5: an alert fires when the budget burns too fast over a
long window, and still does over a short one. Its windows (1 h with 5 min, 6 h with 30 min) are for a budget of thirty
days; here they are scaled to a budget of one day, so that incidents of minutes are told of within minutes.
"""

from dataclasses import dataclass
from typing import Any

GOOD_GOAL = 0.95
"""Share of a journey's requests that must be good. The applications' own objectives differ by journey."""


@dataclass(frozen=True, kw_only=True)
class BurnRate:
    """One alert."""

    severity: str
    long_seconds: int
    short_seconds: int
    factor: float
    """How many times faster than allowed the budget is used up."""


BURN_RATES = (
    BurnRate(severity="page", long_seconds=120, short_seconds=30, factor=5.0),
    BurnRate(severity="ticket", long_seconds=600, short_seconds=120, factor=2.0),
)


def burn_rate_rules(namespace_prefix: str, *, sample_seconds: float = 5.0) -> dict[str, Any]:
    """A rule file for Prometheus: one alert per journey of a stand, severity and window."""
    rules = [
        {
            "alert": "JourneyBurnsBudget",
            "expr": " and ".join(
                f"{_bad_ratio(namespace_prefix, window)} > {rate.factor * (1.0 - GOOD_GOAL):g}"
                for window in (rate.long_seconds, rate.short_seconds)
            ),
            "labels": {"severity": rate.severity},
            "annotations": {
                "summary": "{{ $labels.journey }} of {{ $labels.k8s_namespace_name }} burns its error budget "
                f"more than {rate.factor:g} times too fast over {rate.long_seconds} s"
            },
        }
        for rate in BURN_RATES
    ]
    group = {"name": "stands", "interval": f"{sample_seconds:g}s", "rules": rules}
    return {"groups": [group]}


def _bad_ratio(namespace_prefix: str, window_seconds: int) -> str:
    """Share of what users wanted that was not good, by stand and journey; missing without requests."""
    stands = f'k8s_namespace_name=~"{namespace_prefix}-.*"'
    bad, offered = (
        f"sum by(k8s_namespace_name, journey)(rate(gym_journey_requests_total{{{matchers}}}[{window_seconds}s]))"
        for matchers in (f'{stands}, outcome!="good"', stands)
    )
    return f"{bad} / ({offered} > 0)"
