"""A telemetry plane of local processes for tests: a collector and a Prometheus, on free ports, ended by their ids."""

import base64
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from clusters.k3s.inventory import EdgeSource, TelemetrySpec
from clusters.k3s.plane.collector import CollectorPlan, PrometheusExport, collector_config
from clusters.k3s.plane.prometheus import PrometheusPlan, kubelet_job, prometheus_config

START_SECONDS = 60.0
LOOPBACK = "127.0.0.1"
LAG_SECONDS = 8.0


def binary(variable: str) -> Path:
    """The program that an environment variable names; the test is skipped where it does not."""
    path = Path(os.environ.get(variable, ""))
    if not path.is_file():
        pytest.skip(f"{variable} names no program")
    return path


def free_port(address: str = LOOPBACK) -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind((address, 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Sequence[str | Path], ready_url: str, log: Path) -> Iterator[None]:
    """A process that serves HTTP, from its first answer to the end of the block."""
    with log.open("wb") as output, subprocess.Popen([*map(str, command)], stdout=output, stderr=output) as process:
        try:
            _wait_until_it_answers(process, ready_url, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(url, timeout=2.0).status_code < 500:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"nothing at {url} after {START_SECONDS:g} s: {log.read_text()}")


@contextmanager
def running_prometheus(folder: Path, config: Mapping[str, Any], *, address: str = LOOPBACK) -> Iterator[str]:
    """A Prometheus with this configuration and an OTLP receiver; gives its URL."""
    program = binary("GYM_PROMETHEUS")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(dict(config)))
    url = f"http://{address}:{free_port(address)}"
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={urlsplit(url).netloc}",
        "--web.enable-otlp-receiver",
        "--web.enable-lifecycle",
        "--log.level=warn",
    ]
    with running(command, f"{url}/-/ready", folder / "prometheus.log"):
        yield url


@contextmanager
def running_collector(folder: Path, plan: CollectorPlan) -> Iterator[None]:
    """A collector that does this."""
    program = binary("GYM_OTELCOL")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "collector.yaml").write_text(yaml.safe_dump(collector_config(plan)))
    ready = f"http://{plan.export.scrape_endpoint}/metrics"
    with running([program, f"--config={folder / 'collector.yaml'}"], ready, folder / "collector.log"):
        yield


@contextmanager
def telemetry_plane(
    folder: Path, *, kubeconfig: str = "", context: str = "", sample_seconds: float = 5.0
) -> Iterator[TelemetrySpec]:
    """Collector and Prometheus for the pods of a cluster, or of this machine where no kubeconfig is given.

    Args:
        folder: for configurations, data and logs.
        kubeconfig: of the cluster whose nodes' container metrics are scraped.
        context: in it.
        sample_seconds: of flushes and scrapes.
    """
    host = os.environ.get("GYM_HOST_ADDRESS", LOOPBACK) if kubeconfig else LOOPBACK
    scraped, received = f"{LOOPBACK}:{free_port()}", free_port(host)
    plan = CollectorPlan(
        export=PrometheusExport(scrape_endpoint=scraped),
        edges=EdgeSource.CLIENT_SPANS,
        http_endpoint=f"{host}:{received}",
        grpc_endpoint=f"{host}:{free_port(host)}",
        sample_seconds=sample_seconds,
        spans_endpoint=f"{LOOPBACK}:{free_port()}",
    )
    jobs = _kubelet_jobs(folder / "certificates", kubeconfig, context) if kubeconfig else ()
    config = prometheus_config(PrometheusPlan(sample_seconds=sample_seconds, scrape_targets=(scraped,), kubelets=jobs))
    with running_collector(folder / "collector", plan), running_prometheus(folder / "prometheus", config) as url:
        yield TelemetrySpec(
            prometheus_url=url,
            otlp_endpoint=f"http://{host}:{received}",
            namespace="",
            lag_seconds=LAG_SECONDS,
            edges=EdgeSource.CLIENT_SPANS,
            spans_endpoint=plan.spans_endpoint,
        )


def _kubelet_jobs(folder: Path, kubeconfig: str, context: str) -> tuple[dict[str, Any], ...]:
    """One scrape job for each node, through the API server with the kubeconfig's client certificate."""
    folder.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load(Path(kubeconfig).read_text())
    chosen = _named(config["contexts"], context or config["current-context"])["context"]
    cluster = _named(config["clusters"], chosen["cluster"])["cluster"]
    user = _named(config["users"], chosen["user"])["user"]
    for name, holder, key in (
        ("ca.crt", cluster, "certificate-authority"),
        ("client.crt", user, "client-certificate"),
        ("client.key", user, "client-key"),
    ):
        data = base64.b64decode(holder[f"{key}-data"]) if f"{key}-data" in holder else Path(holder[key]).read_bytes()
        (folder / name).write_bytes(data)
    files = str(folder / "ca.crt"), (str(folder / "client.crt"), str(folder / "client.key"))
    nodes = httpx.get(f"{cluster['server']}/api/v1/nodes", verify=_tls(*files)).raise_for_status().json()["items"]
    address = urlsplit(cluster["server"]).netloc
    return tuple(kubelet_job(node["metadata"]["name"], address, certificate_folder=str(folder)) for node in nodes)


def _tls(authority: str, client: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(*client)
    return context


def _named(items: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next(item for item in items if item["name"] == name)
