"""Whether a lease that was read is still somebody's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clusters.k3s.lease import LeaseRecord

RENEWED = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


def record(**spec: Any) -> LeaseRecord:
    fields = {"holderIdentity": "a", "renewTime": "2026-01-02T03:04:05.678900Z", "leaseDurationSeconds": 10}
    return LeaseRecord(document={"metadata": {"name": "x"}, "spec": fields | spec})


@pytest.mark.parametrize(
    ("seconds", "is_held"), [(-1.0, True), (0.0, True), (10.0, True), (11.9, True), (12.1, False), (900.0, False)]
)
def test_it_is_held_for_its_length_and_the_clock_s_coarseness(seconds: float, is_held: bool) -> None:
    assert record().is_held(RENEWED + timedelta(seconds=seconds)) is is_held


def test_one_that_was_given_back_or_never_taken_is_nobodys() -> None:
    assert not record(holderIdentity=None).is_held(RENEWED)
    assert not record(renewTime=None).is_held(RENEWED)
    assert not LeaseRecord(document={"metadata": {"name": "x"}}).is_held(RENEWED)
    assert LeaseRecord(document={"metadata": {"name": "x"}}).labels == {}
