"""The actions that are compared at a scenario's decision point.

The set must not give the cause away: each type of action stands there for several services (where the fault bites,
a neighbour in the graph, a stranger), for two flags and two releases whatever the fault, and in shuffled order.
"""

from typing import NamedTuple

import numpy as np

from clusters.topology import LOAD_GENERATOR, Application
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from envs.faults.bad_config import adds_retries

NUM_FLAGS = 2
NUM_PER_GROUP = 2
HARMFUL_SHARE = 0.1
"""Share of the sets that hold actions which take capacity away, in place of another type."""
RATE_LIMIT_SHARE = 0.5
"""Share of the sets that hold a rate limit: it is the worst of them nearly always, and the best in an overload."""
RATE_LIMITS = ("rate_limit:75%", "rate_limit:50%")


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
        self._flags = Decoys(self._flags_of(application))
        self._neighbours: dict[str, set[str]] = {name: set() for name in application.service_names}
        for edge in application.edges:
            self._neighbours[edge.source].add(edge.target)
            self._neighbours[edge.target].add(edge.source)
        self._near_by_focus: dict[tuple[str, ...], frozenset[str]] = {}
        mask = catalogue.mask(baseline_controls(application, 1))[0]
        self._allowed = frozenset(catalogue.names[position] for position in np.flatnonzero(mask).tolist())

    def draw(self, suspects: Suspects, rng: np.random.Generator) -> tuple[str, ...]:
        """`do_nothing` and eight or nine others, all of them allowed on an untouched stand."""
        services = self._services(suspects.services, rng)
        return self._shuffled(self._core_names(services, suspects.flag, rng), rng)

    def _flags_of(self, application: Application) -> tuple[str, ...]:
        """Flags that an incident of the core menu may be about."""
        return tuple(flag.name for flag in application.flags if not adds_retries(flag))

    def _core_names(self, services: list[str], flag: str | None, rng: np.random.Generator) -> list[str]:
        scalable = [name for name in services if name in self._scalable][:NUM_PER_GROUP]
        replicas = int(rng.integers(1, 3))
        groups = [
            [f"scale:{name}:+{replicas}" for name in scalable],
            [f"restart:{name}" for name in services[:NUM_PER_GROUP]],
            [f"set_cpu_limit:{name}:x2" for name in scalable],
        ]
        if rng.random() < HARMFUL_SHARE:
            groups[int(rng.integers(len(groups)))] = [f"set_cpu_limit:{name}:x0.5" for name in scalable]
        names = ["do_nothing", *groups[0], *groups[1], *groups[2]]
        names += [f"roll_back:{name}" for name in self._flags.draw(flag, NUM_FLAGS, rng)]
        if rng.random() < RATE_LIMIT_SHARE:
            names.append(RATE_LIMITS[int(rng.integers(len(RATE_LIMITS)))])
        return names

    def _shuffled(self, names: list[str], rng: np.random.Generator) -> tuple[str, ...]:
        names = [name for name in names if name in self._allowed]
        return tuple([names[position] for position in rng.permutation(len(names)).tolist()])

    def _services(self, focus: tuple[str, ...], rng: np.random.Generator) -> list[str]:
        """Two or more services, at least two of them scalable: focus, a neighbour, strangers."""
        strangers = [self._everyone[position] for position in rng.permutation(len(self._everyone)).tolist()]
        near = self._near(focus)
        neighbour = next(([name] for name in strangers if name in near), [])
        picked: list[str] = []
        num_scalable = 0
        for name in (*focus, *neighbour, *strangers):
            if name not in picked:
                picked.append(name)
                num_scalable += name in self._scalable
                if len(picked) >= NUM_PER_GROUP and num_scalable >= NUM_PER_GROUP:
                    break
        return picked

    def _near(self, focus: tuple[str, ...]) -> frozenset[str]:
        """The neighbours of all these."""
        if focus not in self._near_by_focus:
            self._near_by_focus[focus] = frozenset().union(*(self._neighbours[name] for name in focus))
        return self._near_by_focus[focus]


class Decoys:
    """Names, of which a draw takes some besides the guilty one."""

    def __init__(self, everything: tuple[str, ...]) -> None:
        self._everything = everything
        self._others = {guilty: [name for name in everything if name != guilty] for guilty in (None, *everything)}

    def draw(self, guilty: str | None, count: int, rng: np.random.Generator) -> list[str]:
        """`count` of them in no order that tells; the guilty one is among them if there is one."""
        others = self._others.get(guilty, self._everything)
        chosen = [guilty] if guilty else []
        shuffled = rng.permutation(len(others)).tolist()
        return chosen + [others[position] for position in shuffled[: count - len(chosen)]]
