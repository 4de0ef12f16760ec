"""The spread of times at a service, against the Markov chain of one request and those that share the CPU with it."""

import numpy as np
import pytest

from clusters.simulated.kernels.times import _spread_of_services
from clusters.simulated.telemetry.sums import ServiceSum

MOST = 400


def exact(servers: int, rho: float) -> float:
    """Squared coefficient of variation of a sojourn under processor sharing, by the moments of absorption."""
    others = np.arange(MOST)
    share = np.minimum(1.0, servers / (others + 1.0))
    more = np.where(others < MOST - 1, rho * servers, 0.0)
    leaving = np.diag(more + others * share + share) - np.diag(more[:-1], 1) - np.diag((others * share)[1:], -1)
    first = np.linalg.solve(leaving, np.ones(MOST))
    second = np.linalg.solve(leaving, 2.0 * first)
    found = np.concatenate([[1.0], np.cumprod(rho * servers / np.minimum(others[1:], servers))])
    mean, square = found @ first / found.sum(), found @ second / found.sum()
    return float(square / mean**2 - 1.0)


@pytest.mark.parametrize("servers", [1, 2, 3, 4])
@pytest.mark.parametrize("rho", [0.3, 0.55, 0.7, 0.85])
def test_times_at_several_servers_spread_as_under_processor_sharing(servers: int, rho: float) -> None:
    sums = np.zeros((len(ServiceSum), 1, 1), np.float32)
    sums[ServiceSum.UTILISATION], sums[ServiceSum.CPU_SERVERS], sums[ServiceSum.CALM] = rho, servers, 1.0
    scv = np.zeros((1, 1), np.float32)
    _spread_of_services(sums, np.float32(1.0), scv)
    assert scv[0, 0] == pytest.approx(exact(servers, rho), abs=0.04)
