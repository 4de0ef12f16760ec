"""The actions that are compared at a scenario's decision point.

The set must not give the cause away: each type of action stands there for several services (where the fault bites,
a neighbour in the graph, a stranger), for two flags whatever the fault, and in shuffled order.
"""

import numpy as np

from clusters.topology import LOAD_GENERATOR, Application
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls

NUM_FLAGS = 2
NUM_PER_GROUP = 2
HARMFUL_SHARE = 0.1
"""Share of the sets that hold actions which take capacity away, in place of another type."""
RATE_LIMIT_SHARE = 0.5
"""Share of the sets that hold a rate limit: it is the worst of them nearly always, and the best in an overload."""


def draw_candidates(
    catalogue: ActionCatalogue, focus: tuple[str, ...], flag: str | None, rng: np.random.Generator
) -> tuple[str, ...]:
    """`do_nothing` and eight or nine others, all of them allowed on an untouched stand.

    Args:
        catalogue: the application's actions.
        focus: the service where each fault bites; empty if nothing is broken.
        flag: the bad flag, if one is.
        rng: source of all choices.
    """
    application = catalogue.application
    services = _services(application, focus, rng)
    scalable = [name for name in services if application.service(name).is_scalable]
    replicas = int(rng.integers(1, 3))
    groups = [
        [f"scale:{name}:+{replicas}" for name in scalable[:NUM_PER_GROUP]],
        [f"restart:{name}" for name in services[:NUM_PER_GROUP]],
        [f"set_cpu_limit:{name}:x2" for name in scalable[:NUM_PER_GROUP]],
    ]
    if rng.uniform() < HARMFUL_SHARE:
        harmful = [f"set_cpu_limit:{name}:x0.5" for name in scalable[:NUM_PER_GROUP]]
        groups[int(rng.integers(len(groups)))] = harmful
    names = ["do_nothing", *(name for group in groups for name in group)]
    names += _roll_backs(application, flag, rng)
    if rng.uniform() < RATE_LIMIT_SHARE:
        names.append(f"rate_limit:{(0.75, 0.5)[int(rng.integers(2))]:.0%}")
    allowed = catalogue.mask(baseline_controls(application, 1))[0]
    names = [name for name in names if allowed[catalogue.index(name)]]
    return tuple(names[position] for position in rng.permutation(len(names)))


def _services(application: Application, focus: tuple[str, ...], rng: np.random.Generator) -> list[str]:
    """Two or more services, at least two of them scalable: focus, a neighbour, strangers."""
    everyone = [name for name in application.service_names if name != LOAD_GENERATOR]
    strangers = [everyone[position] for position in rng.permutation(len(everyone))]
    neighbours = [name for name in strangers if any(_adjacent(application, name, other) for other in focus)]
    picked: list[str] = []
    for name in [*focus, *neighbours[:1], *strangers]:
        scalable = sum(application.service(other).is_scalable for other in picked)
        if name not in picked and (len(picked) < NUM_PER_GROUP or scalable < NUM_PER_GROUP):
            picked.append(name)
    return picked


def _adjacent(application: Application, one: str, other: str) -> bool:
    return any({edge.source, edge.target} == {one, other} for edge in application.edges)


def _roll_backs(application: Application, flag: str | None, rng: np.random.Generator) -> list[str]:
    """Two flags; the bad one is among them if there is one."""
    others = [name for name in (candidate.name for candidate in application.flags) if name != flag]
    shuffled = [others[position] for position in rng.permutation(len(others))]
    chosen = [flag, *shuffled] if flag else shuffled
    return [f"roll_back:{name}" for name in chosen[:NUM_FLAGS]]
