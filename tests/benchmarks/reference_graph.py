"""The benchmark's application: 16 services, 30 calls between them, 8.2 visits per request, utilisation 0.41 to 0.83.

Every call waits for the one before it. Timeouts are so long and workers so many that at the nominal rate neither is
ever met: then the graph is a plain network of queues, which SimPy plays too.
"""

from clusters.topology import (
    LOAD_GENERATOR,
    Application,
    Call,
    Journey,
    Operation,
    Range,
    RequestType,
    Service,
    ServiceKind,
)

NAME = "reference-graph"
NOMINAL_RATE_RPS = 100.0
TIMEOUT_SECONDS = 60.0
MIX = {"home": 0.25, "product": 0.45, "search": 0.2, "order": 0.1}
ENTRY = "frontend"

CALLS: dict[str, dict[str, float]] = {
    "frontend.home": {"ads": 1.0, "recommendation": 1.0, "catalog": 1.0},
    "frontend.product": {"catalog": 1.0, "pricing": 1.0, "user": 0.5, "ads": 0.5},
    "frontend.search": {"search": 1.0, "ads": 0.5},
    "frontend.order": {"user": 1.0, "cart": 1.0, "checkout": 1.0},
    "checkout.serve": {"cart": 1.0, "inventory": 1.0, "payment": 1.0, "shipping": 1.0, "currency": 1.0},
    "recommendation.serve": {"user": 0.5, "catalog": 1.0},
    "search.serve": {"cache": 0.5, "catalog": 1.0},
    "cart.serve": {"cache": 1.0, "catalog": 0.5},
    "ads.serve": {"user": 0.4, "cache": 0.4},
    "catalog.serve": {"cache": 0.4, "inventory": 0.25, "database": 0.35},
    "user.serve": {"cache": 0.6, "database": 0.4},
    "pricing.serve": {"currency": 0.5},
    "payment.serve": {"database": 1.0},
    "shipping.serve": {"quote": 1.0},
    "inventory.serve": {"database": 0.6},
}
"""Mean calls per execution, in the order they are made."""


class Station:
    """What a service has, and how busy it is at the nominal rate."""

    def __init__(self, utilisation: float, replicas: int, cpu_limit_millicores: float, workers: int) -> None:
        self.utilisation = utilisation
        self.replicas = replicas
        self.cpu_limit_millicores = cpu_limit_millicores
        self.workers = workers


STATIONS = {
    "frontend": Station(0.62, 4, 1000.0, 2048),
    "checkout": Station(0.52, 1, 1000.0, 1024),
    "recommendation": Station(0.55, 2, 1000.0, 1024),
    "search": Station(0.64, 2, 1000.0, 1024),
    "cart": Station(0.48, 1, 1000.0, 512),
    "ads": Station(0.70, 2, 1000.0, 1024),
    "pricing": Station(0.58, 2, 500.0, 512),
    "payment": Station(0.45, 1, 1000.0, 512),
    "shipping": Station(0.50, 1, 1000.0, 512),
    "catalog": Station(0.83, 3, 1000.0, 1024),
    "user": Station(0.78, 2, 1000.0, 1024),
    "inventory": Station(0.66, 1, 1000.0, 512),
    "currency": Station(0.76, 1, 1000.0, 512),
    "quote": Station(0.41, 1, 1000.0, 512),
    "cache": Station(0.60, 1, 1000.0, 1024),
    "database": Station(0.80, 2, 1000.0, 1024),
}
"""Callers before callees. A worker is a request that one replica works on at once."""


def visits_per_request() -> dict[str, float]:
    """Mean executions of each operation for one request of the mix."""
    visits = {f"{ENTRY}.{name}": share for name, share in MIX.items()}
    for service in STATIONS:
        for operation in [name for name in CALLS if name.split(".")[0] == service]:
            for callee, count in CALLS[operation].items():
                key = f"{callee}.serve"
                visits[key] = visits.get(key, 0.0) + visits[operation] * count
    return visits


def build_reference_graph() -> Application:
    """The application; each operation of a service costs the same CPU time, which follows from its utilisation."""
    visits = visits_per_request()
    users = Service(
        name=LOAD_GENERATOR,
        kind=ServiceKind.LOAD_GENERATOR,
        protocol="http",
        port=8089,
        replicas=1,
        max_replicas=1,
        workers_per_replica=1000,
        cpu_limit_millicores=1000.0,
        memory_limit_bytes=2.0**30,
        memory_base_bytes=2.0**27,
        memory_per_request_bytes=1024.0,
        startup_seconds=10.0,
        operations=(),
    )
    return Application(
        name=NAME,
        services=(users, *(_service(name, station, visits) for name, station in STATIONS.items())),
        journeys=tuple(
            Journey(name=name, slo_latency_milliseconds=1000.0, slo_error_ratio=0.02) for name in ("browse", "order")
        ),
        request_types=tuple(
            RequestType(
                name=name,
                journey="order" if name == "order" else "browse",
                operation=f"{ENTRY}.{name}",
                weight=share,
            )
            for name, share in MIX.items()
        ),
        flags=(),
        nominal_rate_rps=NOMINAL_RATE_RPS,
    )


def _service(name: str, station: Station, visits: dict[str, float]) -> Service:
    operations = tuple(MIX) if name == ENTRY else ("serve",)
    rate = NOMINAL_RATE_RPS * sum(visits[f"{name}.{operation}"] for operation in operations)
    cpu_milliseconds = station.utilisation * station.replicas * station.cpu_limit_millicores / rate
    return Service(
        name=name,
        kind=ServiceKind.STATELESS,
        protocol="grpc",
        port=8080,
        replicas=station.replicas,
        max_replicas=6,
        workers_per_replica=station.workers,
        cpu_limit_millicores=station.cpu_limit_millicores,
        memory_limit_bytes=2.0**31,
        memory_base_bytes=2.0**26,
        memory_per_request_bytes=4096.0,
        startup_seconds=10.0,
        operations=tuple(
            Operation(
                name=operation,
                cpu_milliseconds=Range(low=cpu_milliseconds, high=cpu_milliseconds),
                calls=tuple(
                    Call(operation=f"{callee}.serve", count=count, timeout_seconds=TIMEOUT_SECONDS)
                    for callee, count in CALLS.get(f"{name}.{operation}", {}).items()
                ),
            )
            for operation in operations
        ),
    )
