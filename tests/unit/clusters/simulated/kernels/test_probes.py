"""Signals of a bucket: every one is told, and stands at the entity that it belongs to."""

import numpy as np
import pytest

from clusters.simulated.kernels.probes import Signals
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.telemetry.history import LEVELS
from clusters.simulated.telemetry.probes import Bucket
from tests.stands import APPLICATION, running

UNTOLD = -7.0


def told_by(stands: SimulatedStands, missing: float) -> Signals:
    """All signals of the bucket that these stands played last; what the probes leave out is `UNTOLD`."""
    graph, work, state = stands._graph, stands._work, stands._state
    entities = (graph.num_services, len(APPLICATION.edges), len(APPLICATION.journeys), 1)
    signals = Signals(
        *(
            np.full((number, len(level), state.num_stands), UNTOLD, dtype=np.float32)
            for number, level in zip(entities, LEVELS.values(), strict=True)
        )
    )
    Bucket(graph, state, work.capacity.now, work.latency, stands._mixtures, 1).fill(signals, missing)
    return signals


@pytest.mark.parametrize("missing", [-1.0, float("nan")])
def test_every_signal_is_told_of_every_entity(missing: float) -> None:
    stands = running(3)
    for level in told_by(stands, missing):
        assert not (level == UNTOLD).any()


def test_of_no_requests_nothing_is_known_but_that_there_were_none() -> None:
    told = told_by(running(2), -1.0)  # The sums of the bucket that was recorded are cleared.
    for level, values in zip(LEVELS.values(), told, strict=True):
        for position, signal in enumerate(level):
            if signal.name.startswith(("error_ratio", "latency", "good_ratio")):
                assert (values[:, position] == -1.0).all(), signal.name
            if signal.name in ("request_rate_rps", "offered_rate_rps"):
                assert (values[:, position] == 0.0).all(), signal.name
