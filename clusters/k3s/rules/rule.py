"""What it takes to carry out a command on one live stand; the rules themselves are in the `*_rules` modules."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from clusters.command_checks.refusal import Refusal, conflicting
from clusters.commands import CheckStatus, CommandStatus
from clusters.k3s.rules.view import StandView
from clusters.stand import StandError

C = TypeVar("C")


class NotDoneError(StandError):
    """A command that passed its precheck and could not be carried out: what is there is as it was."""

    def __init__(self, message: str, *, status: CommandStatus = CommandStatus.FAILED) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a postcheck found."""

    check: CheckStatus
    status: CommandStatus | None = None
    """What became of the command after all, where that is known only now; None: as it was."""
    message: str = ""


PASSED = Outcome(check=CheckStatus.PASSED)
PENDING = Outcome(check=CheckStatus.PENDING)
UNDONE = Outcome(check=CheckStatus.FAILED, message="something else has changed it since")


@dataclass(frozen=True, kw_only=True)
class LiveRule(Generic[C]):
    """How one kind of command is checked, carried out and verified."""

    refusal: Callable[[StandView, C], Refusal | None]
    """Why this stand cannot do it now; None if it can. What no stand can do was refused before."""
    is_there: Callable[[StandView, C], bool]
    """Whether the stand is in the wanted state already."""
    carry_out: Callable[[StandView, C], str]
    """Does it, and returns what is worth knowing about how; raises `NotDoneError` where the cluster will not."""
    postcheck: Callable[[StandView, C], Outcome]
    """Whether it has taken effect by now."""
    lasts: bool = False
    """Whether a postcheck that has passed is asked again: a fault may be lost with its pod."""


def accept(view: StandView, command: object) -> Refusal | None:
    """For commands that a stand never refuses."""
    return None


def never(view: StandView, command: object) -> bool:
    """For commands that are carried out each time they are given."""
    return False


def settled(is_there: Callable[[StandView, C], bool]) -> Callable[[StandView, C], Outcome]:
    """The postcheck of a command that takes effect at once: it holds until another command overrules it."""

    def postcheck(view: StandView, command: C) -> Outcome:
        return PASSED if is_there(view, command) else UNDONE

    return postcheck


def foreign_refusal(manager: str, what: str) -> Refusal | None:
    """A field that somebody else set; None if nobody did."""
    if not manager:
        return None
    return conflicting(f"the field manager {manager!r} owns {what}; let it give the field up, or change it there")
