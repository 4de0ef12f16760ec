"""The actions that are compared at scenarios' decision points.

The set must not give the cause away: each type of action stands there for several services (where the fault bites,
a neighbour in the graph, a stranger), for two flags and two releases whatever the fault, and in shuffled order.

Legend: K scenarios, S services, P things that an action can be about, C candidates at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.topology import LOAD_GENERATOR, Application, ConfigFlag
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from envs.faults.bad_config import adds_retries
from envs.kernels.picks import NONE, put_priority
from envs.random_columns import Ints, RandomColumns
from envs.scenarios.picks import first_positions, kept, one_of, shuffled, some_positions

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
_NEIGHBOUR, _SECOND_SUSPECT, _FIRST_SUSPECT = -1.0, -2.0, -3.0
"""Priorities of services, the lowest come first. Those of strangers are between 0 and 1."""


@dataclass(frozen=True, kw_only=True)
class Suspects:
    """What K incidents are about: candidates stand there for these, and for others beside them."""

    services: Ints
    """[K, 2] where each fault bites: positions in the application's services; `NONE`: there is no such fault."""
    flag: Ints
    """[K] the bad flag: position in the application's flags; `NONE`: no flag is bad."""
    release: Ints
    """[K] the release that goes out: position in the application's releases; `NONE`: none does."""


@dataclass(frozen=True, kw_only=True)
class PickedServices:
    """Those that actions of K scenarios are about, as positions in the application's services; `NONE` fills the end."""

    anyone: Ints
    """[K, NUM_PER_GROUP] the first of all."""
    scalable: Ints
    """[K, NUM_PER_GROUP] the first of those for which more replicas mean more capacity."""


class CandidateDraws:
    """Draws candidates of one application from the types that the core menu compares."""

    def __init__(self, catalogue: ActionCatalogue) -> None:
        application = catalogue.application
        allowed = catalogue.mask(baseline_controls(application, 1))[0]
        self._allowed = {catalogue.names[position]: position for position in np.flatnonzero(allowed).tolist()}
        self._catalogue = catalogue
        self._names = np.array(catalogue.names, dtype=object)
        self._is_meant = np.array([name != LOAD_GENERATOR for name in application.service_names])
        self._is_scalable = np.array([service.is_scalable for service in application.services])
        self._near = _neighbours(application) & self._is_meant
        self._may_turn_bad = np.array([self._is_suspicious(flag) for flag in application.flags], dtype=np.bool_)
        self._do_nothing = self._allowed["do_nothing"]
        self._scale = np.stack([self._on_services(f"scale:{{}}:+{added}") for added in ADDED_REPLICAS])
        self._restart = self._on_services("restart:{}")
        self._raise_limit = self._on_services("set_cpu_limit:{}:x2")
        self._cut_limit = self._on_services("set_cpu_limit:{}:x0.5")
        self._roll_back = self._table("roll_back:{}", [flag.name for flag in application.flags])
        self._rate_limit = self._table("{}", RATE_LIMITS)

    def draw(self, suspects: Suspects, rng: RandomColumns) -> Ints:
        """[K, C] `do_nothing` and eight or nine others, all of them allowed on an untouched stand.

        They are positions in the catalogue, in shuffled order; `NONE` fills the end.
        """
        services = self._services(suspects.services, rng)
        return shuffled(np.concatenate(self._parts(suspects, services, rng), axis=1), rng)

    def names(self, candidates: Ints) -> list[tuple[str, ...]]:
        """[K] of the names of candidates [K, C]."""
        counts = (candidates != NONE).sum(axis=1).tolist()
        names = self._names.take(candidates).tolist()
        return [tuple(row[:count]) for row, count in zip(names, counts, strict=True)]

    def _is_suspicious(self, flag: ConfigFlag) -> bool:
        """Whether an incident of the core menu may be about it."""
        return not adds_retries(flag)

    def _parts(self, suspects: Suspects, services: PickedServices, rng: RandomColumns) -> list[Ints]:
        """The candidates type by type, [K, some] each."""
        rolled_back = some_positions(self._may_turn_bad, NUM_FLAGS, rng, besides=suspects.flag)
        limit = self._rate_limit[rng.index(len(RATE_LIMITS))]
        return [
            np.full((len(rng), 1), self._do_nothing),
            *self._groups(services, rng),
            self._roll_back[rolled_back],
            kept(limit[:, None], rng.uniform() < RATE_LIMIT_SHARE),
        ]

    def _groups(self, services: PickedServices, rng: RandomColumns) -> list[Ints]:
        """[K, NUM_PER_GROUP] of each group; harmful actions in place of one that is replaced."""
        added = rng.index(len(ADDED_REPLICAS))
        is_harmful = rng.uniform() < HARMFUL_SHARE
        replaced = np.where(is_harmful, rng.index(NUM_GROUPS), NONE)
        groups = (
            self._scale[added[:, None], services.scalable],
            self._restart[services.anyone],
            self._raise_limit[services.scalable],
        )
        harmful = self._cut_limit[services.scalable]
        return [np.where((replaced == number)[:, None], harmful, group) for number, group in enumerate(groups)]

    def _services(self, suspects: Ints, rng: RandomColumns) -> PickedServices:
        """The suspects [K, 2], a neighbour of them, strangers."""
        first, second = suspects.T
        neighbour = one_of(self._near[first] | self._near[second], rng)
        priorities = rng.uniforms(len(self._is_meant))
        # The later ones win: a neighbour may be a suspect, and both suspects the same.
        put_priority(neighbour, _NEIGHBOUR, priorities)
        put_priority(second, _SECOND_SUSPECT, priorities)
        put_priority(first, _FIRST_SUSPECT, priorities)
        return PickedServices(
            anyone=first_positions(priorities, self._is_meant, NUM_PER_GROUP),
            scalable=first_positions(priorities, self._is_scalable, NUM_PER_GROUP),
        )

    def _on_services(self, verb: str) -> Ints:
        """[S + 1] as `_table`."""
        return self._table(verb, self._catalogue.application.service_names)

    def _table(self, verb: str, names: Sequence[str]) -> Ints:
        """[P + 1] positions of a verb's actions in the catalogue; `NONE`: not allowed on an untouched stand.

        The last entry is `NONE`: what somebody finds who looks `NONE` up.
        """
        found = [self._allowed.get(verb.format(name), NONE) for name in names]
        return np.array([*found, NONE], dtype=np.int64)


def _neighbours(application: Application) -> NDArray[np.bool_]:
    """[S + 1, S] whether two services call each other; the last row, which `NONE` looks up, has no neighbours."""
    positions = {name: position for position, name in enumerate(application.service_names)}
    near = np.zeros((len(positions) + 1, len(positions)), dtype=np.bool_)
    for edge in application.edges:
        source, target = positions[edge.source], positions[edge.target]
        near[source, target] = near[target, source] = True
    return near
