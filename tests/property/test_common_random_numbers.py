"""Branches of one state share their randomness: equal under equal commands, equal in what users send under any."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.applications import APPLICATIONS, load_application
from clusters.commands import ScaleWorkload
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import JOURNEY_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from tests.property.random_commands import random_command
from tests.property.windows import assert_equal
from tests.stands import scenario

SECONDS = 120.0
WORDS_OF_USERS = (ScaleWorkload,)
"""The scenario's load itself; everything else is answered by the same users."""

seeds = st.integers(0, 2**31 - 1)


@pytest.fixture(scope="module", params=sorted(APPLICATIONS))
def running(request: pytest.FixtureRequest) -> SimulatedStands:
    application = load_application(request.param)
    stands = SimulatedStands(application, 1, history_seconds=SECONDS)
    stands.reset([0], [scenario(application.nominal_rate_rps, application=application, warmup_seconds=30.0)], [5])
    return stands


@settings(deadline=None, max_examples=15, derandomize=True)
@given(noise=seeds, choice=seeds)
def test_branches(running: SimulatedStands, noise: int, choice: int) -> None:
    rng = np.random.default_rng(choice)
    command = random_command(rng, running.application)
    while isinstance(command, WORDS_OF_USERS):
        command = random_command(rng, running.application)
    branches = running.fork([0, 0, 0, 0], [noise, noise, noise, noise + 1])
    receipts = [branches.apply(stand, command) for stand in (0, 1)]
    assert receipts[0] == receipts[1]
    branches.advance(SECONDS)
    window = branches.observe(SECONDS, 10.0)
    acted_on, the_same, left_alone, other_noise = (window.of_stand(stand) for stand in range(4))
    assert_equal(acted_on, the_same)
    for window_of_branch, is_shared in ((left_alone, True), (other_noise, False)):
        assert np.array_equal(offered(acted_on), offered(window_of_branch)) is is_shared


def offered(window: TelemetryWindow) -> np.ndarray:
    """[T, 1 + J] what users wanted to send."""
    stand = window.stand[..., signal_index(STAND_SIGNALS, "offered_rate_rps")]
    journeys = window.journeys[..., signal_index(JOURNEY_SIGNALS, "offered_rate_rps")]
    return np.concatenate([stand[:, None], journeys], axis=1)
