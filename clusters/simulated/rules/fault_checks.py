"""What the rules of all faults share: whether one can be put there, whether it is there."""

from typing import Any

from clusters.command_checks.places import taken_id_refusal
from clusters.command_checks.refusal import Refusal
from clusters.commands import CheckStatus
from clusters.simulated.rules.rule import Column


def fault_refusal(column: Column, command: Any) -> Refusal | None:
    """Why no fault can be put there under this id; None if one can."""
    return taken_id_refusal(column.faults.get(command.fault_id), command)


def is_active(column: Column, command: Any) -> bool:
    """Whether this very fault is there."""
    return bool(column.faults.get(command.fault_id) == command)


def check_active(column: Column, command: Any) -> CheckStatus:
    """Whether a fault of this id is there."""
    return CheckStatus.PASSED if command.fault_id in column.faults else CheckStatus.FAILED
