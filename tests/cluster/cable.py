"""A connection that a test can cut: a TCP relay between this machine and an API server."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from clusters.k3s.inventory import ClusterSpec


class Cable:
    """Relays whatever comes, until it is cut; then it refuses until it is mended.

    Args:
        host: of the server.
        port: of the server.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        self._is_cut = True
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def close(self) -> None:
        """Cut it for good."""
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            far = socket.create_connection(self._server)
            self._sockets += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()


@contextmanager
def cable_to(cluster: ClusterSpec, folder: Path) -> Iterator[tuple[Cable, ClusterSpec]]:
    """A cable to a cluster's API server, and the cluster as it is reached through it."""
    config = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    chosen = cluster.context or config["current-context"]
    context = next(one["context"] for one in config["contexts"] if one["name"] == chosen)
    server = next(one["cluster"] for one in config["clusters"] if one["name"] == context["cluster"])
    address = urlsplit(server["server"])
    cable = Cable(address.hostname or "", address.port or 443)
    server["server"] = f"https://127.0.0.1:{cable.port}"
    server["tls-server-name"] = address.hostname
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    try:
        yield cable, replace(cluster, kubeconfig=str(path))
    finally:
        cable.close()
