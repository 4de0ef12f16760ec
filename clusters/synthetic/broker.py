"""The broker: what operations hand over waits here, per consumer, until a consumer has done it."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from aiohttp import web
from opentelemetry import propagate
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.trace import SpanKind

from clusters.synthetic.conditions import Behaviour
from clusters.synthetic.plan import PlannedCall, ServicePlan
from clusters.synthetic.reporting import Reporting, called

LAG_METRIC: Final = "kafka.consumer_group.lag"
FETCH_PATH: Final = "/-/fetch"
"""No operation is called so."""
_LEASE_SECONDS: Final = 30.0
"""A message whose consumer has not said so long that it is done is handed out again."""
_WAIT_SECONDS: Final = 1.0
"""How long a fetch waits for a message."""


class Line:
    """The messages of one consumer, in order."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, dict[str, str]]] = deque()
        self._taken: dict[int, tuple[float, dict[str, str]]] = {}
        self._ids = itertools.count()
        self._arrived = asyncio.Event()

    @property
    def num_waiting(self) -> int:
        """The lag."""
        return len(self._waiting)

    def put(self, headers: dict[str, str]) -> None:
        """Append a message."""
        self._waiting.append((next(self._ids), headers))
        self._arrived.set()

    async def take(self, wait_seconds: float, now_seconds: float) -> tuple[int, dict[str, str]] | None:
        """The oldest message, now leased; None if none comes within `wait_seconds`."""
        self._take_back(now_seconds)
        if not self._waiting:
            self._arrived.clear()
            try:
                async with asyncio.timeout(wait_seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        if not self._waiting:  # another fetch that waited was faster
            return None
        number, headers = self._waiting.popleft()
        self._taken[number] = now_seconds + _LEASE_SECONDS, headers
        return number, headers

    def done(self, number: int) -> None:
        """Forget a message that was taken."""
        self._taken.pop(number, None)

    def forget(self) -> int:
        """Drop all messages; returns how many."""
        num_messages = len(self._waiting) + len(self._taken)
        self._waiting.clear()
        self._taken.clear()
        return num_messages

    def _take_back(self, now_seconds: float) -> None:
        for number in [number for number, (end, _) in self._taken.items() if end < now_seconds]:
            self._waiting.appendleft((number, self._taken.pop(number)[1]))


class Broker:
    """The lines of all consumers. Belongs to one event loop."""

    def __init__(self, plan: ServicePlan, reporting: Reporting) -> None:
        self._reporting = reporting
        calls = [call for operation in plan.operations for call in operation.calls if call.asynchronous]
        self._lines = {(call.service, call.operation): Line() for call in calls}
        reporting.meter.create_observable_gauge(LAG_METRIC, [self._lags], unit="1")

    async def hand_over(self, call: PlannedCall, behaviour: Behaviour) -> None:
        """Append a message for the callee."""
        with self._reporting.tracer.start_as_current_span(
            call.operation, kind=SpanKind.PRODUCER, attributes=called(call.service)
        ):
            headers = dict(behaviour.passed_on)
            propagate.inject(headers)
            self._lines[call.service, call.operation].put(headers)

    def forget(self) -> int:
        """Drop all messages that wait or are being worked on; returns how many."""
        return sum(line.forget() for line in self._lines.values())

    async def fetch(self, request: web.Request) -> web.Response:
        """`{"group", "topic", "done"}` -> the next message of that line, `{}` if none came; `done` was taken before."""
        asked: dict[str, Any] = await request.json()
        line = self._lines.get((asked["group"], asked["topic"]))
        if line is None:
            return web.json_response({"error": f"no line {asked['group']}.{asked['topic']}"}, status=404)
        if asked.get("done") is not None:
            line.done(asked["done"])
        taken = await line.take(_WAIT_SECONDS, time.monotonic())
        return web.json_response({} if taken is None else {"number": taken[0], "headers": taken[1]})

    def _lags(self, _: CallbackOptions) -> Iterable[Observation]:
        for (group, topic), line in self._lines.items():
            yield Observation(line.num_waiting, {"group": group, "topic": topic})
