"""Short spikes on a flat load."""

import math

from clusters.scenario import WorkloadTrace
from envs.random_stream import RandomStream
from envs.workloads.workload import STEP_SECONDS, LoadRequest, steady_rate

PAUSE_SECONDS = (120.0, 300.0)
BURST_SECONDS = (20.0, 50.0)
HEIGHT = (1.15, 1.35)


class Burst:
    """Bursts of drawn length and height, with drawn pauses between them."""

    def draw(self, request: LoadRequest, rng: RandomStream) -> WorkloadTrace:
        """A spiky trace."""
        last = request.num_steps
        rates = [steady_rate(request)] * last
        start = PAUSE_SECONDS[1] * rng.random()
        while start < request.duration_seconds:
            end = start + rng.between(BURST_SECONDS)
            steps = slice(math.ceil(start / STEP_SECONDS), min(math.ceil(end / STEP_SECONDS), last))
            rates[steps] = [steady_rate(request, rng.between(HEIGHT))] * (steps.stop - steps.start)
            start = end + rng.between(PAUSE_SECONDS)
        return WorkloadTrace(profile="burst", step_seconds=STEP_SECONDS, rates_rps=tuple(rates), mix=request.mix)
