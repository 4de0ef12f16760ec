"""Playing a service, the broker, the flag server or a consumer: what a pod starts, and how it ends."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from typing import Any, Final

from aiohttp import web

from clusters.synthetic.conditions import Conditions
from clusters.synthetic.plan import ServicePlan
from clusters.synthetic.reporting import Reporting, start_reporting
from clusters.synthetic.servant import Servant
from clusters.synthetic.servers import operation_handler, serve_grpc, serve_http

_DRAIN_SECONDS: Final = 0.4
"""Requests that are in the pod when it is told to end may take so long."""


def run_service(plan: ServicePlan) -> None:
    """Serve until SIGTERM or SIGINT."""
    reporting = start_reporting(plan.service)
    asyncio.run(_serve(plan, reporting))
    reporting.close()
    # Threads that still burn, and clients that still wait, would keep the process.
    os._exit(0)


async def _serve(plan: ServicePlan, reporting: Reporting) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with AsyncExitStack() as stack:
        ready = await _start(plan, reporting, stack)

        async def health(_: web.Request) -> web.Response:
            return web.Response(status=503 if ended.is_set() or not ready.is_set() else 200)

        probe = await serve_http(plan.health_port, {("GET", "/healthz"): health})
        stack.push_async_callback(probe.cleanup)
        await ended.wait()


async def _start(plan: ServicePlan, reporting: Reporting, stack: AsyncExitStack) -> asyncio.Event:
    """Open the plan's ports and start its tasks; returns what is set once it can serve."""
    ready = asyncio.Event()
    conditions = Conditions(plan, os.environ, served_flags=_served_flags(plan, reporting, stack))
    routes: dict[tuple[str, str], Any] = {}
    hand_over = None
    if plan.kind == "queue":
        from clusters.synthetic.broker import Broker

        broker = Broker(plan, reporting)
        hand_over = broker.hand_over
        routes["POST", "/-/fetch"] = broker.fetch
    servant = Servant(plan, reporting, conditions, hand_over=hand_over)
    stack.push_async_callback(servant.close)
    stack.push_async_callback(_drain, servant)
    if plan.kind == "flags":
        from clusters.synthetic.flag_server import FlagServer

        for runner in await FlagServer(plan).start():
            stack.push_async_callback(runner.cleanup)
    if plan.broker:
        from clusters.synthetic.consumer import Consumer

        consumer = Consumer(plan, servant, reporting)
        _run(consumer.run(), stack)
        ready = consumer.was_answered
    else:
        ready.set()
    if plan.port is not None and plan.protocol == "grpc":
        server = await serve_grpc(plan, servant)
        stack.push_async_callback(server.stop, _DRAIN_SECONDS)
    elif plan.port is not None:
        routes["POST", "/{operation}"] = operation_handler(servant)
        runner = await serve_http(plan.port, routes)
        stack.push_async_callback(runner.cleanup)
    return ready


def _served_flags(plan: ServicePlan, reporting: Reporting, stack: AsyncExitStack) -> Any:
    served = tuple(flag for flag in plan.flags if flag.is_served and flag.effects)
    if not served or not plan.flag_server or plan.kind == "flags":
        return frozenset
    from clusters.synthetic.flag_reader import FlagReader

    reader = FlagReader(plan.flag_server, served, reporting)
    _run(reader.run(), stack)
    return lambda: reader.in_effect


def _run(coroutine: Any, stack: AsyncExitStack) -> None:
    task = asyncio.get_running_loop().create_task(coroutine)
    stack.callback(task.cancel)


async def _drain(servant: Servant) -> None:
    end = asyncio.get_running_loop().time() + _DRAIN_SECONDS
    while servant.num_inside and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.02)
