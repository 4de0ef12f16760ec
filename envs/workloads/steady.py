"""The same load all the time."""

import numpy as np

from envs.random_columns import RandomColumns
from envs.workloads.workload import LoadRequests, Loads, open_loads


class Steady:
    """Constant; arrivals vary by themselves."""

    def draw(self, requests: LoadRequests, rng: RandomColumns) -> Loads:
        """Flat traces."""
        return open_loads(requests, np.ones((len(requests), 1)))
