"""What a chaos resource's status says, as Chaos Mesh wrote it on a real cluster."""

from typing import Any

from clusters.k3s.faults.experiment_state import experiment_state


def _document(conditions: dict[str, str], *records: dict[str, Any]) -> dict[str, Any]:
    listed = [{"type": kind, "status": status} for kind, status in conditions.items()]
    return {"status": {"conditions": listed, "experiment": {"desiredPhase": "Run", "containerRecords": list(records)}}}


def _record(pod: str, *events: tuple[str, str, str]) -> dict[str, Any]:
    told = [{"operation": operation, "type": kind, "message": message} for operation, kind, message in events]
    return {"id": f"gym/{pod}", "phase": "Not Injected", "injectedCount": 0, "events": told}


def test_a_resource_that_nobody_has_looked_at_is_neither_selected_nor_injected() -> None:
    state = experiment_state({"metadata": {}})
    assert (state.is_selected, state.is_injected, state.problem, state.targets) == (False, False, "", ())


def test_recovered_says_nothing_about_an_injection() -> None:
    state = experiment_state(_document({"Selected": "True", "AllInjected": "False", "AllRecovered": "True"}))
    assert state.is_selected
    assert not state.is_injected


def test_injected_without_a_target_is_not_injected() -> None:
    assert not experiment_state(_document({"Selected": "False", "AllInjected": "True"})).is_injected


def test_only_the_last_try_at_each_target_is_a_problem() -> None:
    failed, worked = ("Apply", "Failed", "no tproxy"), ("Apply", "Succeeded", "")
    conditions = {"Selected": "True", "AllInjected": "False"}
    state = experiment_state(_document(conditions, _record("a", failed, worked), _record("b", worked, failed)))
    assert state.problem == "gym/b: no tproxy"
    assert state.targets == ("gym/a", "gym/b")
