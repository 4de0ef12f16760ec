"""Short spikes on a flat load."""

import numpy as np

from envs.kernels.loads import put_bursts
from envs.random_columns import RandomColumns
from envs.workloads.workload import STEP_SECONDS, LoadRequests, Loads, open_loads

PAUSE_SECONDS = (120.0, 300.0)
BURST_SECONDS = (20.0, 50.0)
HEIGHT = (1.15, 1.35)
_STAGE = 64
"""Of a draw, whose own stages are fewer. The longest trace says how many bursts are drawn together, and what is drawn
after them must not depend on that."""


class Burst:
    """Bursts of drawn length and height, with drawn pauses between them."""

    def draw(self, requests: LoadRequests, rng: RandomColumns) -> Loads:
        """Spiky traces."""
        rng = rng.stage(_STAGE)
        shapes = np.ones((len(requests), requests.most_steps))
        start = PAUSE_SECONDS[1] * rng.uniform()
        while (start < requests.duration_seconds).any():
            numbers = rng.uniform(), rng.uniform(), rng.uniform()
            put_bursts(numbers, BURST_SECONDS, HEIGHT, PAUSE_SECONDS, STEP_SECONDS, start, shapes)
        return open_loads(requests, shapes)
