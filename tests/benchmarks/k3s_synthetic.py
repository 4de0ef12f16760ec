"""What the synthetic service itself costs: CPU time of a start, and memory beside what the YAML says."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from clusters.applications import load_application
from clusters.topology import Application
from tests.benchmarks.bars import Bar
from tests.integration.clusters.synthetic.pods import Pods, pods_of

APPLICATION = "async-store"
SERVICES = ("flagd", "kafka", "postgresql", "cart", "valkey-cart", "accounting", "shipping", "quote")
"""One of every kind that is played: HTTP, gRPC, with and without flags, the broker, a consumer, the flag server."""
START_CPU_SECONDS = 2.0
MEMORY_MEBIBYTES = 80.0
NUM_REQUESTS = 200


def synthetic_bars() -> list[Bar]:
    """The dearest of the services, in processes of their own on this machine."""
    application = _without_base_memory(load_application(APPLICATION))
    with tempfile.TemporaryDirectory() as folder, pods_of(application, Path(folder)) as pods:
        pods.start(*SERVICES)
        seconds = {name: pods.cpu_seconds(name) for name in SERVICES}
        for _ in range(NUM_REQUESTS):
            pods.ask("shipping", "/GetQuote").raise_for_status()
        mebibytes = {name: _resident_bytes(pods, name) / 2**20 for name in SERVICES}
    return [
        _bar("CPU seconds of a synthetic service's start", seconds, START_CPU_SECONDS, "s"),
        _bar("MiB of a synthetic service that has served", mebibytes, MEMORY_MEBIBYTES, "MiB"),
    ]


def _without_base_memory(application: Application) -> Application:
    services = (replace(s, memory_base_bytes=0.0, memory_per_request_bytes=0.0) for s in application.services)
    return replace(application, services=tuple(services))


def _resident_bytes(pods: Pods, name: str) -> int:
    pages = Path(f"/proc/{pods.processes[name].pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _bar(name: str, values: dict[str, float], goal: float, unit: str) -> Bar:
    dearest = max(values, key=values.__getitem__)
    value = values[dearest]
    return Bar(
        name=name,
        value=value,
        anchor=f"{dearest}, the dearest of {len(values)}",
        ratio=value / goal,
        goal=f"< {goal:g} {unit}",
        holds=value < goal,
    )
