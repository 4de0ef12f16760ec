"""The ports of a pod: operations over HTTP or gRPC, and the probe."""

import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import grpc
from aiohttp import web

from clusters.synthetic.plan import ServicePlan
from clusters.synthetic.servant import Servant
from clusters.synthetic.wire import HTTP_STATUS, RESPONSE_BODY, Outcome

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Routes = Mapping[tuple[str, str], Handler]
"""By (method, path)."""

_ANSWERS_PER_CONNECTION: Final = 8
"""So many on average, then a connection is closed and the next one finds another replica behind the address."""
_SERVER_OPTIONS: Final = (
    ("grpc.max_connection_age_ms", 4000),
    ("grpc.max_connection_age_grace_ms", 10000),
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
)
_GRPC_STATUS: Final = {
    Outcome.FAILED: grpc.StatusCode.INTERNAL,
    Outcome.FULL: grpc.StatusCode.UNAVAILABLE,
    Outcome.LIMITED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Outcome.UNKNOWN: grpc.StatusCode.UNIMPLEMENTED,
}


async def serve_http(port: int, routes: Routes) -> web.AppRunner:
    """A server of `routes`; the caller cleans it up.

    Raises:
        OSError: the port is taken.
    """
    application = web.Application()
    application.router.add_routes([web.route(method, path, handler) for (method, path), handler in routes.items()])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, port=port).start()
    return runner


def operation_handler(servant: Servant) -> Handler:
    """Executes the operation that the path names."""

    async def handle(request: web.Request) -> web.Response:
        outcome = await servant.serve(request.match_info["operation"], request.headers)
        response = web.Response(
            status=HTTP_STATUS[outcome], body=RESPONSE_BODY if outcome is Outcome.OK else outcome.encode()
        )
        if random.random() * _ANSWERS_PER_CONNECTION < 1.0:
            response.force_close()
        return response

    return handle


async def serve_grpc(plan: ServicePlan, servant: Servant) -> Any:
    """A started `grpc.aio` server with a method per operation, bytes in and out; the caller stops it.

    Raises:
        RuntimeError: the port is taken.
    """

    def method(name: str) -> Any:
        async def handle(_: bytes, context: Any) -> bytes:
            headers = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
            outcome = await servant.serve(name, headers)
            if outcome is not Outcome.OK:
                await context.abort(_GRPC_STATUS[outcome], outcome.value)
            return RESPONSE_BODY

        return grpc.unary_unary_rpc_method_handler(handle)

    server = grpc.aio.server(options=_SERVER_OPTIONS)
    methods = {operation.name: method(operation.name) for operation in plan.operations}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(plan.service, methods),))
    server.add_insecure_port(f"[::]:{plan.port}")
    await server.start()
    return server
