"""Replicas that die: which one, what dies with it, and what stands in its place."""

import numpy as np

from clusters.simulated.kernels.deaths import replace_dead
from clusters.simulated.parameters import COLD_SECONDS
from clusters.simulated.replica_set import mortal
from clusters.simulated.state import StandState
from clusters.simulated.telemetry.sums import ServiceSum
from tests.stands import running

NUM_READY = 3


def busy_state(num_stands: int) -> StandState:
    """Three ready replicas of every service, with eight requests waiting and four held."""
    state = running(1)._state.take(np.zeros(num_stands, dtype=np.int64))
    state.present[...] = False
    state.present[:NUM_READY] = True
    state.timer[...] = 0.0
    state.backlog[...], state.held[...], state.leaked_bytes[...] = 8.0, 4.0, 30.0
    return state


def die(
    state: StandState, services: list[int], stands: list[int], rank: np.ndarray, messages: int = -1
) -> list[list[int]]:
    """The pairs of which a replica died; one service takes messages."""
    num_services = len(state.backlog)
    startup = np.full((num_services, 1), 7.0, np.float32)
    pairs = np.array([services, stands])
    is_consumer = np.arange(num_services) == messages
    count = replace_dead(mortal(state), is_consumer, startup, rank, pairs, len(services))
    return pairs[:, :count].tolist()


def test_the_ready_one_of_the_highest_rank_dies_with_its_share() -> None:
    state = busy_state(2)
    rank = np.arange(len(state.present), dtype=np.float64)[:, None]  # The highest are of slots without a replica.
    assert die(state, [2], [1], rank) == [[2], [1]]
    np.testing.assert_array_equal(state.timer[:NUM_READY, 2, 1], [0.0, 0.0, 7.0 + COLD_SECONDS])
    np.testing.assert_allclose([state.backlog[2, 1], state.lost[2, 1]], [8.0 * 2 / 3, 12.0 / 3], rtol=1e-6)
    np.testing.assert_allclose(state.leaked_bytes[2, 1], 20.0, rtol=1e-6)
    assert state.service_sums[ServiceSum.RESTARTS].sum() == 1.0
    assert (np.delete(state.backlog[:, 1], 2) == 8.0).all() and (state.backlog[:, 0] == 8.0).all()


def test_of_equals_the_first_dies_and_who_has_none_ready_is_left_out() -> None:
    state = busy_state(3)
    state.timer[:, 2, 0] = COLD_SECONDS + 1.0
    state.service_down[2, 1] = True
    rank = np.zeros((len(state.present), 3))
    assert die(state, [2, 2, 2], [0, 1, 2], rank) == [[2], [2]]
    assert state.timer[0, 2, 2] > 0.0 and not state.timer[1:NUM_READY, 2, 2].any()


def test_messages_outlive_their_consumer() -> None:
    state = busy_state(1)
    die(state, [3], [0], np.zeros((len(state.present), 1)), messages=3)
    assert state.backlog[3, 0] == 8.0 and state.lost[3, 0] == 0.0
