"""Simulated stands keep the Stand contract."""

from collections.abc import Callable, Iterator

import pytest

from clusters.simulated.stand import SimulatedStand
from clusters.simulated.stands import SimulatedStands
from clusters.stand import SingleStandBatch, Stand, StandBatch
from tests.contract.stand_conformance import *  # noqa: F403  # the suite
from tests.contract.stand_conformance import Pace
from tests.stands import APPLICATION, NOMINAL_RPS

BATCHES: dict[str, Callable[[], StandBatch]] = {
    "simulated": lambda: SimulatedStands(APPLICATION, 3),
    "single": lambda: SingleStandBatch(SimulatedStand(APPLICATION)),
}


@pytest.fixture(name="pace")
def make_pace() -> Pace:
    return Pace(
        rate_rps=NOMINAL_RPS,
        seen_rps=NOMINAL_RPS,
        warmup_seconds=60.0,
        long_warmup_seconds=120.0,
        settle_seconds=300.0,
    )


@pytest.fixture(name="new_stand")
def make_new_stand() -> Iterator[Callable[[], Stand]]:
    made: list[Stand] = []

    def make() -> Stand:
        made.append(SimulatedStand(APPLICATION))
        return made[-1]

    yield make
    for stand in made:
        stand.close()


@pytest.fixture(name="subject")
def make_subject(new_stand: Callable[[], Stand]) -> Stand:
    return new_stand()


@pytest.fixture(name="calm")
def make_calm(subject: Stand, pace: Pace) -> Stand:
    subject.reset(pace.healthy(), seed=1)
    return subject


@pytest.fixture(params=BATCHES, name="batch")
def make_batch(request: pytest.FixtureRequest) -> Iterator[StandBatch]:
    batch = BATCHES[request.param]()
    yield batch
    batch.close()
