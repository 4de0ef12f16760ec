"""Faults that befall pods as a whole: kill loops, and the disturbances that only live stands know."""

from clusters.command_checks.refusal import Refusal, rejected
from clusters.commands import CheckStatus, Disturbance, DisturbPods
from clusters.k3s.faults.documents import container_kill, dns_error, http_fault, io_latency, pod_failure, pod_kill
from clusters.k3s.faults.experiments import inject, lift
from clusters.k3s.faults.fault import Fault, check_experiments, require_lives
from clusters.k3s.faults.ledger import ActiveFault
from clusters.k3s.kinds import Document
from clusters.k3s.rules.deployments import container_of
from clusters.k3s.rules.rule import NotDoneError, Outcome
from clusters.k3s.rules.view import StandView


def _start_killing(view: StandView, fault: ActiveFault) -> str:
    """A loop kills at once when it starts; one whose pace changes keeps its last kill."""
    period_ns = _period_ns(fault)
    if fault.due_ns:
        fault.due_ns = min(fault.due_ns, view.context.now_ns() + period_ns)
        return ""
    _kill(view, fault, 1)
    fault.due_ns = view.context.now_ns() + period_ns
    return ""


def _keep_killing(view: StandView, fault: ActiveFault) -> None:
    """Make up for every kill that is due by now, at most one for each pod."""
    late_ns, period_ns = view.context.now_ns() - fault.due_ns, _period_ns(fault)
    if late_ns < 0:
        return
    due = 1 + late_ns // period_ns
    fault.due_ns += due * period_ns
    if pods := view.pods(fault.command.service):
        _kill(view, fault, min(due, len(pods)))


def _kill(view: StandView, fault: ActiveFault, count: int) -> None:
    """One experiment for each strike: it would stay Injected for ever, and strike once."""
    document = pod_kill(view.namespace, fault.command.fault_id, fault.command.service, count=count)
    lift(view.api, view.namespace, [inject(view.api, view.namespace, document)])
    view.forget()


def _period_ns(fault: ActiveFault) -> int:
    return round(float(fault.command.period_seconds) * 1e9)


def _check_killing(view: StandView, fault: ActiveFault) -> Outcome:
    """It has struck at least once, or there would be no entry; its next strike is due."""
    return Outcome(check=CheckStatus.PASSED if fault.due_ns else CheckStatus.FAILED)


def _refuse_disturbance(view: StandView, command: DisturbPods) -> Refusal | None:
    if command.disturbance is Disturbance.IO_LATENCY and not _volume_path(view, command.service):
        return rejected(f"{command.service} mounts no volume whose access could be slowed; choose another service")
    return None


def _volume_path(view: StandView, service: str) -> str:
    container = container_of(view.deployment(service)["spec"]["template"], service)
    mounts = container.get("volumeMounts") or [{"mountPath": ""}]
    return str(mounts[0]["mountPath"])


def _disturb(view: StandView, fault: ActiveFault) -> str:
    lives, old = require_lives(view, fault.command.service), fault.experiments
    fault.experiments, fault.covered = [], {}
    lift(view.api, view.namespace, old)
    document = _disturbance(view, fault.command, [life.pod for life in lives])
    fault.experiments = [inject(view.api, view.namespace, document)]
    fault.covered = dict.fromkeys(lives, fault.since_ns)
    return ""


def _disturbance(view: StandView, command: DisturbPods, pods: list[str]) -> Document:
    namespace, fault_id, container = view.namespace, command.fault_id, command.service
    milliseconds = command.latency_milliseconds
    match command.disturbance:
        case Disturbance.POD_FAILURE:
            return pod_failure(namespace, fault_id, pods)
        case Disturbance.CONTAINER_KILL:
            return container_kill(namespace, fault_id, pods, container)
        case Disturbance.DNS_ERROR:
            return dns_error(namespace, fault_id, pods, container, names=command.target)
        case Disturbance.IO_LATENCY:
            path = _volume_path(view, container)
            return io_latency(namespace, fault_id, pods, container, volume_path=path, milliseconds=milliseconds)
        case Disturbance.HTTP_DELAY | Disturbance.HTTP_ABORT:
            port = view.service(container).port
            if port is None:
                raise NotDoneError(f"{container} has no port whose answers could be disturbed; choose another service")
            delay = milliseconds if command.disturbance is Disturbance.HTTP_DELAY else None
            return http_fault(namespace, fault_id, pods, port=port, delay_milliseconds=delay)


def _check_disturbance(view: StandView, fault: ActiveFault) -> Outcome:
    """Those that end a container's run cannot be looked for in its next one."""
    if fault.command.disturbance in (Disturbance.POD_FAILURE, Disturbance.CONTAINER_KILL):
        fault.covered |= dict.fromkeys(require_lives(view, fault.command.service), fault.since_ns)
    return check_experiments(view, fault, fault.command.service)


KILL_PODS = Fault(inject=_start_killing, check=_check_killing, keep_up=_keep_killing)
DISTURB_PODS = Fault(inject=_disturb, check=_check_disturbance, refusal=_refuse_disturbance)
