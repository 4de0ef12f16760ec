"""Kubernetes events of all stands, from one watch."""

import threading
import time
from collections import defaultdict, deque
from datetime import datetime

from clusters.k3s.api import KubeApi
from clusters.k3s.kinds import CHAOS_VERSION, EVENT, Document
from clusters.k3s.telemetry.services import service_of
from clusters.k3s.telemetry.watching import Change, Watcher
from clusters.streams import K8sEvent
from clusters.topology import Application

_KEPT_EVENTS = 5000
"""Of one stand."""
_SECOND_NS = 10**9


class StandEvents:
    """Safe to share between threads.

    Args:
        api: with the right to list and watch events in all namespaces.
        namespace_prefix: of the stands.
        lag_seconds: what comes later than this after it happened counts from when it came, so that it is told once.

    Raises:
        KubeError: the first list cannot be had.
    """

    def __init__(self, api: KubeApi, namespace_prefix: str, lag_seconds: float) -> None:
        self._prefix, self._lag_ns = f"{namespace_prefix}-", round(lag_seconds * _SECOND_NS)
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._events: dict[str, deque[tuple[int, int, Document]]] = defaultdict(lambda: deque(maxlen=_KEPT_EVENTS))
        self._is_first_list = True
        self._watcher = Watcher(api, EVENT, self._on_event, self._on_list)

    def told(self, application: Application, namespace: str, start_ns: int, end_ns: int) -> tuple[K8sEvent, ...]:
        """The events of a stand's services from `start_ns` to before `end_ns`, in the order of time.

        What is about none of them is about the experiment that injects a fault. Its part in a pod is called as the pod.
        To tell either would tell the fault.
        """
        with self._lock:
            kept = [
                event
                for event in self._events.get(namespace, ())
                if start_ns <= event[0] < end_ns and not _is_of_experiment(event[2])
            ]
        events = (
            _event(application, document, time_ns, count)
            for time_ns, count, document in sorted(kept, key=lambda e: e[0])
        )
        return tuple(event for event in events if event.service)

    def close(self) -> None:
        """Stop watching."""
        self._watcher.close()

    def _on_event(self, change: Change, document: Document) -> None:
        namespace = document["metadata"]["namespace"]
        if not namespace.startswith(self._prefix):
            return
        uid, count = document["metadata"]["uid"], _count(document)
        with self._lock:
            if change is Change.DELETED:
                self._counts.pop(uid, None)
                return
            new = count - self._counts.get(uid, 0)
            if new <= 0:
                return
            self._counts[uid] = count
            happened, now_ns = _time_ns(document), time.time_ns()
            if not self._is_first_list and happened < now_ns - self._lag_ns:
                happened = now_ns
            self._events[namespace].append((happened, new, document))

    def _on_list(self, present: set[tuple[str, str]]) -> None:
        self._is_first_list = False
        with self._lock:
            for namespace in set(self._events) - {namespace for namespace, _ in present}:
                # The API keeps events for an hour: a stand without any is gone.
                del self._events[namespace]


def _is_of_experiment(document: Document) -> bool:
    """Whether an event is about a resource of Chaos Mesh."""
    group: str = document["involvedObject"].get("apiVersion", "").partition("/")[0]
    return group == CHAOS_VERSION.partition("/")[0]


def _count(document: Document) -> int:
    series = document.get("series") or {}
    return int(series.get("count") or document.get("count") or 1)


def _time_ns(document: Document) -> int:
    """When it happened last, as its reporter says; most say whole seconds."""
    series = document.get("series") or {}
    text = series.get("lastObservedTime") or document.get("lastTimestamp") or document.get("eventTime")
    text = text or document["metadata"]["creationTimestamp"]
    return round(datetime.fromisoformat(text).timestamp() * _SECOND_NS)


def _event(application: Application, document: Document, time_ns: int, count: int) -> K8sEvent:
    about = document["involvedObject"]
    return K8sEvent(
        time_ns=time_ns,
        kind=about.get("kind", ""),
        name=about.get("name", ""),
        service=service_of(application, about.get("name", "")),
        type=document.get("type", "Normal"),
        reason=document.get("reason", ""),
        message=document.get("message", ""),
        count=count,
    )
