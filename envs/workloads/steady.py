"""The same load all the time."""

from clusters.scenario import WorkloadTrace
from envs.random_stream import RandomStream
from envs.workloads.workload import STEP_SECONDS, LoadRequest, steady_rate


class Steady:
    """Constant; arrivals vary by themselves."""

    def draw(self, request: LoadRequest, rng: RandomStream) -> WorkloadTrace:
        """A flat trace."""
        rates = (steady_rate(request),) * request.num_steps
        return WorkloadTrace(profile="steady", step_seconds=STEP_SECONDS, rates_rps=rates, mix=request.mix)
