"""Faults without Chaos Mesh: a service without replicas, a Service that points at nothing.

What was there before is kept in an annotation of the object itself, written together with the change, so that whoever
finds the object can put it back.
"""

import json
from typing import Final

from clusters.command_checks.refusal import Refusal, rejected
from clusters.commands import BreakPort, CheckStatus, FailService
from clusters.k3s.api import KubeApi
from clusters.k3s.faults.fault import Fault
from clusters.k3s.faults.ledger import ActiveFault
from clusters.k3s.kinds import SERVICE, Document
from clusters.k3s.marks import BROKEN_PORTS, OUTAGE
from clusters.k3s.rules.deployments import annotations_of, change_deployment
from clusters.k3s.rules.rule import Outcome
from clusters.k3s.rules.view import StandView

_DEAD_PORT: Final = 1
"""tcpmux (RFC 1078): no service of any application listens there, so a connection is refused at once."""


def _fail(view: StandView, fault: ActiveFault) -> str:
    def hold(present: Document) -> Document:
        annotations = annotations_of(present)
        wanted = annotations.get(OUTAGE, str(present["spec"]["replicas"]))
        return {"metadata": {"annotations": {OUTAGE: wanted}}, "spec": {"replicas": 0}}

    change_deployment(view.api, view.namespace, fault.command.service, hold)
    return ""


def _check_failed(view: StandView, fault: ActiveFault) -> Outcome:
    if not view.is_held_down(fault.command.service):
        return Outcome(check=CheckStatus.FAILED, message="something else has brought the replicas back")
    is_down = view.num_ready(fault.command.service) == 0
    return Outcome(check=CheckStatus.PASSED if is_down else CheckStatus.PENDING)


def _recover(view: StandView, fault: ActiveFault) -> str:
    if view.context.ledger.others_at(fault.command.fault_id, FailService, fault.command.service):
        return "; another fault holds the service down"
    end_outage(view.api, view.namespace, view.deployment(fault.command.service))
    view.forget()
    return ""


def end_outage(api: KubeApi, namespace: str, deployment: Document) -> bool:
    """Bring back the replicas of a Deployment that a fault holds at zero; whether one did."""

    def release(present: Document) -> Document:
        wanted = annotations_of(present).get(OUTAGE, present["spec"]["replicas"])
        return {"metadata": {"annotations": {OUTAGE: None}}, "spec": {"replicas": int(wanted)}}

    is_held = OUTAGE in annotations_of(deployment)
    if is_held:
        change_deployment(api, namespace, deployment["metadata"]["name"], release)
    return is_held


def _refuse_port(view: StandView, command: BreakPort) -> Refusal | None:
    if view.service(command.service).port is None:
        return rejected(f"{command.service} has no port that could be broken: nothing connects to it")
    return None


def _break(view: StandView, fault: ActiveFault) -> str:
    """Only the port that the application calls: those that the stand itself uses stay."""
    service = view.service(fault.command.service)
    present = view.api.get(SERVICE, service.name, view.namespace)
    if BROKEN_PORTS in annotations_of(present):
        return ""
    ports = present["spec"]["ports"]
    broken = [port | ({"targetPort": _DEAD_PORT} if port["port"] == service.port else {}) for port in ports]
    patch = {"metadata": {"annotations": {BROKEN_PORTS: json.dumps(ports)}}, "spec": {"ports": broken}}
    view.api.patch(SERVICE, service.name, view.namespace, patch)
    return ""


def _check_broken(view: StandView, fault: ActiveFault) -> Outcome:
    ports = view.api.get(SERVICE, fault.command.service, view.namespace)["spec"]["ports"]
    is_broken = any(port.get("targetPort") == _DEAD_PORT for port in ports)
    return Outcome(check=CheckStatus.PASSED if is_broken else CheckStatus.FAILED)


def _mend(view: StandView, fault: ActiveFault) -> str:
    if view.context.ledger.others_at(fault.command.fault_id, BreakPort, fault.command.service):
        return "; another fault keeps the port broken"
    mend_ports(view.api, view.namespace, view.api.get(SERVICE, fault.command.service, view.namespace))
    return ""


def mend_ports(api: KubeApi, namespace: str, service: Document) -> bool:
    """Point a Service's ports where they pointed before a fault; whether one had turned them."""
    kept = annotations_of(service).get(BROKEN_PORTS)
    if kept is not None:
        patch = {"metadata": {"annotations": {BROKEN_PORTS: None}}, "spec": {"ports": json.loads(kept)}}
        api.patch(SERVICE, service["metadata"]["name"], namespace, patch)
    return kept is not None


FAIL_SERVICE = Fault(inject=_fail, check=_check_failed, lift=_recover)
BREAK_PORT = Fault(inject=_break, check=_check_broken, lift=_mend, refusal=_refuse_port)
