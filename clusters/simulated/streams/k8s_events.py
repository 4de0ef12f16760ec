"""Notes of pod events as the events that Kubernetes' API shows.

Wordings and reasons are the kubelet's and the controllers' (kubernetes/kubernetes: pkg/kubelet/events/event.go,
pkg/kubelet/kuberuntime, pkg/controller/deployment/util); OOMKilling is the node problem detector's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from clusters.simulated.streams.pod_events import PodEventReason
from clusters.streams import K8sEvent

BACK_OFF_SECONDS: Final = 600.0
"""A container that ran so long since its last crash is taken as one that never crashed (the kubelet's reset)."""
_NORMAL, _WARNING = "Normal", "Warning"


@dataclass(frozen=True, kw_only=True)
class PodNote:
    """One note of pod events, by name and time."""

    time_ns: int
    service: str
    reason: PodEventReason
    number: int
    """How many pods; negative: taken away."""
    replicas: int
    """Desired at the end of its bucket."""


def k8s_events(notes: Sequence[PodNote], start_ns: int, namespace: str) -> Iterator[K8sEvent]:
    """The events of the notes from `start_ns` on, in their order; earlier notes only say what is a repetition.

    Args:
        notes: in the order of time.
        start_ns: of the time to tell of.
        namespace: what makes the pods' names those of this stand.
    """
    crashes: dict[str, int] = {}
    for note in notes:
        is_crash = note.reason is PodEventReason.OOM_KILLED
        is_repeated = is_crash and note.time_ns - crashes.get(note.service, -(10**18)) < BACK_OFF_SECONDS * 1e9
        if is_crash:
            crashes[note.service] = note.time_ns
        if note.time_ns >= start_ns:
            yield from _TOLD[note.reason](note, namespace)
            if is_repeated:
                yield from _back_off(note, namespace)


def _event(note: PodNote, name: str, kind: str, type_: str, reason: str, message: str) -> K8sEvent:
    return K8sEvent(
        time_ns=note.time_ns,
        kind=kind,
        name=name,
        service=note.service,
        type=type_,
        reason=reason,
        message=message,
        count=abs(note.number),
    )


def _hexadecimal(text: str, digits: int) -> str:
    return f"{crc32(text.encode()):08x}"[:digits]


def _replica_set(note: PodNote, namespace: str) -> str:
    return f"{note.service}-{_hexadecimal(namespace + note.service, 8)}"


def _pod(note: PodNote, namespace: str) -> str:
    """A name for the pod that the note is about: who they are is not simulated, so each note has a pod of its own."""
    return f"{_replica_set(note, namespace)}-{_hexadecimal(f'{namespace}{note.service}{note.time_ns}', 5)}"


def _killing(note: PodNote, namespace: str) -> Iterator[K8sEvent]:
    yield _event(note, _pod(note, namespace), "Pod", _NORMAL, "Killing", f"Stopping container {note.service}")


def _oom_killed(note: PodNote, namespace: str) -> Iterator[K8sEvent]:
    message = f"Memory cgroup out of memory: Killed process of container {note.service}"
    yield _event(note, _pod(note, namespace), "Pod", _WARNING, "OOMKilling", message)


def _back_off(note: PodNote, namespace: str) -> Iterator[K8sEvent]:
    pod = _pod(note, namespace)
    message = f"Back-off restarting failed container {note.service} in pod {pod}"
    yield _event(note, pod, "Pod", _WARNING, "BackOff", message)


def _unhealthy(note: PodNote, namespace: str) -> Iterator[K8sEvent]:
    message = "Readiness probe failed: connection refused"
    yield _event(note, _pod(note, namespace), "Pod", _WARNING, "Unhealthy", message)


def _scaling(note: PodNote, namespace: str) -> Iterator[K8sEvent]:
    verb = "up" if note.number > 0 else "down"
    before = max(note.replicas - note.number, 0)
    message = f"Scaled {verb} replica set {_replica_set(note, namespace)} from {before} to {note.replicas}"
    yield _event(note, note.service, "Deployment", _NORMAL, "ScalingReplicaSet", message)


def _started(note: PodNote, namespace: str) -> Iterator[K8sEvent]:
    pod = _pod(note, namespace)
    yield _event(note, pod, "Pod", _NORMAL, "Pulled", f"Container image of {note.service} already present on machine")
    yield _event(note, pod, "Pod", _NORMAL, "Started", f"Started container {note.service}")


def _failed_pull(note: PodNote, namespace: str) -> Iterator[K8sEvent]:
    pod = _pod(note, namespace)
    yield _event(note, pod, "Pod", _WARNING, "Failed", f"Failed to pull image of container {note.service}: not found")
    yield _event(note, pod, "Pod", _WARNING, "BackOff", f"Back-off pulling image of container {note.service}")


_TOLD: Final = {
    PodEventReason.KILLING: _killing,
    PodEventReason.OOM_KILLED: _oom_killed,
    PodEventReason.BACK_OFF: _back_off,
    PodEventReason.UNHEALTHY: _unhealthy,
    PodEventReason.SCALING_REPLICA_SET: _scaling,
    PodEventReason.STARTED: _started,
    PodEventReason.FAILED_PULL: _failed_pull,
}
