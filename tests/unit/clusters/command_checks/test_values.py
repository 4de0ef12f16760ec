"""Commands that no stand could carry out are refused before any stand is asked."""

from typing import get_args

import pytest

from clusters.applications import load_application
from clusters.command_checks.values import value_refusal
from clusters.commands import (
    ClearFault,
    Command,
    CommandStatus,
    Disturbance,
    DisturbPods,
    Scale,
    SetAutoscaler,
)
from tests.contract.stand_conformance import ACCEPTED, OVER_QUOTA, REFUSED

APPLICATION = load_application("small-core")


@pytest.mark.parametrize("command", ACCEPTED, ids=lambda command: type(command).__name__)
def test_what_a_stand_accepts_is_not_refused(command: Command) -> None:
    assert value_refusal(APPLICATION, command) is None


def test_every_refused_command_but_a_request_above_its_limit_is_refused_without_a_stand() -> None:
    passed = [named for command, named in REFUSED if value_refusal(APPLICATION, command) is None]
    assert passed == ["set both"]
    refusals = [value_refusal(APPLICATION, command) for command, _ in REFUSED]
    assert {refusal.status for refusal in refusals if refusal} == {CommandStatus.REJECTED}


def test_bounds_of_an_autoscaler_are_the_applications() -> None:
    (beyond,) = (command for command, _ in OVER_QUOTA if isinstance(command, SetAutoscaler))
    refusal = value_refusal(APPLICATION, beyond)
    assert refusal is not None
    assert refusal.status is CommandStatus.QUOTA_EXCEEDED


@pytest.mark.parametrize(
    ("service", "disturbance", "named"),
    [
        ("cart", Disturbance.HTTP_DELAY, "more than 0"),
        ("cart", Disturbance.HTTP_ABORT, "speaks grpc"),
        ("frontend", Disturbance.DNS_ERROR, "as target"),
        ("frontend", Disturbance.IO_LATENCY, "more than 0"),
        ("basket", Disturbance.POD_FAILURE, "basket"),
    ],
)
def test_a_disturbance_must_be_possible(service: str, disturbance: Disturbance, named: str) -> None:
    refusal = value_refusal(APPLICATION, DisturbPods(fault_id="x", service=service, disturbance=disturbance))
    assert refusal is not None
    assert named in refusal.message


def test_every_verb_has_its_check() -> None:
    unchecked = {ClearFault}  # any id can be cleared
    for kind in set(get_args(Command)) - unchecked:
        values = {
            name: -1.0 if "float" in str(field.type) or "int" in str(field.type) else "no such thing"
            for name, field in kind.__dataclass_fields__.items()
        }
        assert value_refusal(APPLICATION, kind(**values)) is not None, kind
    assert value_refusal(APPLICATION, Scale(service="cart", replicas=1)) is None
