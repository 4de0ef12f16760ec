"""What the vector environment costs beside the simulator alone, and beside Gymnasium's own vector of environments."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.vector import SyncVectorEnv
from numpy.typing import NDArray

from clusters.commands import Command, Receipt
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application
from envs.simulated_loop import simulated_stands
from envs.stand_env import StandEnv
from envs.time_scales import TimeScales
from envs.vector_env import VectorStandEnv
from tests.benchmarks.bars import Bar, compare

APPLICATION = "small-core"
NUM_STEPS = 44
"""Two waves of resets."""
SYNC_ENVS = 64
SYNC_STEPS = 3


class Recorder:
    """Stands that write down what is asked of them, so that other stands can be asked the same."""

    def __init__(self, stands: SimulatedStands) -> None:
        self._stands = stands
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    @property
    def application(self) -> Application:
        return self._stands.application

    @property
    def num_stands(self) -> int:
        return self._stands.num_stands

    def reset(self, stands: Any, scenarios: Any, seeds: Any) -> None:
        self.calls.append(("reset", (stands, scenarios, seeds)))
        self._stands.reset(stands, scenarios, seeds)

    def apply(self, stand: int, command: Command) -> Receipt:
        self.calls.append(("apply", (stand, command)))
        return self._stands.apply(stand, command)

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
    return [overhead_bar(256), overhead_bar(1024), sync_bar()]


def overhead_bar(num_envs: int) -> Bar:
    """Steps of the environment, each followed by the same calls of the simulator on stands of its own."""
    env = VectorStandEnv(num_envs, APPLICATION)
    recorder = Recorder(env.loop._batch)
    env.loop._batch = recorder
    raw = simulated_stands(APPLICATION, num_envs, TimeScales())
    rng = np.random.default_rng(0)
    env.reset(seed=0)
    replay(recorder, raw)
    ours = theirs = 0.0
    for _ in range(NUM_STEPS):
        actions = np.where(rng.random(num_envs) < 0.05, rng.integers(0, len(env.catalogue), num_envs), 0)
        started = time.thread_time()
        env.step(actions)
        ours += time.thread_time() - started
        started = time.thread_time()
        replay(recorder, raw)
        theirs += time.thread_time() - started
    env.close()
    return Bar(
        name=f"vector_environment_of_{num_envs}_milliseconds_per_control_step",
        value=1e3 * ours / NUM_STEPS,
        anchor=f"raw simulator {1e3 * theirs / NUM_STEPS:.2f}",
        ratio=ours / theirs,
        goal="<= 1.10x",
        holds=ours / theirs <= 1.10,
    )


def replay(recorder: Recorder, raw: SimulatedStands) -> None:
    """Ask the raw stands what the environment asked its own since the last time."""
    for name, arguments in recorder.calls:
        getattr(raw, name)(*arguments)
    recorder.calls.clear()


def sync_bar() -> Bar:
    """Control steps per environment against as many single environments in Gymnasium's loop."""
    makers: list[Callable[[], StandEnv]] = [lambda: StandEnv(APPLICATION)] * SYNC_ENVS
    sync = SyncVectorEnv(makers)
    native = VectorStandEnv(SYNC_ENVS, APPLICATION)
    sync.reset(seed=0)
    native.reset(seed=0)
    nothing = np.zeros(SYNC_ENVS, dtype=np.int64)

    def step(env: Any) -> None:
        for _ in range(SYNC_STEPS):
            env.step(nothing)

    ours, theirs = compare(lambda: step(native), lambda: step(sync), num_rounds=3)
    native.close()
    sync.close()
    per_step = SYNC_STEPS * SYNC_ENVS
    return Bar(
        name=f"vector_environment_of_{SYNC_ENVS}_microseconds_per_env_step",
        value=1e6 * ours / per_step,
        anchor=f"SyncVectorEnv {1e6 * theirs / per_step:.0f}",
        ratio=theirs / ours,
        goal=">= 50x",
        holds=theirs / ours >= 50,
    )
