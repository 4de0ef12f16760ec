"""A consumer's workers: each fetches a message from the broker, executes it, and fetches the next."""

import asyncio
from typing import Any, Final

import aiohttp

from clusters.synthetic.broker import FETCH_PATH
from clusters.synthetic.plan import Peer, PlannedOperation, ServicePlan
from clusters.synthetic.reporting import Reporting
from clusters.synthetic.servant import Servant

_PAUSE_SECONDS: Final = 0.5
"""Before a broker that did not answer is asked again."""
_TIMEOUT_SECONDS: Final = 5.0


class Consumer:
    """One pod's share of a consumer group."""

    def __init__(
        self, plan: ServicePlan, broker: Peer, servant: Servant, reporting: Reporting, answered: asyncio.Event
    ) -> None:
        """`answered` is set once the broker has answered."""
        self._plan = plan
        self._broker = broker
        self._servant = servant
        self._reporting = reporting
        self._answered = answered

    async def run(self) -> None:
        """Consume until cancelled."""
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as tasks:
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
                await self._servant.serve(operation.name, message["headers"], is_message=True)

    async def _fetch(
        self, session: aiohttp.ClientSession, operation: PlannedOperation, done: int | None
    ) -> dict[str, Any] | None:
        asked = {"group": self._plan.service, "topic": operation.name, "done": done}
        try:
            async with session.post(f"http://{self._broker.address}{FETCH_PATH}", json=asked) as response:
                message: dict[str, Any] | None = await response.json() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            message = None
        if message is not None:
            self._answered.set()
        elif self._answered.is_set():
            self._reporting.log("WARN", "the broker does not answer")
        return message
