"""Synthetic services as processes of this machine, on free ports of loopback, and what they report."""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from clusters.synthetic.plan import Peer, ServicePlan, plan_document, service_plan
from clusters.topology import Application
from tests.plane import free_port

DEADLINE_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class SeenSpan:
    """One span as it arrived."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    has_failed: bool
    attributes: dict[str, str]


class Receiver:
    """A receiver of OTLP over HTTP that keeps all spans, and the last value of each metric's series."""

    def __init__(self) -> None:
        self.spans: list[SeenSpan] = []
        self.metrics: dict[tuple[str, str, frozenset[tuple[str, str]]], float] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                (receiver.take_spans if self.path == "/v1/traces" else receiver.take_metrics)(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def take_spans(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = attributes(resource.resource.attributes)["service.name"]
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                self.spans.append(
                    SeenSpan(
                        service=service,
                        name=span.name,
                        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                        trace=span.trace_id.hex(),
                        id=span.span_id.hex(),
                        parent=span.parent_span_id.hex(),
                        has_failed=span.status.code == Status.STATUS_CODE_ERROR,
                        attributes=attributes(span.attributes),
                    )
                )

    def take_metrics(self, body: bytes) -> None:
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            service = attributes(resource.resource.attributes)["service.name"]
            for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                kind = metric.WhichOneof("data")
                for point in getattr(metric, kind).data_points:
                    value = point.count if kind == "histogram" else getattr(point, point.WhichOneof("value"))
                    labels = frozenset(attributes(point.attributes).items())
                    self.metrics[service, metric.name, labels] = value

    def metric(self, service: str, name: str, **labels: str) -> float | None:
        """The last value of a series, if it ever came."""
        return self.metrics.get((service, name, frozenset(labels.items())))


def attributes(pairs: Any) -> dict[str, str]:
    return {pair.key: str(getattr(pair.value, pair.value.WhichOneof("value"))) for pair in pairs}


class Pods:
    """Running processes by service, and how they are reached."""

    def __init__(self, application: Application, folder: Path, receiver: Receiver) -> None:
        self._application = application
        self._folder = folder
        self.receiver = receiver
        self._ports = {name: free_port() for name in application.service_names}
        self._ofrep_port, self._flag_file_port = free_port(), free_port()
        self.plans: dict[str, ServicePlan] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.http = httpx.Client(timeout=20.0, trust_env=False)

    def start(self, *names: str, **environment: str) -> None:
        """Start services and wait until they can serve; `front/2` is a second pod of `front`."""
        for name in names:
            service = name.split("/")[0]
            plan = self._on_loopback(service_plan(self._application, service), own_port=service != name)
            folder = self._folder / name.replace("/", "-")
            folder.mkdir(parents=True)
            (folder / f"{service}.json").write_text(json.dumps(plan_document(plan)))
            self.plans[name] = plan
            variables = {"GYM_SERVICE": service, "GYM_PLANS": str(folder), "OTEL_METRIC_EXPORT_INTERVAL": "500"}
            variables |= {"OTEL_EXPORTER_OTLP_ENDPOINT": self.receiver.endpoint} | environment
            with (folder / "log").open("wb") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "clusters.synthetic"], env=os.environ | variables, stdout=log, stderr=log
                )
        for name in names:
            eventually(lambda name=name: self._is_ready(name), f"{name} is ready")  # type: ignore[misc]

    def ask(self, name: str, path: str, body: Any = None, *, port: int | None = None) -> httpx.Response:
        """POST to a pod's own port, or another of its ports."""
        target = port if port is not None else self.plans[name].port
        return self.http.post(f"http://127.0.0.1:{target}{path}", json={} if body is None else body)

    def traced(self, name: str, path: str, **headers: str) -> tuple[int, str]:
        """(status, trace id) of a request that belongs to a trace of its own."""
        trace = secrets.token_hex(16)
        sent = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"} | headers
        return self.http.post(f"http://127.0.0.1:{self.plans[name].port}{path}", headers=sent).status_code, trace

    def trace(self, trace: str, number: int) -> list[SeenSpan]:
        """All spans of a trace, once there are as many."""

        def there() -> list[SeenSpan]:
            spans = [span for span in self.receiver.spans if span.trace == trace]
            return spans if len(spans) >= number else []

        return list(eventually(there, f"{number} spans of one trace"))

    def reset(self, name: str) -> Any:
        """What the pod forgot."""
        return self.ask(name, "/reset", port=self.plans[name].health_port).json()["forgotten"]

    def serve_variant(self, flag: str, variant: str) -> None:
        """Change a flag's default as the demo's users do: read the file, change it, write it whole."""
        port = self.plans["flagd"].flag_file_port
        file = self.http.get(f"http://127.0.0.1:{port}/api/read").json()
        file["flags"][flag]["defaultVariant"] = variant
        assert self.ask("flagd", "/api/write", {"data": file}, port=port).status_code == 200

    def cpu_seconds(self, name: str) -> float:
        """CPU time of the process so far."""
        fields = Path(f"/proc/{self.processes[name].pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, name: str) -> int:
        """The exit code after SIGTERM."""
        process = self.processes.pop(name)
        process.terminate()
        try:
            return process.wait(20)
        finally:
            process.kill()
            process.wait()

    def _is_ready(self, name: str) -> bool:
        assert self.processes[name].poll() is None, f"{name} has ended"
        try:
            return self.http.get(f"http://127.0.0.1:{self.plans[name].health_port}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def _on_loopback(self, plan: ServicePlan, *, own_port: bool) -> ServicePlan:
        def local(peer: Peer) -> Peer:
            return replace(peer, address=f"127.0.0.1:{self._ports[peer.service]}")

        port = None if plan.port is None else free_port() if own_port else self._ports[plan.service]
        return replace(
            plan,
            port=port,
            health_port=free_port(),
            ofrep_port=self._ofrep_port,
            flag_file_port=self._flag_file_port,
            flag_server=f"127.0.0.1:{self._ofrep_port}",
            peers=tuple(local(peer) for peer in plan.peers),
            broker=None if plan.broker is None else local(plan.broker),
        )


@contextmanager
def pods_of(application: Application, folder: Path) -> Iterator[Pods]:
    """Pods that end with the block, by their ids."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, daemon=True)
    thread.start()
    pods = Pods(application, folder, receiver)
    try:
        yield pods
    finally:
        for name in list(pods.processes):
            pods.end(name)
        pods.http.close()
        receiver.server.shutdown()
        receiver.server.server_close()


def eventually(holds: Callable[[], Any], what: str) -> Any:
    """What `holds` returns once it is true."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (value := holds()):
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.05)
    return value
