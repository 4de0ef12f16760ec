"""Signals of a bucket: every one is told, and stands at the entity that it belongs to."""

import numpy as np
import pytest

from clusters.simulated.kernels.probes import BLOCK
from clusters.simulated.kernels.rings import BucketPlaces
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.telemetry.layout import LEVELS, Layout
from clusters.simulated.telemetry.probes import Bucket
from tests.stands import APPLICATION, running

UNTOLD = -7.0


def told_by(stands: SimulatedStands, missing: float) -> dict[str, np.ndarray]:
    """All signals [N, entities, signals] of the bucket that these stands played last; what is left out is `UNTOLD`."""
    graph, work, state = stands._graph, stands._work, stands._state
    layout = Layout(APPLICATION)
    ring = np.full((2, state.num_stands, layout.num_rows), UNTOLD, dtype=np.float32)
    everyone = np.arange(state.num_stands)
    bucket = Bucket(graph, state, work.capacity.now, work.latency, stands._mixtures, 1)
    bucket.write(layout, BucketPlaces(ring, everyone, np.ones_like(everyone)), missing)
    assert (ring[0] == UNTOLD).all()
    return {name: layout.level(ring[1], name) for name in LEVELS}


@pytest.mark.parametrize("missing", [-1.0, float("nan")])
def test_every_signal_is_told_of_every_entity(missing: float) -> None:
    stands = running(3)
    for level in told_by(stands, missing).values():
        assert not (level == UNTOLD).any()


def test_of_no_requests_nothing_is_known_but_that_there_were_none() -> None:
    told = told_by(running(2), -1.0)  # The sums of the bucket that was recorded are cleared.
    for name, values in told.items():
        for position, signal in enumerate(LEVELS[name]):
            if signal.name.startswith(("error_ratio", "latency", "good_ratio")):
                assert (values[..., position] == -1.0).all(), signal.name
            if signal.name in ("request_rate_rps", "offered_rate_rps"):
                assert (values[..., position] == 0.0).all(), signal.name


def test_stands_of_the_last_block_are_told_as_they_are_alone() -> None:
    num_stands = BLOCK + 3
    together = told_by(running(num_stands), -1.0)
    for stand in (0, BLOCK - 1, BLOCK, num_stands - 1):
        alone = told_by(running(1, seeds=(stand,)), -1.0)
        for name, values in alone.items():
            np.testing.assert_array_equal(together[name][stand], values[0])
