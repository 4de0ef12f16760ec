"""What the vector environment costs beside the simulator alone, and beside Gymnasium's own vector of environments."""

import gc
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
from gymnasium.vector import SyncVectorEnv, VectorEnv
from numpy.typing import NDArray

from clusters.commands import Command, Receipt
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application
from envs.simulated_loop import simulated_stands
from envs.stand_env import StandEnv
from envs.time_scales import TimeScales
from envs.vector_env import VectorStandEnv
from tests.benchmarks.bars import Bar, compare, cpu_seconds

APPLICATION = "small-core"
SIZES = (256, 1024)
NUM_FIRST_STEPS = 21
"""They do not count: the first of them touch fresh memory, and one draws the next episodes of all stands, which later
ones draw as they end."""
NUM_STEPS = 1260
"""Sixty times an episode of 20 steps, and its reset: a small batch draws the episodes of eight such times together."""
ACTING_SHARE = 0.05
SYNC_ENVS = 64
SYNC_STEPS = 21
"""An episode and its reset: fewer hold as many resets as they happen to."""
SYNC_ROUNDS = 7

Call = tuple[str, tuple[Any, ...]]
"""A method of the stands and its arguments."""


class Recorder:
    """Stands that write down what is asked of them, so that other stands can be asked the same."""

    def __init__(self, stands: SimulatedStands) -> None:
        self._stands = stands
        self.calls: list[Call] = []

    def taken(self) -> list[Call]:
        """The calls since the last time."""
        calls, self.calls = self.calls, []
        return calls

    @property
    def application(self) -> Application:
        return self._stands.application

    @property
    def num_stands(self) -> int:
        return self._stands.num_stands

    def reset(self, stands: Any, scenarios: Any, seeds: Any) -> None:
        self.calls.append(("reset", (stands, scenarios, seeds)))
        self._stands.reset(stands, scenarios, seeds)

    def prepare(self, stands: Any, scenarios: Any, seeds: Any) -> None:
        self.calls.append(("prepare", (stands, scenarios, seeds)))
        self._stands.prepare(stands, scenarios, seeds)

    def apply(self, stand: int, command: Command) -> Receipt:
        self.calls.append(("apply", (stand, command)))
        return self._stands.apply(stand, command)

    def apply_rows(self, stands: Any, rows: Any, fault_ids: Any) -> NDArray[np.bool_]:
        self.calls.append(("apply_rows", (stands.copy(), rows.copy(), fault_ids)))  # they are the schedule's memory
        return self._stands.apply_rows(stands, rows, fault_ids)

    def verify(self, stand: int, receipt: Receipt) -> Receipt:
        self.calls.append(("verify", (stand, receipt)))
        return self._stands.verify(stand, receipt)

    def advance(self, seconds: float, stands: NDArray[np.int64] | None = None) -> None:
        self.calls.append(("advance", (seconds, stands)))
        self._stands.advance(seconds, stands)

    def observe(
        self, window_seconds: float, bucket_seconds: float, stands: NDArray[np.int64] | None = None
    ) -> TelemetryWindow:
        self.calls.append(("observe", (window_seconds, bucket_seconds, stands)))
        return self._stands.observe(window_seconds, bucket_seconds, stands)

    def close(self) -> None:
        self._stands.close()


def environment_bars() -> list[Bar]:
    """All rows of the environment."""
    return [*(overhead_bar(num_envs) for num_envs in SIZES), *sync_bars()]


def overhead_bar(num_envs: int) -> Bar:
    """A step of the environment, and the same calls of the simulator on stands of its own, in turn.

    What a first run asked of its stands is what the raw side is asked. Drawing the scenarios of resets, observing,
    rewards and infos are the environment's.
    """
    calls = recorded_calls(num_envs)
    # What was recorded is this benchmark's: searching it for garbage is neither side's work.
    gc.collect()
    gc.freeze()
    env = VectorStandEnv(num_envs, APPLICATION)
    raw = simulated_stands(APPLICATION, num_envs, TimeScales(), as_views=True)
    env.reset(seed=0)
    replay(raw, calls[0])
    ours = theirs = 0.0
    for k, actions in enumerate(chosen_actions(num_envs, len(env.catalogue))):
        sides = (lambda: env.step(actions), lambda: replay(raw, calls[k + 1]))  # noqa: B023  # called at once
        seconds = [0.0, 0.0]
        for side in (0, 1) if k % 2 else (1, 0):
            seconds[side] = cpu_seconds(sides[side])
        if k < NUM_FIRST_STEPS:
            continue
        ours, theirs = ours + seconds[0], theirs + seconds[1]
    env.close()
    gc.unfreeze()
    return Bar(
        name=f"vector_environment_of_{num_envs}_milliseconds_per_control_step",
        value=1e3 * ours / NUM_STEPS,
        anchor=f"raw simulator {1e3 * theirs / NUM_STEPS:.2f}",
        ratio=ours / theirs,
        goal="<= 1.10x",
        holds=ours / theirs <= 1.10,
    )


def recorded_calls(num_envs: int) -> list[list[Call]]:
    """What the environment asks of its stands at its reset, and at each step."""
    env = VectorStandEnv(num_envs, APPLICATION)
    recorder = Recorder(cast(SimulatedStands, env.loop._batch))
    env.loop._batch = recorder
    env.reset(seed=0)
    calls = [recorder.taken()]
    for actions in chosen_actions(num_envs, len(env.catalogue)):
        env.step(actions)
        calls.append(recorder.taken())
    env.close()
    return calls


def chosen_actions(num_envs: int, num_actions: int) -> list[NDArray[np.int64]]:
    """[steps][N] one stand in twenty does something."""
    rng = np.random.default_rng(0)
    shape = (NUM_FIRST_STEPS + NUM_STEPS, num_envs)
    return list(np.where(rng.random(shape) < ACTING_SHARE, rng.integers(0, num_actions, shape), 0))


def replay(raw: SimulatedStands, calls: list[Call]) -> None:
    """Ask the raw stands the same."""
    for name, arguments in calls:
        getattr(raw, name)(*arguments)


def sync_bars() -> list[Bar]:
    """Control steps per environment against single environments in Gymnasium's loop."""
    makers: list[Callable[[], StandEnv]] = [lambda: StandEnv(APPLICATION)] * SYNC_ENVS
    sync = SyncVectorEnv(makers)
    sync.reset(seed=0)
    bars = []
    for num_envs in SIZES:
        native = VectorStandEnv(num_envs, APPLICATION)
        native.reset(seed=0)
        ours, theirs = compare(partial(do_nothing, native), partial(do_nothing, sync), SYNC_ROUNDS)
        native.close()
        per_step, per_sync_step = ours / (SYNC_STEPS * num_envs), theirs / (SYNC_STEPS * SYNC_ENVS)
        bars.append(
            Bar(
                name=f"vector_environment_of_{num_envs}_microseconds_per_env_step",
                value=1e6 * per_step,
                anchor=f"SyncVectorEnv of {SYNC_ENVS}: {1e6 * per_sync_step:.0f}",
                ratio=per_sync_step / per_step,
                goal=">= 50x",
                holds=per_sync_step / per_step >= 50,
            )
        )
    sync.close()
    return bars


def do_nothing(env: VectorEnv) -> None:
    """A few control steps."""
    for _ in range(SYNC_STEPS):
        env.step(np.zeros(env.num_envs, dtype=np.int64))
