"""The load that users offer: how much, of what, and what is done with it before it is sent. No clock of its own."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from clusters.synthetic.plan import PlannedRequest
from clusters.synthetic.token_bucket import TokenBucket

_LOOK_SECONDS: Final = 0.25
"""While nothing is due, the rate is looked at again this often: it may have changed."""


class JourneyOutcome(StrEnum):
    """What became of something that a user wanted to send."""

    GOOD = "good"
    """It succeeded within the journey's latency objective."""
    SLOW = "slow"
    FAILED = "failed"
    REFUSED = "refused"
    """The rate limit did not admit it."""
    HELD_BACK = "held_back"
    """The user was asked not to send it."""


@dataclass(frozen=True, kw_only=True)
class OfferedLoad:
    """What to play. Fields as in `clusters.scenario.WorkloadTrace`."""

    step_seconds: float
    rates_rps: tuple[float, ...]
    mix: tuple[float, ...]
    think_seconds: float | None
    rate_ratio: float
    """Share of the rates that is really sent."""
    seed: int

    def __post_init__(self) -> None:
        if self.step_seconds <= 0 or not self.rates_rps or self.rate_ratio <= 0:
            raise ValueError("step_seconds, rate_ratio and the number of rates_rps must be positive")
        if self.think_seconds is not None and self.think_seconds <= 0:
            raise ValueError(f"think_seconds must be positive, not {self.think_seconds}")


class Workload:
    """An `OfferedLoad` since it began, with the knobs that operators and scenarios have. Times are of one clock."""

    def __init__(self, load: OfferedLoad, requests: Sequence[PlannedRequest], now_seconds: float) -> None:
        """Begin.

        Raises:
            ValueError: the mix does not have a share for each of `requests`.
        """
        if len(load.mix) != len(requests) or min(load.mix) < 0 or sum(load.mix) <= 0:
            raise ValueError(f"mix must have {len(requests)} shares, none negative, but is {list(load.mix)}")
        self.load = load
        self._requests = tuple(requests)
        self._began_seconds = now_seconds
        self._random = random.Random(load.seed)
        self._bucket: TokenBucket | None = None
        self._factors = {request.name: 1.0 for request in requests}
        self._next_seconds = now_seconds
        self._work = self._random.expovariate(1.0)
        self.multiplier = 1.0
        self.rate_limit_rps: float | None = None
        """As commanded; times `rate_ratio` are admitted."""

    @property
    def factors(self) -> Mapping[str, float]:
        """Share that is sent, per request type."""
        return self._factors

    @property
    def admitted_rps(self) -> float | None:
        """The rate limit in requests that are really sent."""
        return None if self.rate_limit_rps is None else self.rate_limit_rps * self.load.rate_ratio

    def rate_rps(self, now_seconds: float) -> float:
        """Requests per second that users want to send."""
        step = int((now_seconds - self._began_seconds) / self.load.step_seconds)
        rate = self.load.rates_rps[min(max(step, 0), len(self.load.rates_rps) - 1)]
        return rate * self.load.rate_ratio * self.multiplier

    def num_users(self, now_seconds: float) -> int:
        """Users of a closed loop; 0 in an open one."""
        return round(self.rate_rps(now_seconds) * (self.load.think_seconds or 0.0))

    def pause_seconds(self) -> float:
        """How long a user of a closed loop thinks."""
        return self._random.expovariate(1.0 / (self.load.think_seconds or 1.0))

    def wait_for_arrival(self, now_seconds: float) -> tuple[float, bool]:
        """(seconds to wait, whether a request arrives then): a Poisson process of the present rate.

        A caller that comes late finds the next arrivals due at once, so the rate does not depend on its delays.
        """
        rate = self.rate_rps(self._next_seconds)
        look = max(now_seconds - self._next_seconds, 0.0) + _LOOK_SECONDS
        if self._work > rate * look:
            self._work -= rate * look
            self._next_seconds += look
            return max(self._next_seconds - now_seconds, 0.0), False
        self._next_seconds += self._work / rate
        self._work = self._random.expovariate(1.0)
        return max(self._next_seconds - now_seconds, 0.0), True

    def draw(self) -> PlannedRequest:
        """A request of the mix."""
        return self._random.choices(self._requests, self.load.mix)[0]

    def kept(self, request: PlannedRequest, now_seconds: float) -> JourneyOutcome | None:
        """Why a request is not sent; None: it is."""
        if self._random.random() >= self._factors[request.name]:
            return JourneyOutcome.HELD_BACK
        if self._bucket is not None and not self._bucket.admits(now_seconds):
            return JourneyOutcome.REFUSED
        return None

    def set_multiplier(self, multiplier: float) -> None:
        """Multiply the offered rate.

        Raises:
            ValueError: it is negative.
        """
        if multiplier < 0:
            raise ValueError(f"multiplier must not be negative, but is {multiplier}")
        self.multiplier = multiplier

    def set_rate_limit(self, limit_rps: float | None, now_seconds: float) -> None:
        """Admit at most so many (times `rate_ratio`) a second; None: all.

        Raises:
            ValueError: it is not positive.
        """
        if limit_rps is not None and limit_rps <= 0:
            raise ValueError(f"limit_rps must be positive, but is {limit_rps}")
        self.rate_limit_rps = limit_rps
        self._bucket = None if self.admitted_rps is None else TokenBucket(self.admitted_rps, now_seconds)

    def shape(self, request_type: str, factor: float) -> None:
        """Send only this share of a request type; empty: of all.

        Raises:
            ValueError: there is no such type, or the factor is outside 0 to 1.
        """
        if request_type and request_type not in self._factors:
            raise ValueError(f"no request type {request_type!r}; known are {', '.join(self._factors)}")
        if not 0.0 <= factor <= 1.0:
            raise ValueError(f"factor must be between 0 and 1, but is {factor}")
        for name in [request_type] if request_type else self._factors:
            self._factors[name] = factor
