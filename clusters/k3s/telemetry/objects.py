"""Replicas, limits, restarts and cost of all stands, from one watch on deployments and one on pods of a cluster."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kubernetes.utils.quantity import parse_quantity

from clusters.k3s.api import STAND_LABEL, KubeApi
from clusters.k3s.kinds import DEPLOYMENT, POD, Document
from clusters.k3s.telemetry.buckets import Entity, Readings
from clusters.k3s.telemetry.steps import KEPT_NS, Steps
from clusters.k3s.telemetry.watching import Change, Gap, Watcher
from clusters.topology import LOAD_GENERATOR

_Key = tuple[str, str]
"""Namespace and name of an object."""


@dataclass(frozen=True, kw_only=True)
class _DeploymentState:
    service: str
    desired: float
    ready: float
    cpu_limit_millicores: float
    memory_limit_bytes: float


@dataclass(frozen=True, kw_only=True)
class _PodState:
    service: str
    cpu_request_millicores: float
    restarts: int


class ObjectStates:
    """What is and was of every stand's objects, since it was made. Safe to share between threads.

    Args:
        api: with the right to list and watch deployments and pods in all namespaces.

    Raises:
        KubeError: the first lists cannot be had.
    """

    def __init__(self, api: KubeApi) -> None:
        self._lock = threading.Lock()
        self._deployments: dict[str, dict[str, _DeploymentState]] = defaultdict(dict)
        self._pods: dict[str, dict[str, _PodState]] = defaultdict(dict)
        self._steps: dict[str, dict[Entity, Steps]] = defaultdict(lambda: defaultdict(Steps))
        self._restarts: list[tuple[int, Entity, int]] = []
        self._watchers = [
            Watcher(api, kind, change, listed, label_selector=STAND_LABEL)
            for kind, change, listed in (
                (DEPLOYMENT, self._on_deployment, self._on_deployments),
                (POD, self._on_pod, self._on_pods),
            )
        ]

    def readings(self, signal: str, start_ns: int, end_ns: int) -> Readings:
        """A node's or stand's signal over a bucket, of all stands; what is missing is not in it."""
        if self.why_missing(start_ns, end_ns):
            return {}
        with self._lock:
            if signal == "restarts":
                return self._restarts_in(start_ns, end_ns)
            of_bucket = _OF_BUCKET[signal]
            found = {entity: of_bucket(steps, start_ns, end_ns) for entity, steps in self._steps[signal].items()}
        return {entity: value for entity, value in found.items() if not math.isnan(value)}

    def why_missing(self, start_ns: int, end_ns: int) -> str:
        """Why nothing is known of a bucket; empty: it is known."""
        if start_ns < max(watcher.since_ns for watcher in self._watchers):
            return "the watch on deployments and pods began later"
        gaps: list[Gap] = [gap for watcher in self._watchers if (gap := watcher.gap_in(start_ns, end_ns))]
        return gaps[0].reason if gaps else ""

    def pods(self, namespace: str) -> dict[str, str]:
        """Name -> service of a stand's pods that are there now."""
        with self._lock:
            return {name: pod.service for name, pod in self._pods.get(namespace, {}).items()}

    def close(self) -> None:
        """Stop watching."""
        for watcher in self._watchers:
            watcher.close()

    def _restarts_in(self, start_ns: int, end_ns: int) -> Readings:
        counts: dict[Entity, float] = dict.fromkeys(self._steps["replicas_desired"], 0.0)
        for at_ns, entity, number in self._restarts:
            if start_ns <= at_ns < end_ns:
                counts[entity] = counts.get(entity, 0.0) + number
        return counts

    def _on_deployment(self, change: Change, document: Document) -> None:
        namespace, name = _key(document)
        with self._lock:
            here = self._deployments[namespace]
            services = {here.pop(name).service} if name in here else set()
            if change is not Change.DELETED:
                here[name] = _deployment_state(document)
                services.add(here[name].service)
            for service in services:
                self._update_service(namespace, service)

    def _on_deployments(self, present: set[_Key]) -> None:
        for document in _gone(self._deployments, present):
            self._on_deployment(Change.DELETED, document)

    def _update_service(self, namespace: str, service: str) -> None:
        """A service's deployment and, for a while, the one of its canary."""
        mine = {name: one for name, one in self._deployments[namespace].items() if one.service == service}
        main = mine.get(service) or next(iter(mine.values()), None)
        values = {
            "replicas_desired": sum(state.desired for state in mine.values()) if mine else math.nan,
            "replicas_ready": sum(state.ready for state in mine.values()) if mine else math.nan,
            "cpu_limit_millicores": main.cpu_limit_millicores if main else math.nan,
            "memory_limit_bytes": main.memory_limit_bytes if main else math.nan,
        }
        for signal, value in values.items():
            self._change(signal, (namespace, service), value)

    def _on_pod(self, change: Change, document: Document) -> None:
        namespace, name = _key(document)
        with self._lock:
            here = self._pods[namespace]
            before = here.pop(name, None)
            if change is not Change.DELETED and not _is_over(document):
                here[name] = state = _pod_state(document)
                known = state.restarts if before is None else before.restarts
                if state.restarts > known:
                    self._note_restarts((namespace, state.service), state.restarts - known)
            reserved = [pod.cpu_request_millicores for pod in here.values() if pod.service != LOAD_GENERATOR]
            is_there = here or self._deployments[namespace]
            self._change("resource_cost_millicores", (namespace,), sum(reserved) if is_there else math.nan)

    def _on_pods(self, present: set[_Key]) -> None:
        for document in _gone(self._pods, present):
            self._on_pod(Change.DELETED, document)

    def _note_restarts(self, entity: Entity, number: int) -> None:
        now_ns = time.time_ns()
        self._restarts = [note for note in self._restarts if note[0] > now_ns - KEPT_NS]
        self._restarts.append((now_ns, entity, number))

    def _change(self, signal: str, entity: Entity, value: float) -> None:
        now_ns = time.time_ns()
        of_signal = self._steps[signal]
        of_signal[entity].change(now_ns, value)
        if math.isnan(value):
            for other in [one for one, steps in of_signal.items() if steps.is_forgotten(now_ns)]:
                del of_signal[other]


def _mean(steps: Steps, start_ns: int, end_ns: int) -> float:
    return steps.mean(start_ns, end_ns)


def _at_end(steps: Steps, start_ns: int, end_ns: int) -> float:
    return steps.at(end_ns)


_OF_BUCKET: Mapping[str, Callable[[Steps, int, int], float]] = {
    "replicas_ready": _mean,
    "replicas_desired": _at_end,
    "cpu_limit_millicores": _at_end,
    "memory_limit_bytes": _at_end,
    "resource_cost_millicores": _at_end,
}
NODE_SIGNALS_WATCHED = ("cpu_limit_millicores", "memory_limit_bytes", "restarts", "replicas_ready", "replicas_desired")
STAND_SIGNALS_WATCHED = ("resource_cost_millicores",)


def _gone(known: Mapping[str, Mapping[str, object]], present: set[_Key]) -> list[Document]:
    """What is known and was not listed: it went while nobody watched."""
    keys = {(namespace, name) for namespace, names in known.items() for name in names} - present
    return [{"metadata": {"namespace": namespace, "name": name}} for namespace, name in sorted(keys)]


def _key(document: Document) -> _Key:
    return document["metadata"]["namespace"], document["metadata"]["name"]


def _is_over(pod: Document) -> bool:
    return "deletionTimestamp" in pod["metadata"] or pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def _deployment_state(document: Document) -> _DeploymentState:
    container = document["spec"]["template"]["spec"]["containers"][0]
    limits = container.get("resources", {}).get("limits", {})
    return _DeploymentState(
        service=container["name"],
        desired=float(document["spec"].get("replicas", 1)),
        ready=float(document.get("status", {}).get("readyReplicas", 0)),
        cpu_limit_millicores=1000.0 * float(parse_quantity(limits["cpu"])) if "cpu" in limits else math.nan,
        memory_limit_bytes=float(parse_quantity(limits["memory"])) if "memory" in limits else math.nan,
    )


def _pod_state(document: Document) -> _PodState:
    containers = document["spec"]["containers"]
    requests = [container.get("resources", {}).get("requests", {}).get("cpu", "0") for container in containers]
    statuses = document.get("status", {}).get("containerStatuses", [])
    return _PodState(
        service=containers[0]["name"],
        cpu_request_millicores=1000.0 * float(sum(map(parse_quantity, requests))),
        restarts=sum(status["restartCount"] for status in statuses),
    )
