"""Logs of stands' pods, followed from the moment that somebody asks for a stand's logs."""

import threading
from collections import defaultdict, deque
from datetime import UTC, datetime

import urllib3

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.kinds import POD
from clusters.k3s.telemetry.log_lines import RawLine, read_line
from clusters.k3s.telemetry.objects import ObjectStates
from clusters.k3s.telemetry.steps import KEPT_NS
from clusters.stand import StandError

_KEPT_LINES = 20_000
"""Of one stand."""
_MAX_FOLLOWED = 400
"""Pods of one cluster: each costs a connection and a thread."""
_FOLLOW_SECONDS = 600.0
_BACKLOG_BYTES = 2**20
"""Of one pod's earlier lines."""

_Pod = tuple[str, str]
"""Namespace and name."""


class StandLogs:
    """Safe to share between threads.

    Args:
        api: with the right to read pods' logs in all namespaces.
        objects: tells which pods a stand has.
    """

    def __init__(self, api: KubeApi, objects: ObjectStates) -> None:
        self._api, self._objects = api, objects
        self._lock = threading.Lock()
        self._lines: dict[str, deque[RawLine]] = defaultdict(lambda: deque(maxlen=_KEPT_LINES))
        self._followed: dict[_Pod, int] = {}
        self._is_closed = False

    def told(self, namespace: str, start_ns: int, end_ns: int) -> list[RawLine]:
        """The lines of a stand's pods from `start_ns` to before `end_ns`, in the order of time.

        Raises:
            StandError: more pods than can be followed.
        """
        for name, service in self._objects.pods(namespace).items():
            self._follow(namespace, name, service, start_ns)
        with self._lock:
            kept = [line for line in self._lines[namespace] if start_ns <= line.time_ns < end_ns]
            for other in [
                name for name, lines in self._lines.items() if not lines or lines[-1].time_ns < start_ns - KEPT_NS
            ]:
                del self._lines[other]
        return sorted(kept, key=lambda line: line.time_ns)

    def close(self) -> None:
        """Stop following; each thread ends with the next line of its pod at the latest."""
        self._is_closed = True

    def _follow(self, namespace: str, name: str, service: str, since_ns: int) -> None:
        """Read what a pod wrote since then, and go on in a thread."""
        with self._lock:
            if (namespace, name) in self._followed or self._is_closed:
                return
            if len(self._followed) >= _MAX_FOLLOWED:
                raise StandError(
                    f"cluster {self._api.cluster}: the logs of {_MAX_FOLLOWED} pods are followed already; "
                    "switch the stream logs off for some stands"
                )
            self._followed[namespace, name] = since_ns
        try:
            query = self._query(service, since_ns) | {"limitBytes": str(_BACKLOG_BYTES)}
            for line in self._api.raw(POD.path(namespace, name, "log"), query=query).splitlines():
                self._keep(namespace, name, line, service)
        except KubeError:
            self._leave(namespace, name)  # it does not run yet, or no more: the next call tries again
            return
        arguments = (namespace, name, service)
        threading.Thread(target=self._go_on, args=arguments, name=f"log-{name}", daemon=True).start()

    def _go_on(self, namespace: str, name: str, service: str) -> None:
        query = self._query(service, self._followed[namespace, name]) | {"follow": "true"}
        try:
            response = self._api.stream(POD.path(namespace, name, "log"), query=query, timeout_seconds=_FOLLOW_SECONDS)
            try:
                rest = b""
                for chunk in response.stream(amt=None, decode_content=True):
                    if self._is_closed:
                        return
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        self._keep(namespace, name, line.decode(errors="replace"), service)
            finally:
                response.close()
        except (KubeError, urllib3.exceptions.HTTPError, OSError):
            pass  # the next call begins where this one ended
        finally:
            self._leave(namespace, name)

    def _keep(self, namespace: str, name: str, line: str, service: str) -> None:
        try:
            raw = read_line(line, service)
        except ValueError:
            return  # cut off, or the kubelet's own words
        with self._lock:
            # The API counts in whole seconds, so it may tell lines again.
            if raw.time_ns > self._followed.get((namespace, name), -1):
                self._followed[namespace, name] = raw.time_ns
                self._lines[namespace].append(raw)

    def _leave(self, namespace: str, name: str) -> None:
        with self._lock:
            self._followed.pop((namespace, name), None)

    @staticmethod
    def _query(container: str, since_ns: int) -> dict[str, str]:
        since = datetime.fromtimestamp(since_ns // 10**9, UTC).isoformat().replace("+00:00", "Z")
        return {"container": container, "timestamps": "true", "sinceTime": since}
