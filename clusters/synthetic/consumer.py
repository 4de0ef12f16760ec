"""A consumer's workers: each fetches a message from the broker, executes it, and fetches the next."""

import asyncio
from typing import Any, Final

import aiohttp
from opentelemetry.trace import SpanKind

from clusters.synthetic.plan import PlannedOperation, ServicePlan
from clusters.synthetic.reporting import Reporting
from clusters.synthetic.servant import Servant

_PAUSE_SECONDS: Final = 0.5
"""Before a broker that did not answer is asked again."""
_TIMEOUT_SECONDS: Final = 5.0


class Consumer:
    """Ready once the broker has answered."""

    def __init__(self, plan: ServicePlan, servant: Servant, reporting: Reporting) -> None:
        self._plan = plan
        self._servant = servant
        self._reporting = reporting
        self.was_answered = asyncio.Event()

    async def run(self) -> None:
        """Consume until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)) as session:
            async with asyncio.TaskGroup() as tasks:
                for operation in self._plan.operations:
                    for _ in range(self._plan.workers):
                        tasks.create_task(self._work(session, operation))

    async def _work(self, session: aiohttp.ClientSession, operation: PlannedOperation) -> None:
        done: int | None = None
        while True:
            message = await self._fetch(session, operation, done)
            if message is None:
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            done = message.get("number")
            if done is not None:
                await self._servant.serve(operation.name, message["headers"], SpanKind.CONSUMER)

    async def _fetch(
        self, session: aiohttp.ClientSession, operation: PlannedOperation, done: int | None
    ) -> dict[str, Any] | None:
        asked = {"group": self._plan.service, "topic": operation.name, "done": done}
        try:
            async with session.post(f"http://{self._plan.broker}/-/fetch", json=asked) as response:
                message: dict[str, Any] | None = await response.json() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            message = None
        if message is not None:
            self.was_answered.set()
        elif self.was_answered.is_set():
            self._reporting.log("WARN", "the broker does not answer")
        return message
