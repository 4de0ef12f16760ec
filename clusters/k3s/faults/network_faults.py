"""Faults of the network: calls along one edge that come late or not at all, and a service that answers late.

A call to a service leaves its caller for the Service's address, not for a pod's, so an experiment that names target
pods does not meet it (https://github.com/chaos-mesh/chaos-mesh/issues/1227). The Service's address is the external
target instead. Of a slow service all that it sends is delayed: answers, its own calls, telemetry, answers to
its probe. A pod that comes later has no experiment, so `keep_up` gives it one of its own.
"""

from clusters.command_checks.refusal import Refusal, rejected
from clusters.commands import DelayEdge, LosePackets, SlowService
from clusters.k3s.faults.documents import network_delay, packet_loss
from clusters.k3s.faults.experiments import inject, lift
from clusters.k3s.faults.fault import Fault, check_experiments, require_lives, running_lives
from clusters.k3s.faults.ledger import ActiveFault, PodLife
from clusters.k3s.kinds import SERVICE, Document
from clusters.k3s.rules.rule import NotDoneError, Outcome
from clusters.k3s.rules.view import StandView

EdgeFault = DelayEdge | LosePackets


def _ends(view: StandView, command: EdgeFault | SlowService) -> tuple[str, str]:
    """(service whose packets are disturbed, service that they go to; empty: all).

    A consumer fetches what a broker hands over: it is the one that connects.
    """
    if isinstance(command, SlowService):
        return command.service, ""
    if view.service(command.target).port is None:
        return command.target, command.source
    return command.source, command.target


def _refuse(view: StandView, command: EdgeFault) -> Refusal | None:
    _, callee = _ends(view, command)
    if callee and view.service(callee).port is None:
        return rejected(f"{command.source} and {command.target} have no port between them; choose another edge")
    return None


def _addresses(view: StandView, callee: str) -> list[str]:
    if not callee:
        return []
    address = view.api.get(SERVICE, callee, view.namespace)["spec"].get("clusterIP", "")
    if address in ("", "None"):
        raise NotDoneError(f"the Service of {callee} has no address of its own; give it a ClusterIP")
    return [f"{address}/32"]


def _inject(view: StandView, fault: ActiveFault) -> str:
    caller, _ = _ends(view, fault.command)
    lives, old = require_lives(view, caller), fault.experiments
    fault.experiments, fault.covered = [], {}
    lift(view.api, view.namespace, old)
    _disturb(view, fault, lives)
    return ""


def _keep_up(view: StandView, fault: ActiveFault) -> None:
    lives = _note_restarts(view, fault)
    if late := [life for life in lives if life not in fault.covered]:
        _disturb(view, fault, late)


def _note_restarts(view: StandView, fault: ActiveFault) -> list[PodLife]:
    """The callers' running pods. A pod's network outlives its containers: one that restarted still has the fault."""
    known = {life.uid for life in fault.covered}
    lives = running_lives(view, _ends(view, fault.command)[0])
    fault.covered |= {life: fault.since_ns for life in lives if life.uid in known}
    return lives


def _disturb(view: StandView, fault: ActiveFault, lives: list[PodLife]) -> None:
    command, pods = fault.command, [life.pod for life in lives]
    addresses = _addresses(view, _ends(view, command)[1])
    document: Document
    if isinstance(command, LosePackets):
        document = packet_loss(view.namespace, command.fault_id, pods, addresses, ratio=command.loss_ratio)
    else:
        milliseconds = command.latency_milliseconds
        document = network_delay(view.namespace, command.fault_id, pods, addresses, milliseconds=milliseconds)
    fault.experiments.append(inject(view.api, view.namespace, document))
    fault.covered |= dict.fromkeys(lives, view.context.now_ns())


def _check(view: StandView, fault: ActiveFault) -> Outcome:
    _note_restarts(view, fault)
    return check_experiments(view, fault, _ends(view, fault.command)[0])


NETWORK = Fault(inject=_inject, check=_check, refusal=_refuse, keep_up=_keep_up)
"""Of DelayEdge, LosePackets and SlowService."""
