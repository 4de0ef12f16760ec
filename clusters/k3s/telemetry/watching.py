"""One kind of object of all stands, followed by a watch that survives its server's restarts.

list -> watch -> (ended: watch on | 410 Gone: list again | broken: wait, then list again)
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import urllib3
from tenacity import Retrying, retry_if_exception_type, stop_never, wait_exponential

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.kinds import Document, Kind

_WATCH_SECONDS = 240
_INTERRUPTIONS = (KubeError, urllib3.exceptions.HTTPError, OSError, ValueError)
"""What a server or a connection that goes away makes of a request; ValueError: half a document."""


class Change(StrEnum):
    """What happened to an object."""

    LISTED = "listed"
    """It was there when the watch began, or began again."""
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A time in which changes could not be seen when they happened, UTC nanoseconds."""

    start_ns: int
    end_ns: int | None
    """None: it lasts."""
    reason: str


class Watcher:
    """Follows a kind in a thread of its own, until closed.

    Args:
        api: with the right to list and watch it in all namespaces.
        kind: of objects.
        on_change: called with each change, in the watch's thread.
        on_list: called with the keys (namespace, name) of all objects that a list found.
        label_selector: of the objects.
        watch_seconds: after so long the server ends a watch, and the next one goes on.

    Raises:
        KubeError: the first list cannot be had.
    """

    def __init__(
        self,
        api: KubeApi,
        kind: Kind,
        on_change: Callable[[Change, Document], None],
        on_list: Callable[[set[tuple[str, str]]], None],
        *,
        label_selector: str = "",
        watch_seconds: int = _WATCH_SECONDS,
    ) -> None:
        self._api, self._kind, self._selector = api, kind, label_selector
        self._on_change, self._on_list = on_change, on_list
        self._watch_seconds, self._version = watch_seconds, ""
        self._is_closed = threading.Event()
        self._gaps: list[Gap] = []
        self._list()
        self.since_ns = time.time_ns()
        """From when on changes are seen."""
        self._thread = threading.Thread(target=self._follow, name=f"watch-{kind.plural}", daemon=True)
        self._thread.start()

    def gap_in(self, start_ns: int, end_ns: int) -> Gap | None:
        """A gap that reaches into a time, if there is one."""
        for gap in reversed(self._gaps):
            if gap.start_ns < end_ns and (gap.end_ns is None or gap.end_ns > start_ns):
                return gap
        return None

    def close(self) -> None:
        """Stop following. The thread ends with its present watch at the latest."""
        self._is_closed.set()

    def _follow(self) -> None:
        retrying = Retrying(
            retry=retry_if_exception_type(_INTERRUPTIONS),
            wait=wait_exponential(multiplier=0.2, max=5.0),
            stop=stop_never,
            sleep=self._pause,
        )
        try:
            while not self._is_closed.is_set():
                for attempt in retrying:
                    with attempt:
                        self._follow_once()
        finally:
            # Nobody waits for this thread: if a defect ended it, what it watched is unknown from now on.
            if not self._is_closed.is_set():
                self._begin_gap(f"the watch on {self._kind.plural} of cluster {self._api.cluster} ended by an error")

    def _pause(self, seconds: float) -> None:
        self._is_closed.wait(seconds)

    def _follow_once(self) -> None:
        """One watch to its end, or what broke it as an exception."""
        if self._is_closed.is_set():
            return
        try:
            if not self._version:
                self._list()
                self._end_gap()
            self._watch()
        except _INTERRUPTIONS as error:
            self._begin_gap(f"the watch on {self._kind.plural} of cluster {self._api.cluster} broke: {error}")
            self._version = ""
            raise

    def _watch(self) -> None:
        changes = self._api.watch(
            self._kind,
            label_selector=self._selector,
            resource_version=self._version,
            timeout_seconds=self._watch_seconds,
        )
        for type_, document in changes:
            if self._is_closed.is_set():
                return
            if type_ == "ERROR":
                # 410 Gone, as a rule: the server has forgotten what came after our version.
                self._version = ""
                return
            self._version = document["metadata"]["resourceVersion"]
            if type_ != "BOOKMARK":
                self._on_change(Change.DELETED if type_ == "DELETED" else Change.CHANGED, document)

    def _list(self) -> None:
        query = {"labelSelector": self._selector} if self._selector else {}
        page = json.loads(self._api.raw(self._kind.path(), query=query))
        for item in page["items"]:
            self._on_change(Change.LISTED, item)
        self._on_list({(item["metadata"]["namespace"], item["metadata"]["name"]) for item in page["items"]})
        self._version = page["metadata"]["resourceVersion"]

    def _begin_gap(self, reason: str) -> None:
        if not self._gaps or self._gaps[-1].end_ns is not None:
            self._gaps.append(Gap(start_ns=time.time_ns(), end_ns=None, reason=reason))

    def _end_gap(self) -> None:
        if self._gaps and self._gaps[-1].end_ns is None:
            last = self._gaps[-1]
            self._gaps[-1] = Gap(start_ns=last.start_ns, end_ns=time.time_ns(), reason=last.reason)
