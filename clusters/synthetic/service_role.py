"""Playing a service, the broker, the flag server or a consumer: what a pod starts, and how it ends."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final

from aiohttp import web

from clusters.synthetic.conditions import Conditions
from clusters.synthetic.plan import Peer, ServicePlan
from clusters.synthetic.reporting import Reporting, start_reporting
from clusters.synthetic.servant import HandOver, Servant
from clusters.synthetic.servers import Handler, Routes, operation_handler, serve_grpc, serve_http

_DRAIN_SECONDS: Final = 0.4
"""Requests that are in the pod when it is told to end may take so long."""


def run_service(plan: ServicePlan) -> None:
    """Serve until SIGTERM or SIGINT."""
    reporting = start_reporting(plan.service)
    asyncio.run(_Pod(plan, reporting).serve())
    reporting.close()
    # Threads that still burn, and clients that still wait, would keep the process.
    os._exit(0)


class _Pod:
    """What runs in one pod; all of it ends with its stack."""

    def __init__(self, plan: ServicePlan, reporting: Reporting) -> None:
        self._plan = plan
        self._reporting = reporting
        self._stack = AsyncExitStack()
        self._ended = asyncio.Event()
        self._ready = asyncio.Event()
        self._forgetters: dict[str, Callable[[], Any]] = {}

    async def serve(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._ended.set)
        async with self._stack:
            await self._start()
            routes = {("GET", "/healthz"): self._health, ("POST", "/reset"): self._reset}
            await self._serve_http(self._plan.health_port, routes)
            await self._ended.wait()

    async def _start(self) -> None:
        routes: dict[tuple[str, str], Handler] = {}
        hand_over = self._start_broker(routes) if self._plan.kind == "queue" else None
        conditions = Conditions(self._plan, os.environ, served_flags=self._served_flags())
        servant = Servant(self._plan, self._reporting, conditions, hand_over=hand_over)
        self._forgetters["service"] = servant.forget
        self._stack.push_async_callback(servant.close)
        self._stack.push_async_callback(_drain, servant)
        if self._plan.kind == "flags":
            await self._start_flag_server()
        if self._plan.broker is not None:
            self._start_consumer(self._plan.broker, servant)
        else:
            self._ready.set()
        if self._plan.port is not None and self._plan.protocol == "grpc":
            server = await serve_grpc(self._plan, servant)
            self._stack.push_async_callback(server.stop, _DRAIN_SECONDS)
        elif self._plan.port is not None:
            routes["POST", "/{operation}"] = operation_handler(servant)
            await self._serve_http(self._plan.port, routes)

    # Each of these is imported where it is played: what a pod does not import, it need not hold in memory.

    def _start_broker(self, routes: dict[tuple[str, str], Handler]) -> HandOver:
        from clusters.synthetic.broker import FETCH_PATH, Broker

        broker = Broker(self._plan, self._reporting)
        routes["POST", FETCH_PATH] = broker.fetch
        self._forgetters["messages"] = broker.forget
        return broker.hand_over

    def _start_consumer(self, broker: Peer, servant: Servant) -> None:
        from clusters.synthetic.consumer import Consumer

        self._run(Consumer(self._plan, broker, servant, self._reporting, self._ready).run())

    async def _start_flag_server(self) -> None:
        from clusters.synthetic.flag_server import FlagServer

        server = FlagServer(self._plan)
        self._forgetters["flags"] = server.forget
        await self._serve_http(self._plan.ofrep_port, server.evaluation_routes)
        await self._serve_http(self._plan.flag_file_port, server.file_routes)

    def _served_flags(self) -> Callable[[], frozenset[str]]:
        served = tuple(flag for flag in self._plan.flags if flag.is_served and flag.effects)
        if not served or not self._plan.flag_server:
            return frozenset
        from clusters.synthetic.flag_reader import FlagReader

        reader = FlagReader(self._plan.flag_server, served, self._reporting)
        self._run(reader.run())
        return lambda: reader.in_effect

    async def _serve_http(self, port: int, routes: Routes) -> None:
        runner = await serve_http(port, routes)
        self._stack.push_async_callback(runner.cleanup)

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._stack.callback(task.cancel)

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(status=503 if self._ended.is_set() or not self._ready.is_set() else 200)

    async def _reset(self, _: web.Request) -> web.Response:
        return web.json_response({"forgotten": {name: forget() for name, forget in self._forgetters.items()}})


async def _drain(servant: Servant) -> None:
    end = asyncio.get_running_loop().time() + _DRAIN_SECONDS
    while servant.num_inside and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.02)
