"""A live synthetic stand keeps the Stand contract, with load on it; a second one beside it does so too."""

import secrets
from collections.abc import Callable, Iterator

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from clusters.k3s.inventory import Inventory
from clusters.k3s.stand import K3sStand
from clusters.k3s.telemetry.reader import ClusterReader
from clusters.stand import Stand, StandBatch, as_batch
from envs.stand_env import StandEnv
from envs.time_scales import TimeScales
from tests.cluster.conftest import RATE_RATIO
from tests.contract.stand_conformance import *  # noqa: F403  # the suite
from tests.contract.stand_conformance import Pace
from tests.stands import APPLICATION, NOMINAL_RPS, journey, stand

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture(name="pace", scope="module")
def make_pace() -> Pace:
    return Pace(
        rate_rps=NOMINAL_RPS,
        seen_rps=RATE_RATIO * NOMINAL_RPS,
        warmup_seconds=30.0,
        long_warmup_seconds=60.0,
        settle_seconds=120.0,
        seen_after_seconds=30.0,
        good_share=0.6,
        rate_tolerance=0.3,
        known_share=0.2,
    )


@pytest.fixture(name="subject")
def make_subject(small_core_stand: K3sStand) -> Stand:
    return small_core_stand


@pytest.fixture(name="calm", scope="module")
def make_calm(small_core_stand: K3sStand, pace: Pace) -> Stand:
    """Reset once for all commands: each acts on something else, so none finds what another did."""
    small_core_stand.reset(pace.healthy(), seed=1)
    return small_core_stand


@pytest.fixture(name="new_stand")
def make_new_stand(live_inventory: Inventory, reader: ClusterReader) -> Iterator[Callable[[], K3sStand]]:
    made: list[K3sStand] = []

    def make() -> K3sStand:
        made.append(
            K3sStand(APPLICATION, live_inventory, sources=lambda cluster: reader, holder=f"test-{secrets.token_hex(2)}")
        )
        return made[-1]

    yield make
    for live in made:
        live.close()


@pytest.fixture(name="batch")
def make_batch(small_core_stand: K3sStand) -> StandBatch:
    return as_batch(small_core_stand)


def test_two_stands_stand_side_by_side(
    small_core_stand: K3sStand, new_stand: Callable[[], K3sStand], pace: Pace
) -> None:
    second = new_stand()
    small_core_stand.reset(pace.healthy(), seed=2)
    second.reset(pace.healthy(), seed=3)
    assert second.namespace != small_core_stand.namespace
    small_core_stand.advance(second_warm_up := pace.warmup_seconds)
    for live in (small_core_stand, second):
        window = live.observe(second_warm_up, 10.0)
        assert stand(window, "offered_rate_rps").mean() == pytest.approx(pace.seen_rps, rel=0.4)
        assert np.nanmean(journey(window, "browse", "good_ratio")) > 0.9
        assert "browse" in live.evidence


def test_gymnasiums_checker_passes_on_a_live_stand(small_core_stand: K3sStand, live_inventory: Inventory) -> None:
    scales = TimeScales(
        control_step_seconds=10.0, observation_window_seconds=20.0, warmup_seconds=20.0, cooldown_seconds=10.0
    )
    gymnasium.register(
        "LiveStand-v0", lambda **_: StandEnv(stand=small_core_stand, time_scales=scales), nondeterministic=True
    )
    env = gymnasium.make("LiveStand-v0")
    check_env(env.unwrapped, skip_close_check=True)  # closing it would close the stand that the tests share
