"""Locust's users: one that lets requests arrive, whatever becomes of them, and those that wait, think and return."""

import time
from collections.abc import Callable
from typing import Any, Final

import gevent
from geventhttpclient.client import HTTPClientPool
from locust import FastHttpUser, task
from opentelemetry import propagate
from opentelemetry.trace import SpanKind

from clusters.synthetic.conditions import USER_HEADER
from clusters.synthetic.entry_requests import entry_request
from clusters.synthetic.journeys import Journeys
from clusters.synthetic.plan import PlannedRequest, ServicePlan
from clusters.synthetic.reporting import Reporting, called, mark_failed
from clusters.synthetic.workload import Workload

ENTRY_TIMEOUT_SECONDS: Final = 10.0
"""Users give up after this long, as the simulator's."""
_CONNECTIONS: Final = 1000


class Sender:
    """Sends requests by a Locust user's client, which puts them into Locust's statistics."""

    def __init__(self, plan: ServicePlan, reporting: Reporting, journeys: Journeys) -> None:
        self._plan = plan
        self._reporting = reporting
        self._journeys = journeys
        self.workload: Workload | None = None

    def offer(self, client: Any) -> None:
        """Draw a request, and send it unless it is kept back."""
        workload = self.workload
        if workload is None:
            return
        request = workload.draw()
        outcome = workload.kept(request, time.monotonic())
        if outcome is None:
            self._send(client, request)
        else:
            self._journeys.kept(request, outcome)

    def _send(self, client: Any, request: PlannedRequest) -> None:
        address = self._plan.peer(request.service).address
        with self._reporting.tracer.start_as_current_span(
            request.operation, kind=SpanKind.CLIENT, attributes=called(request.service)
        ) as span:
            sent = entry_request(request, span.get_span_context().trace_id)
            headers = {USER_HEADER: sent.user, "Content-Type": sent.content_type}
            propagate.inject(headers)
            started = time.perf_counter()
            response = client.request(
                sent.method,
                f"http://{address}{sent.path}",
                name=request.name,
                data=sent.body,
                headers=headers,
                allow_redirects=False,
            )
            duration_ms = 1e3 * (time.perf_counter() - started)
            succeeded = 0 < response.status_code < 400
            if not succeeded:
                mark_failed(span, f"status {response.status_code}" if response.status_code else "no answer")
            self._journeys.answered(request, succeeded=succeeded, duration_ms=duration_ms)


def user_classes(sender: Sender) -> tuple[type[Any], type[Any]]:
    """(the open loop's one user, a closed loop's)."""
    pool = HTTPClientPool(
        concurrency=_CONNECTIONS, network_timeout=ENTRY_TIMEOUT_SECONDS, connection_timeout=ENTRY_TIMEOUT_SECONDS
    )
    settings: dict[str, Any] = {
        "host": "http://entry",  # wanted by Locust; requests name theirs
        "client_pool": pool,
        "network_timeout": ENTRY_TIMEOUT_SECONDS,
        "connection_timeout": ENTRY_TIMEOUT_SECONDS,
    }

    def let_arrive(user: Any) -> None:
        workload = sender.workload
        if workload is None:
            gevent.sleep(0.1)
            return
        seconds, is_due = workload.wait_for_arrival(time.monotonic())
        gevent.sleep(seconds)
        if is_due:
            gevent.spawn(sender.offer, user.client)

    def send(user: Any) -> None:
        sender.offer(user.client)

    def think(_: Any) -> float:
        return sender.workload.pause_seconds() if sender.workload is not None else 1.0

    return (
        _user_class("Arrivals", let_arrive, lambda _: 0.0, settings),
        _user_class("ThinkingUser", send, think, settings),
    )


def _user_class(
    name: str, work: Callable[[Any], None], wait_time: Callable[[Any], float], settings: dict[str, Any]
) -> type[Any]:
    return type(name, (FastHttpUser,), {**settings, "work": task(work), "wait_time": wait_time})
