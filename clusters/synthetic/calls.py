"""The calls that an operation makes: in order, so many times each, with time-outs and retries, over HTTP or gRPC."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import grpc
from opentelemetry import propagate
from opentelemetry.trace import SpanKind

from clusters.synthetic.conditions import Behaviour
from clusters.synthetic.plan import Peer, PlannedCall, ServicePlan
from clusters.synthetic.reporting import Reporting, called, mark_failed
from clusters.synthetic.wire import REQUEST_BODY

_CHANNELS: Final = 4
"""Connections to a gRPC service: each reaches one replica behind its address, until it is renewed."""
_CHANNEL_OPTIONS: Final = (
    ("grpc.use_local_subchannel_pool", 1),
    # A connection that a fault has silenced is given up and made anew in seconds, not in TCP's minutes.
    ("grpc.keepalive_time_ms", 3000),
    ("grpc.keepalive_timeout_ms", 2000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),
)
_IDLE_SECONDS: Final = 4.0
"""An HTTP connection that was not used for so long is closed: the next one sees how the service is reached by then."""
_SLOW_SECONDS: Final = 0.4
"""A call that takes longer is warned of, as on the simulator."""


class Caller:
    """The clients of one pod. Belongs to one event loop."""

    def __init__(self, plan: ServicePlan, reporting: Reporting, random_numbers: random.Random) -> None:
        self._plan = plan
        self._reporting = reporting
        self._random = random_numbers
        self._http: aiohttp.ClientSession | None = None
        self._channels: dict[str, tuple[grpc.aio.Channel, ...]] = {}

    async def call(self, call: PlannedCall, behaviour: Behaviour) -> bool:
        """Make the call as often as planned; False once an execution of it failed for good."""
        for _ in range(self.times(call.count * behaviour.call_factor(call.service))):
            attempts = 1 + call.max_retries + behaviour.added_retries(call.service)
            for attempt in range(attempts):
                if attempt:
                    self._reporting.log("WARN", f"retrying call to {call.service}")
                if await self._attempt(call, behaviour.passed_on, is_retry=attempt > 0):
                    break
            else:
                return False
        return True

    def times(self, count: float) -> int:
        """`count` rounded up or down at random, so that it is the mean."""
        whole = int(count)
        return whole + (self._random.random() < count - whole)

    async def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()
        for channels in self._channels.values():
            for channel in channels:
                await channel.close()

    async def _attempt(self, call: PlannedCall, passed_on: Mapping[str, str], *, is_retry: bool) -> bool:
        peer = self._plan.peer(call.service)
        loop = asyncio.get_running_loop()
        with self._reporting.tracer.start_as_current_span(
            call.operation,
            kind=SpanKind.CLIENT,
            attributes=called(call.service, is_retry=is_retry),
        ) as span:
            headers = dict(passed_on)
            propagate.inject(headers)
            started = loop.time()
            try:
                async with asyncio.timeout(call.timeout_seconds):
                    send = self._send_grpc if peer.protocol == "grpc" else self._send_http
                    failure = await send(peer, call.operation, headers)
            except TimeoutError:
                failure = "deadline exceeded"
            if failure:
                mark_failed(span, failure)
                self._reporting.log("ERROR", f"call to {call.service} failed: {failure}", span)
            elif loop.time() - started > _SLOW_SECONDS:
                elapsed_ms = 1e3 * (loop.time() - started)
                self._reporting.log("WARN", f"slow call to {call.service}: {elapsed_ms:.0f} ms", span)
        return not failure

    async def _send_http(self, peer: Peer, operation: str, headers: Mapping[str, str]) -> str:
        """The failure in a few words; empty: it succeeded."""
        if self._http is None:
            # No bound on connections and no total time-out: the plan's alone counts.
            connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=10, keepalive_timeout=_IDLE_SECONDS)
            self._http = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        try:
            url = f"http://{peer.address}/{operation}"
            async with self._http.post(url, data=REQUEST_BODY, headers=headers) as response:
                await response.read()
                return "" if response.status < 400 else f"status {response.status}"
        except aiohttp.ClientConnectorError:
            return "connection refused"
        except aiohttp.ClientError as error:
            return type(error).__name__

    async def _send_grpc(self, peer: Peer, operation: str, headers: Mapping[str, str]) -> str:
        channels = self._channels.get(peer.address)
        if channels is None:
            channels = tuple(
                grpc.aio.insecure_channel(peer.address, options=_CHANNEL_OPTIONS) for _ in range(_CHANNELS)
            )
            self._channels[peer.address] = channels
        method: Any = self._random.choice(channels).unary_unary(f"/{peer.service}/{operation}")
        try:
            await method(REQUEST_BODY, metadata=tuple(headers.items()))
        except grpc.aio.AioRpcError as error:
            return str(error.code().name.lower())
        return ""
