"""What it takes to put one kind of fault on a live stand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clusters.command_checks.refusal import Refusal
from clusters.commands import CheckStatus
from clusters.k3s.faults.experiments import lift, state_of
from clusters.k3s.faults.ledger import ActiveFault, PodLife
from clusters.k3s.kinds import Document
from clusters.k3s.rules.rule import NotDoneError, Outcome, accept
from clusters.k3s.rules.view import StandView


def keep_nothing(view: StandView, fault: ActiveFault) -> None:
    """For faults that need no care while they last."""


def lift_experiments(view: StandView, fault: ActiveFault) -> str:
    """For faults that are chaos resources and nothing else."""
    return lift(view.api, view.namespace, fault.experiments)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One kind of fault."""

    inject: Callable[[StandView, ActiveFault], str]
    """Puts it there, notes in the ledger's entry what that left, and returns what is worth knowing.

    Raises `NotDoneError` where the cluster will not; then nothing is left. An entry that has experiments already is of
    the same fault with another strength, which this one replaces.
    """
    check: Callable[[StandView, ActiveFault], Outcome]
    """Whether the stand has it now."""
    lift: Callable[[StandView, ActiveFault], str] = lift_experiments
    """Takes it away and waits until it is gone; returns what that took."""
    refusal: Callable[[StandView, Any], Refusal | None] = accept
    """Why this stand cannot have it; None if it can."""
    keep_up: Callable[[StandView, ActiveFault], None] = keep_nothing
    """About once a bucket while it lasts: strikes again, grows, or reaches pods that came later."""


def pod_life(pod: Document, container: str) -> PodLife:
    """The present run of a pod's container."""
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    restarts = next((status["restartCount"] for status in statuses if status["name"] == container), 0)
    return PodLife(pod=pod["metadata"]["name"], uid=pod["metadata"]["uid"], restarts=int(restarts))


def running_lives(view: StandView, service: str) -> list[PodLife]:
    """The runs of a service's containers that something can be done to now, by pod name."""
    running = []
    for pod in view.pods(service):
        statuses = pod.get("status", {}).get("containerStatuses") or ()
        if any(status["name"] == service and "running" in status.get("state", {}) for status in statuses):
            running.append(pod_life(pod, service))
    return sorted(running, key=lambda life: life.pod)


def require_lives(view: StandView, service: str) -> list[PodLife]:
    """The same, at least one.

    Raises:
        NotDoneError: the service has no running pod.
    """
    lives = running_lives(view, service)
    if not lives:
        raise NotDoneError(f"{service} has no running pod that a fault could be put into; wait until it has one")
    return lives


def check_experiments(view: StandView, fault: ActiveFault, service: str) -> Outcome:
    """Whether the experiments are injected, and on which of a service's pods they still act.

    The status of a resource says Injected for ever; a pod that came later or a container that restarted lacks the
    effect all the same.
    """
    for experiment in fault.experiments:
        state = state_of(view.api, view.namespace, experiment)
        if state is None or not state.is_injected:
            why = "it is gone" if state is None else state.problem or "it is not injected any more"
            return Outcome(check=CheckStatus.FAILED, message=f"{experiment.name}: {why}")
    lives = running_lives(view, service)
    lost = [life.pod for life in lives if life not in fault.covered]
    if not lost:
        return Outcome(check=CheckStatus.PASSED)
    is_felt = len(lost) < len(lives)
    return Outcome(
        check=CheckStatus.PASSED if is_felt else CheckStatus.FAILED,
        message=f"{', '.join(lost)} started or restarted since, without the fault",
    )
