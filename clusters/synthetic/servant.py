"""Executing operations: a worker, CPU, waiting, errors, calls, in this order, as the simulator's model has it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from opentelemetry import propagate
from opentelemetry.trace import Span, SpanKind

from clusters.synthetic.calls import Caller
from clusters.synthetic.conditions import USER_HEADER, Behaviour, Conditions
from clusters.synthetic.cpu_burner import CpuBurner
from clusters.synthetic.held_memory import HeldMemory
from clusters.synthetic.kept_entries import KeptEntries
from clusters.synthetic.plan import PlannedCall, PlannedOperation, ServicePlan
from clusters.synthetic.reporting import Reporting, mark_failed
from clusters.synthetic.token_bucket import TokenBucket
from clusters.synthetic.wire import Outcome

_WAITING_PER_WORKER: Final = 8
"""Requests that may wait per worker; more are refused."""

HandOver = Callable[[PlannedCall, Behaviour], Awaitable[None]]
"""What a broker does with an asynchronous call."""


class Servant:
    """The workers of one pod. Belongs to one event loop."""

    def __init__(
        self,
        plan: ServicePlan,
        reporting: Reporting,
        conditions: Conditions,
        *,
        seed: int | None = None,
        hand_over: HandOver | None = None,
    ) -> None:
        self._plan = plan
        self._reporting = reporting
        self._conditions = conditions
        self._hand_over = hand_over
        self._random = random.Random(seed)
        self._caller = Caller(plan, reporting, self._random)
        self._burner = CpuBurner()
        self._memory = HeldMemory(plan.memory_base_bytes, plan.memory_per_request_bytes)
        self._workers = asyncio.Semaphore(plan.workers)
        self._bucket = TokenBucket(plan.max_rate_rps, time.monotonic()) if plan.max_rate_rps else None
        self._entries = KeptEntries(reporting.meter) if plan.kind == "cache" else None
        self._num_inside = 0

    @property
    def num_inside(self) -> int:
        """Requests that wait or are worked on."""
        return self._num_inside

    async def serve(self, operation: str, headers: Mapping[str, str], *, is_message: bool = False) -> Outcome:
        """Execute one request, or one message of the broker; whoever gives up on it does not end it."""
        return await asyncio.shield(asyncio.ensure_future(self._serve(operation, headers, is_message)))

    def forget(self) -> dict[str, int]:
        """Become as after a start; returns what there was, by name."""
        forgotten = {"leaked_bytes": self._memory.forget(), "callers_flags": self._conditions.forget()}
        return forgotten | ({"entries": self._entries.forget()} if self._entries is not None else {})

    async def close(self) -> None:
        """Close the connections to others."""
        self._burner.close()
        await self._caller.close()

    async def _serve(self, name: str, headers: Mapping[str, str], is_message: bool) -> Outcome:
        operation = self._plan.operation(name)
        if operation is None:
            return Outcome.UNKNOWN
        with self._reporting.tracer.start_as_current_span(
            name,
            context=propagate.extract(headers),
            kind=SpanKind.CONSUMER if is_message else SpanKind.SERVER,
        ) as span:
            behaviour = self._conditions.behaviour(name, headers)
            outcome = self._refusal(is_message=is_message)
            if outcome is None:
                self._num_inside += 1
                self._reporting.active_requests.add(1)
                try:
                    with self._memory.request(behaviour.leak_bytes):
                        async with self._workers:
                            if self._entries is not None:
                                self._entries.look_up(headers.get(USER_HEADER, ""))
                            outcome = await self._execute(operation, behaviour)
                finally:
                    self._reporting.active_requests.add(-1)
                    self._num_inside -= 1
            if outcome is not Outcome.OK:
                self._tell(span, name, outcome)
        return outcome

    def _refusal(self, *, is_message: bool) -> Outcome | None:
        if self._bucket is not None and not self._bucket.admits(time.monotonic()):
            return Outcome.LIMITED
        # A consumer takes a message when it has a worker for it: its line is at the broker.
        is_full = self._num_inside >= (1 + _WAITING_PER_WORKER) * self._plan.workers
        return Outcome.FULL if is_full and not is_message else None

    async def _execute(self, operation: PlannedOperation, behaviour: Behaviour) -> Outcome:
        if operation.cpu_milliseconds:
            mean_seconds = operation.cpu_milliseconds * behaviour.cpu_factor / 1e3
            await self._burner.burn(self._random.expovariate(1.0 / mean_seconds))
        waiting_seconds = operation.latency_milliseconds / 1e3 + behaviour.added_latency_seconds
        if waiting_seconds:
            await asyncio.sleep(waiting_seconds)
        if self._random.random() < behaviour.error_ratio:
            return Outcome.FAILED
        for call in operation.calls:
            if self._conditions.leaves_out(call):
                continue
            if call.asynchronous and self._hand_over is not None:
                for _ in range(self._caller.times(call.count * behaviour.call_factor(call.service))):
                    await self._hand_over(call, behaviour)
            elif not await self._caller.call(call, behaviour) and call.required:
                return Outcome.FAILED
        return Outcome.OK

    def _tell(self, span: Span, name: str, outcome: Outcome) -> None:
        mark_failed(span, outcome)
        words = "internal error" if outcome is Outcome.FAILED else outcome.replace("_", " ")
        self._reporting.log("ERROR", f"failed to handle {name}: {words}", span)
