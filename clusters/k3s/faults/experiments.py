"""Bringing chaos resources out until they are injected, and taking them back until they are gone."""

import time
from collections.abc import Iterable
from typing import Final

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.faults.experiment_state import ExperimentState, experiment_state
from clusters.k3s.faults.ledger import Experiment
from clusters.k3s.kinds import POD, Document, kind_of
from clusters.k3s.rules.rule import NotDoneError
from clusters.stand import StandError

INJECTION_SECONDS: Final = 20.0
"""Until every target must be injected: an idle cluster takes less than one."""
PATIENCE_SECONDS: Final = 3.0
"""For a target that failed, or for none that was selected: the controllers try again about once a second."""
LIFT_SECONDS: Final = 20.0
"""Until a deleted resource must be gone; afterwards it counts as stuck."""
_POLL_SECONDS: Final = 0.2
_FORCE_FINALIZER: Final = "chaos-mesh.chaos-mesh.org/cleanFinalizer"


def inject(api: KubeApi, namespace: str, document: Document) -> Experiment:
    """Create a chaos resource and wait until it acts on all of its targets.

    Raises:
        NotDoneError: it does not; it was taken back, and the message has the reason that its records give.
        KubeError: the API server refuses it.
    """
    experiment = Experiment(kind=kind_of(document), name=document["metadata"]["name"])
    try:
        api.create(document, namespace)
    except KubeError as error:
        if error.status != 404:
            raise
        raise NotDoneError(
            f"cluster {api.cluster} knows no {experiment.kind.name}; install Chaos Mesh there: {error}"
        ) from error
    reason = _await_injection(api, namespace, experiment)
    if reason:
        remedy = lift(api, namespace, [experiment])
        raise NotDoneError(
            f"the cluster accepted the {experiment.kind.name} and never injected it: {reason}; it was deleted{remedy}"
        )
    return experiment


def state_of(api: KubeApi, namespace: str, experiment: Experiment) -> ExperimentState | None:
    """What became of an experiment; None if it is gone."""
    document = api.find(experiment.kind, experiment.name, namespace)
    return None if document is None else experiment_state(document)


def lift(api: KubeApi, namespace: str, experiments: Iterable[Experiment]) -> str:
    """Delete experiments and wait until their targets have recovered; what was needed beyond that, as a message's end.

    A resource that stays is stuck: its controllers wait for something that cannot be, such as an injection that fails
    first. Then its finalizer is taken away, and the pods that may still have the effect are replaced.

    Raises:
        StandError: a resource is still there.
    """
    left = [experiment for experiment in experiments if api.delete(experiment.kind, experiment.name, namespace)]
    left = _await_end(api, namespace, left, LIFT_SECONDS)
    if not left:
        return ""
    targets = {target.split("/")[1] for e in left if (state := state_of(api, namespace, e)) for target in state.targets}
    for experiment in left:
        _unbind(api, namespace, experiment)
    for pod in sorted(targets):
        api.delete(POD, pod, namespace, grace_seconds=0)
    still = _await_end(api, namespace, left, LIFT_SECONDS)
    if still:
        names = ", ".join(experiment.name for experiment in still)
        raise StandError(
            f"cluster {api.cluster} does not let go of {names} in {namespace}: see that Chaos Mesh's controllers run, "
            "then delete them"
        )
    names = ", ".join(experiment.name for experiment in left)
    replaced = f" and {', '.join(sorted(targets))} replaced" if targets else ""
    return f"; {names} had not recovered after {LIFT_SECONDS:g} s: finalizers were removed{replaced}"


def _await_injection(api: KubeApi, namespace: str, experiment: Experiment) -> str:
    """Why it is not injected; empty once it is."""
    start = time.monotonic()
    while True:
        state = state_of(api, namespace, experiment)
        if state is None:
            return "it was deleted by somebody else"
        if state.is_injected:
            return ""
        waited = time.monotonic() - start
        is_hopeless = bool(state.problem) or not state.is_selected
        if waited > INJECTION_SECONDS or (is_hopeless and waited > PATIENCE_SECONDS):
            unselected = "" if state.is_selected else "no pod was selected"
            return state.problem or unselected or f"no answer of its controllers within {INJECTION_SECONDS:g} s"
        time.sleep(_POLL_SECONDS)


def _await_end(api: KubeApi, namespace: str, experiments: list[Experiment], seconds: float) -> list[Experiment]:
    """Those that are still there after some time."""
    deadline = time.monotonic() + seconds
    while True:
        experiments = [e for e in experiments if api.find(e.kind, e.name, namespace) is not None]
        if not experiments or time.monotonic() > deadline:
            return experiments
        time.sleep(_POLL_SECONDS)


def _unbind(api: KubeApi, namespace: str, experiment: Experiment) -> None:
    """Let a stuck resource go: the way that Chaos Mesh knows first, which acts only after a try that succeeded."""
    for metadata in ({"annotations": {_FORCE_FINALIZER: "forced"}}, {"finalizers": None}):
        try:
            api.patch(experiment.kind, experiment.name, namespace, {"metadata": metadata})
        except KubeError as error:
            if error.status == 404:
                return
            raise
        if not _await_end(api, namespace, [experiment], 1.0):
            return
