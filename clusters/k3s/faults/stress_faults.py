"""Faults that use up what a pod may use: CPU, and memory held or growing."""

from clusters.commands import StressMemory
from clusters.k3s.faults.documents import cpu_stress, memory_stress
from clusters.k3s.faults.experiments import inject, lift
from clusters.k3s.faults.fault import Fault, check_experiments, require_lives, running_lives
from clusters.k3s.faults.ledger import ActiveFault, PodLife
from clusters.k3s.rules.quotas import present_resources
from clusters.k3s.rules.rule import Outcome
from clusters.k3s.rules.view import StandView

_LEAK_STEPS = 20
"""Steps in which a leak reaches a service's memory limit: each is a chaos resource of its own, because a resource
cannot be changed and one that is replaced would let go of its memory for a moment."""


def _stress_cpu(view: StandView, fault: ActiveFault) -> str:
    """A fault that grows does so where it still is; pods that lost it by a restart stay without."""
    command, lives = fault.command, require_lives(view, fault.command.service)
    is_known = bool(fault.covered)
    lives = [life for life in lives if life in fault.covered or not is_known]
    old, fault.experiments = fault.experiments, []
    lift(view.api, view.namespace, old)
    if not lives:
        return "every pod that had it was restarted since; it does not come back by itself"
    millicores = present_resources(view, command.service)["cpu_limit_millicores"] * command.load_ratio
    document = cpu_stress(view.namespace, command.fault_id, _names(lives), command.service, millicores=millicores)
    fault.experiments = [inject(view.api, view.namespace, document)]
    fault.covered = dict.fromkeys(lives, fault.since_ns)
    return ""


def _stress_memory(view: StandView, fault: ActiveFault) -> str:
    lives, old = require_lives(view, fault.command.service), fault.experiments
    fault.experiments, fault.covered = [], {}
    lift(view.api, view.namespace, old)
    _hold(view, fault, lives, _stressed_bytes(view, fault.command))
    return ""


def _stressed_bytes(view: StandView, command: StressMemory) -> float:
    return present_resources(view, command.service)["memory_limit_bytes"] * command.load_ratio


def _keep_memory_stressed(view: StandView, fault: ActiveFault) -> None:
    """Memory stress is the service's: a pod that comes later has it too."""
    late = [life for life in running_lives(view, fault.command.service) if life not in fault.covered]
    if late:
        _hold(view, fault, late, _stressed_bytes(view, fault.command))


def _leak(view: StandView, fault: ActiveFault) -> str:
    """One whose rate changes goes on from what it holds."""
    lives, now_ns = require_lives(view, fault.command.service), view.context.now_ns()
    if fault.covered:
        fault.covered = dict.fromkeys(fault.covered, now_ns)
        fault.held_steps = dict.fromkeys(fault.held_steps, 1)
    else:
        fault.covered = dict.fromkeys(lives, now_ns)
        _grow(view, fault, lives)
    return f"grows in steps of {_step_bytes(view, fault) / 2**20:.1f} MiB"


def _keep_leaking(view: StandView, fault: ActiveFault) -> None:
    """A run of a container that began since leaks from its own beginning."""
    lives, now_ns = running_lives(view, fault.command.service), view.context.now_ns()
    for life in lives:
        fault.covered.setdefault(life, now_ns)
    _grow(view, fault, lives)


def _grow(view: StandView, fault: ActiveFault, lives: list[PodLife]) -> None:
    """Bring each run of a container to the steps that its age asks for; the first one comes at once."""
    step_bytes, now_ns = _step_bytes(view, fault), view.context.now_ns()
    lacking: dict[int, list[PodLife]] = {}
    for life in lives:
        leaked_bytes = fault.command.bytes_per_second * (now_ns - fault.covered[life]) / 1e9
        missing = 1 + int(leaked_bytes / step_bytes) - fault.held_steps.get(life, 0)
        if missing > 0:
            lacking.setdefault(missing, []).append(life)
    for steps, group in lacking.items():
        _hold(view, fault, group, steps * step_bytes)
        for life in group:
            fault.held_steps[life] = fault.held_steps.get(life, 0) + steps


def _step_bytes(view: StandView, fault: ActiveFault) -> float:
    return present_resources(view, fault.command.service)["memory_limit_bytes"] / _LEAK_STEPS


def _hold(view: StandView, fault: ActiveFault, lives: list[PodLife], num_bytes: float) -> None:
    command = fault.command
    document = memory_stress(view.namespace, command.fault_id, _names(lives), command.service, num_bytes=num_bytes)
    fault.experiments.append(inject(view.api, view.namespace, document))
    for life in lives:
        fault.covered.setdefault(life, view.context.now_ns())


def _check(view: StandView, fault: ActiveFault) -> Outcome:
    return check_experiments(view, fault, fault.command.service)


def _names(lives: list[PodLife]) -> list[str]:
    return [life.pod for life in lives]


STRESS_CPU = Fault(inject=_stress_cpu, check=_check)
STRESS_MEMORY = Fault(inject=_stress_memory, check=_check, keep_up=_keep_memory_stressed)
LEAK_MEMORY = Fault(inject=_leak, check=_check, keep_up=_keep_leaking)
