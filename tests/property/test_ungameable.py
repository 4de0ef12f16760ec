"""In a healthy stand nothing beats doing nothing: neither the known tricks nor what a search for tricks finds.

Every play is paired with doing nothing on the same stand with the same noise. A trick wins if its mean paired
difference of returns is above zero by more than noise: more than NUM_ERRORS standard errors, and more than EPSILON.

Legend: M sequences of actions, K steps, R stands (each with costs and noise of its own).
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from clusters.applications import APPLICATIONS, load_application
from envs.actions.action import Action, ActionType
from envs.control_loop import ControlLoop
from envs.simulated_loop import simulated_loop
from envs.time_scales import TimeScales
from tests.stands import scenario

NUM_STEPS, NUM_STANDS, NUM_JUDGES = 12, 4, 24
HEALTHY, OVERLOADED = (0.8, 1.0), (2.0, 2.0)
"""Loads over the nominal rate."""
NUM_ERRORS, EPSILON = 2.0, 0.005
"""EPSILON is of the return over NUM_STEPS; one change of anything costs about five times as much."""
GENERATIONS, SIZE, ELITE, FINALISTS = 5, 128, 16, 8
SHARE_OF_WAITING = 0.6
"""Of the steps of a random sequence: few deeds cost least, so tricks are to be found among them."""

Chooser = Callable[[Action], bool]


def _of(kind: ActionType, is_level: Callable[[float], bool] = lambda level: True) -> Chooser:
    return lambda action: action.type is kind and is_level(action.level)


TRICKS: dict[str, Chooser] = {
    "scale to zero": _of(ActionType.SCALE, lambda level: level < 0),
    "scale to the most": _of(ActionType.SCALE, lambda level: level > 0),
    "hammer restarts": _of(ActionType.RESTART),
    "hammer pods": _of(ActionType.RESTART_POD),
    "rate-limit everything": _of(ActionType.RATE_LIMIT, lambda level: level <= -0.5),
    "disable everything": _of(ActionType.SWITCH_GROUP, lambda level: level < 0),
    "ask all users to stay away": _of(ActionType.SHAPE_WORKLOAD, lambda level: -1 < level <= -0.5),
    "ask users of each kind to stay away": _of(ActionType.SHAPE_WORKLOAD, lambda level: level < -1),
    "starve of CPU": _of(ActionType.SET_CPU_LIMIT, lambda level: level < 0),
    "reserve no CPU": _of(ActionType.SET_CPU_REQUEST, lambda level: level < 0),
    "starve of memory": _of(ActionType.SET_MEMORY_LIMIT, lambda level: level < 0),
    "autoscale everything": _of(ActionType.SET_AUTOSCALER, lambda level: level > 0),
    "roll out everything": _of(ActionType.SHIFT_TRAFFIC, lambda level: level >= 1),
    "send a canary of everything": _of(ActionType.SHIFT_TRAFFIC, lambda level: 0 < level < 0.5),
    "leave it to a person": _of(ActionType.ESCALATE),
}
"""Each takes, step by step, what is allowed of its kind; targets take turns."""


class Arena:
    """Warmed-up stands of one application without any fault, copied for every play."""

    def __init__(self, name: str, loads: tuple[float, float]) -> None:
        application = load_application(name)
        self.loop = simulated_loop(name, NUM_JUDGES)
        scenarios = [
            scenario(
                loads[stand % len(loads)] * application.nominal_rate_rps,
                application=application,
                warmup_seconds=TimeScales().warmup_seconds,
            )
            for stand in range(NUM_JUDGES)
        ]
        self.loop.reset(range(NUM_JUDGES), scenarios, range(NUM_JUDGES))

    def differences(self, sequences: np.ndarray, num_stands: int, noise: int) -> np.ndarray:
        """[M, R] return of each of the [M, K] sequences minus that of doing nothing on the same stand."""
        together = np.concatenate([np.zeros((1, NUM_STEPS), dtype=np.int64), sequences])
        loop = self.copies(len(together), num_stands, noise)
        returns = np.zeros(loop.num_stands)
        for step in range(NUM_STEPS):
            returns += loop.step(np.repeat(together[:, step], num_stands)).rewards
        by_sequence = returns.reshape(len(together), num_stands)
        return by_sequence[1:] - by_sequence[0]

    def copies(self, count: int, num_stands: int, noise: int) -> ControlLoop:
        """Each of the first R stands so many times: [count, R] flat, all copies of a stand with the same noise."""
        stands = np.tile(np.arange(num_stands), count)
        return self.loop.fork(stands.tolist(), (noise + stands).tolist())


@cache
def arena(name: str, loads: tuple[float, float] = HEALTHY) -> Arena:
    return Arena(name, loads)


def wins(differences: np.ndarray) -> np.ndarray:
    """[M] whether [M, R] paired differences are above zero by more than noise."""
    mean = differences.mean(axis=-1)
    error = differences.std(axis=-1, ddof=1) / np.sqrt(differences.shape[-1])
    return (mean > NUM_ERRORS * error) & (mean > EPSILON)


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_no_trick_beats_doing_nothing(name: str) -> None:
    """All tricks at once, each on its own copies of the stands."""
    loop = arena(name).copies(1 + len(TRICKS), NUM_JUDGES, noise=10_000)
    kinds = [
        [index for index, action in enumerate(loop.catalogue.actions) if is_of_the_kind(action)]
        for is_of_the_kind in TRICKS.values()
    ]
    returns, num_done = np.zeros(loop.num_stands), np.zeros(loop.num_stands)
    for step in range(NUM_STEPS):
        mask = loop.action_mask().reshape(1 + len(TRICKS), NUM_JUDGES, -1)
        chosen = np.zeros((1 + len(TRICKS), NUM_JUDGES), dtype=np.int64)
        for row, actions in enumerate(kinds, 1):
            chosen[row] = [_next_allowed(actions, allowed, step) for allowed in mask[row]]
        num_done += chosen.ravel() > 0
        returns += loop.step(chosen.ravel()).rewards
    by_trick = returns.reshape(-1, NUM_JUDGES)
    differences = by_trick[1:] - by_trick[0]
    outcome = dict(zip(TRICKS, np.round(differences.mean(axis=1), 3).tolist(), strict=True))
    assert not wins(differences).any(), outcome
    played = num_done.reshape(-1, NUM_JUDGES)[1:].any(axis=1)
    assert played.all(), "every trick can be played"


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_no_search_finds_a_way_to_beat_doing_nothing(name: str) -> None:
    ring = arena(name)
    finalists = search(ring)
    differences = ring.differences(finalists, NUM_JUDGES, noise=1_000_000)
    names = [[ring.loop.catalogue.names[index] for index in row if index] for row in finalists]
    assert not wins(differences).any(), dict(zip(map(str, names), differences.mean(axis=1), strict=True))


def test_the_search_finds_something_where_there_is_something_to_gain() -> None:
    """Else that it finds nothing in a healthy stand would say nothing."""
    ring = arena("small-core", OVERLOADED)
    assert wins(ring.differences(search(ring), NUM_JUDGES, noise=1_000_000)).any()


def search(ring: Arena) -> np.ndarray:
    """[FINALISTS, K] the best sequences that an evolution found, which began with every single action.

    Each is judged on few stands, in every generation with other noise.
    """
    rng = np.random.default_rng(0)
    actions = _actions_by_type(ring.loop)
    singles = np.zeros((len(ring.loop.catalogue), NUM_STEPS), dtype=np.int64)
    singles[:, 0] = np.arange(len(singles))
    pool = np.concatenate([singles, [_random_sequence(rng, actions) for _ in range(SIZE)]])
    best, merits = pool[:0], np.zeros(0)
    for generation in range(GENERATIONS):
        pool = np.unique(pool, axis=0)
        differences = ring.differences(pool, NUM_STANDS, noise=1000 * generation)
        found = differences.mean(axis=1)
        # What brings exactly nothing, such as rolling a good flag back, is doing nothing under another name.
        is_new = differences.any(axis=1) & ~(pool[:, None] == best[None]).all(axis=2).any(axis=1)
        best, merits = np.concatenate([best, pool[is_new]]), np.concatenate([merits, found[is_new]])
        order = np.argsort(-merits, kind="stable")[:ELITE]
        best, merits = best[order], merits[order]
        pool = np.stack([_mutated(rng, best, actions) for _ in range(SIZE)])
    return best[:FINALISTS]


def _next_allowed(actions: list[int], allowed: np.ndarray, step: int) -> int:
    """One of those that [A] allows, in turn; doing nothing where none is."""
    possible = [index for index in actions if allowed[index]]
    return possible[step % len(possible)] if possible else 0


def _actions_by_type(loop: ControlLoop) -> list[list[int]]:
    """Indices by type but for doing nothing, so that a type with many targets is not drawn more than others."""
    types = {action.type for action in loop.catalogue.actions} - {ActionType.DO_NOTHING}
    return [
        [index for index, action in enumerate(loop.catalogue.actions) if action.type is kind] for kind in sorted(types)
    ]


def _random_sequence(rng: np.random.Generator, actions: list[list[int]]) -> np.ndarray:
    return np.array([0 if rng.random() < SHARE_OF_WAITING else _random_action(rng, actions) for _ in range(NUM_STEPS)])


def _random_action(rng: np.random.Generator, actions: list[list[int]]) -> int:
    of_type = actions[int(rng.integers(len(actions)))]
    return of_type[int(rng.integers(len(of_type)))]


def _mutated(rng: np.random.Generator, parents: np.ndarray, actions: list[list[int]]) -> np.ndarray:
    """One of the parents, crossed with another after a random step, with a step or two changed."""
    one, other = parents[rng.integers(len(parents), size=2)]
    cut = int(rng.integers(1, NUM_STEPS + 1))
    child = np.concatenate([one[:cut], other[cut:]])
    for _ in range(int(rng.integers(1, 3))):
        child[rng.integers(NUM_STEPS)] = 0 if rng.random() < 0.3 else _random_action(rng, actions)
    return child
