"""The smooth ups and downs of a day, compressed to minutes."""

import numpy as np

from envs.random_columns import RandomColumns
from envs.workloads.workload import LoadRequests, Loads, open_loads, step_times

PERIOD_SECONDS = (600.0, 1200.0)
AMPLITUDE = (0.1, 0.25)
_CIRCLE = 2 * np.pi


class Diurnal:
    """A sine wave of a drawn period, amplitude and phase."""

    def draw(self, requests: LoadRequests, rng: RandomColumns) -> Loads:
        """Smooth traces."""
        period, amplitude, phase = rng.between(*PERIOD_SECONDS), rng.between(*AMPLITUDE), _CIRCLE * rng.uniform()
        times = step_times(int(requests.num_steps.max(initial=0)))
        angles = times * (_CIRCLE / period)[:, None] + phase[:, None]
        return open_loads(requests, 1.0 + amplitude[:, None] * np.sin(angles))
