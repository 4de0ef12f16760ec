"""A Ray head on free ports, for tests and benchmarks that submit jobs; it ends just the processes that it started."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from json import dumps
from pathlib import Path

RAY = str(Path(sys.executable).with_name("ray"))


@contextmanager
def ray_head(resources: Mapping[str, float] | None = None) -> Iterator[dict[str, str]]:
    """A head that offers four CPUs and custom resources; gives the environment of its clients."""
    port, dashboard, agent_grpc, agent_listen, metrics, runtime_env, client = _free_ports(7)
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    environment |= {
        # As in a shell with the environment activated: a job's `python` is the one that its head finds.
        "PATH": f"{Path(RAY).parent}{os.pathsep}{os.environ['PATH']}",
        "RAY_AUTH_MODE": "token",
        "RAY_API_SERVER_ADDRESS": f"http://127.0.0.1:{dashboard}",
        "RAY_USAGE_STATS_ENABLED": "0",
        "OMP_NUM_THREADS": "1",
    }
    subprocess.run([RAY, "get-auth-token", "--generate"], env=environment, check=True, capture_output=True)
    # Not below tmp_path: the paths of Ray's sockets must stay under 107 bytes.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as temp_dir:
        command = [
            *(RAY, "start", "--head", "--block", f"--port={port}", f"--temp-dir={temp_dir}", "--num-cpus=4"),
            *("--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", "--object-store-memory=200000000"),
            *(f"--dashboard-agent-grpc-port={agent_grpc}", f"--dashboard-agent-listen-port={agent_listen}"),
            *(f"--metrics-export-port={metrics}", f"--runtime-env-agent-port={runtime_env}"),
            *(f"--ray-client-server-port={client}", "--include-dashboard=true"),
            f"--resources={dumps(dict(resources or {}))}",
        ]
        with subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                assert process.stdout is not None
                started = any("--block" in line for line in process.stdout)
                assert started, "the head did not start"
                yield environment
            finally:
                end_session(process.pid)


def end_session(session: int) -> None:
    """Kill every process of a session, such as the one that a head was started in."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                os.kill(int(path.name), signal.SIGKILL)
        except (OSError, IndexError):
            continue


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(opened.getsockname()[1]) for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports
