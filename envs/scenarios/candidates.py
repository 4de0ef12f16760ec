"""The actions that are compared at a scenario's decision point.

The set must not give the cause away: each type of action stands there for several services (where the fault bites,
a neighbour in the graph, a stranger), for two flags and two releases whatever the fault, and in shuffled order.
"""

from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from clusters.topology import LOAD_GENERATOR, Application
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from envs.faults.bad_config import adds_retries
from envs.random_stream import RandomStream

NUM_FLAGS = 2
NUM_PER_GROUP = 2
HARMFUL_SHARE = 0.1
"""Share of the sets that hold actions which take capacity away, in place of another type."""
RATE_LIMIT_SHARE = 0.5
"""Share of the sets that hold a rate limit: it is the worst of them nearly always, and the best in an overload."""
RATE_LIMITS = ("rate_limit:75%", "rate_limit:50%")
ADDED_REPLICAS = (1, 2)
NUM_GROUPS = 3
"""Scaling, restarts, CPU limits."""


class Suspects(NamedTuple):
    """What an incident is about: candidates stand there for these, and for others beside them."""

    services: tuple[str, ...]
    """Where each fault bites; empty if nothing is broken."""
    flag: str | None
    """The bad flag, if one is."""
    release: str | None
    """The release that goes out, if one does."""


class CandidateDraws:
    """Draws candidates of one application from the types that the core menu compares."""

    def __init__(self, catalogue: ActionCatalogue) -> None:
        application = catalogue.application
        self._everyone = tuple(name for name in application.service_names if name != LOAD_GENERATOR)
        self._scalable = frozenset(service.name for service in application.services if service.is_scalable)
        self._flags = self._flags_of(application)
        self._roll_backs = {flag.name: f"roll_back:{flag.name}" for flag in application.flags}
        self._neighbours: dict[str, set[str]] = {name: set() for name in application.service_names}
        for edge in application.edges:
            self._neighbours[edge.source].add(edge.target)
            self._neighbours[edge.target].add(edge.source)
        self._near = cache(self._near_of)
        self._on_services = cache(self._names_on)
        mask = catalogue.mask(baseline_controls(application, 1))[0]
        self._allowed = frozenset(catalogue.names[position] for position in np.flatnonzero(mask).tolist())

    def draw(self, suspects: Suspects, rng: RandomStream) -> tuple[str, ...]:
        """`do_nothing` and eight or nine others, all of them allowed on an untouched stand."""
        services = self._services(suspects.services, rng)
        names = self._core_names(services, suspects.flag, rng)
        rng.shuffle(names)
        return tuple(names)

    def _flags_of(self, application: Application) -> tuple[str, ...]:
        """Flags that an incident of the core menu may be about."""
        return tuple(flag.name for flag in application.flags if not adds_retries(flag))

    def _core_names(self, services: tuple[str, ...], flag: str | None, rng: RandomStream) -> list[str]:
        replicas = rng.one(ADDED_REPLICAS)
        replaced = rng.one(range(NUM_GROUPS)) if rng.random() < HARMFUL_SHARE else None
        names = [*self._on_services(services, replicas, replaced)]
        flags = rng.some(self._flags, NUM_FLAGS, besides=(flag,) if flag else ())
        names += [self._roll_backs[name] for name in flags]
        if rng.random() < RATE_LIMIT_SHARE:
            names.append(rng.one(RATE_LIMITS))
        return names

    def _names_on(self, services: tuple[str, ...], replicas: int, replaced: int | None) -> list[str]:
        """`do_nothing` and what is done to services; harmful actions in place of the group that is replaced."""
        scalable = [name for name in services if name in self._scalable][:NUM_PER_GROUP]
        groups = [
            [f"scale:{name}:+{replicas}" for name in scalable],
            [f"restart:{name}" for name in services[:NUM_PER_GROUP]],
            [f"set_cpu_limit:{name}:x2" for name in scalable],
        ]
        if replaced is not None:
            groups[replaced] = [f"set_cpu_limit:{name}:x0.5" for name in scalable]
        return self._only_allowed(["do_nothing", *groups[0], *groups[1], *groups[2]])

    def _only_allowed(self, names: list[str]) -> list[str]:
        """Those that can be carried out on an untouched stand."""
        return [name for name in names if name in self._allowed]

    def _services(self, focus: tuple[str, ...], rng: RandomStream) -> tuple[str, ...]:
        """Two or more services, at least two of them scalable: focus, a neighbour, strangers."""
        near = self._near(focus)
        picked: dict[str, bool] = {}
        for name in chain(focus, (rng.one(near),) if near else (), rng.endless(self._everyone)):
            picked[name] = name in self._scalable
            if len(picked) >= NUM_PER_GROUP and sum(picked.values()) >= NUM_PER_GROUP:
                break
            if len(picked) == len(self._everyone):
                break
        return tuple(picked)

    def _near_of(self, focus: tuple[str, ...]) -> tuple[str, ...]:
        """The neighbours of all these."""
        near = set().union(*(self._neighbours[name] for name in focus))
        return tuple(name for name in self._everyone if name in near)
