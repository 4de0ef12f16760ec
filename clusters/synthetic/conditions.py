"""How the service behaves just now: its release, its flags, and what its callers' configuration does to it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from clusters.synthetic.plan import PlannedCall, PlannedEffect, ServicePlan

FLAGS_HEADER: Final = "gym-flags"
"""Flags of callers, in effect, that travel with a request: `name,name`."""
USER_HEADER: Final = "gym-user"
"""Whose request it is, what caches keep entries by."""
RELEASE_VARIABLE: Final = "GYM_RELEASE"
FLAG_VARIABLE: Final = "GYM_FLAG_"
GROUPS_VARIABLE: Final = "GYM_GROUPS_OFF"
_CALLER_SECONDS: Final = 15.0
"""How long a caller's flag is felt after its last request: what it does to a service, all of its users feel."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What holds for one execution."""

    effects: tuple[PlannedEffect, ...]
    passed_on: Mapping[str, str]
    """Headers to send along with calls."""
    cpu_factor: float
    error_ratio: float
    added_latency_seconds: float
    leak_bytes: float

    def call_factor(self, service: str) -> float:
        """By how much calls to `service` are multiplied."""
        factor = 1.0
        for effect in self.effects:
            if effect.call_target == service:
                factor *= effect.call_factor
        return factor

    def added_retries(self, service: str) -> int:
        """Further attempts after each failed call to `service`."""
        return sum(effect.added_retries for effect in self.effects if effect.call_target in ("", service))


class Conditions:
    """Release and flags of one pod."""

    def __init__(
        self,
        plan: ServicePlan,
        environment: Mapping[str, str],
        *,
        served_flags: Callable[[], frozenset[str]] = frozenset,
        now_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """The flags in effect that the flag server knows of come from `served_flags`.

        Raises:
            ValueError: the environment names a release that the plan does not have.
        """
        self._plan = plan
        self._served_flags = served_flags
        self._now_seconds = now_seconds
        self._started_seconds = now_seconds()
        self._release_effects = _release_effects(plan, environment.get(RELEASE_VARIABLE, ""))
        self._own_flags = frozenset(
            flag.name
            for flag in plan.flags
            if flag.owner == plan.service
            and not flag.is_served
            and environment.get(FLAG_VARIABLE + flag.name, flag.good_variant) != flag.good_variant
        )
        off = set(environment.get(GROUPS_VARIABLE, "").split(","))
        self._services_off = frozenset(s for group in plan.groups if group.name in off for s in group.services)
        self._callers_flags: dict[str, float] = {}

    def behaviour(self, operation: str, headers: Mapping[str, str]) -> Behaviour:
        """What holds for an execution of `operation` now, asked for with these headers."""
        now = self._now_seconds()
        sent = frozenset(name for name in headers.get(FLAGS_HEADER, "").split(",") if name)
        for name in sent:
            self._callers_flags[name] = now
        felt = {name for name, seen in self._callers_flags.items() if now - seen < _CALLER_SECONDS}
        effects = tuple(self._effects(operation, self._own_flags | self._served_flags() | felt, now))
        succeeds = 1.0
        cpu_factor = 1.0
        for effect in effects:
            succeeds *= 1.0 - effect.error_ratio
            cpu_factor *= effect.cpu_factor
        return Behaviour(
            effects=effects,
            passed_on=_passed_on(headers.get(USER_HEADER, ""), sent | self._own_flags),
            cpu_factor=cpu_factor,
            error_ratio=1.0 - succeeds,
            added_latency_seconds=sum(effect.added_latency_milliseconds for effect in effects) / 1e3,
            leak_bytes=sum(effect.leak_bytes_per_request for effect in effects),
        )

    def forget(self) -> int:
        """Feel no caller's flag any more, and settle anew; returns how many flags were known."""
        num_flags = len(self._callers_flags)
        self._callers_flags.clear()
        self._started_seconds = self._now_seconds()
        return num_flags

    def leaves_out(self, call: PlannedCall) -> bool:
        """Whether the callee's group is switched off."""
        return call.omittable and call.service in self._services_off

    def _effects(self, operation: str, flags: frozenset[str] | set[str], now: float) -> Iterator[PlannedEffect]:
        for flag in self._plan.flags:
            if flag.name in flags:
                yield from (effect for effect in flag.effects if effect.operation in ("", operation))
        for effect in self._release_effects:
            has_settled = (
                effect.settles_after_seconds is not None and now - self._started_seconds >= effect.settles_after_seconds
            )
            if effect.operation in ("", operation) and not has_settled:
                yield effect


def _passed_on(user: str, flags: frozenset[str]) -> dict[str, str]:
    headers = {USER_HEADER: user} if user else {}
    return headers | ({FLAGS_HEADER: ",".join(sorted(flags))} if flags else {})


def _release_effects(plan: ServicePlan, name: str) -> tuple[PlannedEffect, ...]:
    if not name:
        return ()
    for release in plan.releases:
        if release.name == name:
            return release.effects
    known = ", ".join(release.name for release in plan.releases) or "none"
    raise ValueError(f"{RELEASE_VARIABLE}: {plan.service} has no release {name!r}; it has {known}")
