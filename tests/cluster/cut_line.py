"""A TCP line to an API server that can be cut and mended, and a kubeconfig that goes through it."""

import selectors
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from clusters.k3s.inventory import ClusterSpec

_BYTES = 65536


class CutLine:
    """Forwards connections to a server until it is cut; a context manager."""

    def __init__(self, host: str, port: int) -> None:
        self._server, self._is_cut, self._is_over = (host, port), False, False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._forward, daemon=True)

    def __enter__(self) -> "CutLine":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join()
        self._listener.close()

    def cut(self) -> None:
        """Close all connections, and every new one at once."""
        self._is_cut = True

    def mend(self) -> None:
        """Forward again."""
        self._is_cut = False

    def _forward(self) -> None:
        peers: dict[socket.socket, socket.socket] = {}
        with selectors.DefaultSelector() as ready:
            ready.register(self._listener, selectors.EVENT_READ)
            while not self._is_over:
                for key, _ in ready.select(0.1):
                    if key.fileobj is self._listener:
                        near, _ = self._listener.accept()
                        far = socket.create_connection(self._server)
                        peers |= {near: far, far: near}
                        for end in (near, far):
                            ready.register(end, selectors.EVENT_READ)
                    elif isinstance(key.fileobj, socket.socket) and key.fileobj in peers:
                        self._pass_on(key.fileobj, peers, ready)
                if self._is_cut or self._is_over:
                    for end in list(peers):
                        self._hang_up(end, peers, ready)

    def _pass_on(
        self, end: socket.socket, peers: dict[socket.socket, socket.socket], ready: selectors.BaseSelector
    ) -> None:
        try:
            data = end.recv(_BYTES)
            peers[end].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._hang_up(end, peers, ready)

    def _hang_up(
        self, end: socket.socket, peers: dict[socket.socket, socket.socket], ready: selectors.BaseSelector
    ) -> None:
        for side in (end, peers.get(end)):
            if side is not None and peers.pop(side, None) is not None:
                ready.unregister(side)
                side.close()


def server_of(cluster: ClusterSpec) -> tuple[str, int]:
    """Host and port of a cluster's API server."""
    document = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    address = urlsplit(_entry(document, cluster)["server"])
    return address.hostname or "", address.port or 443


def kubeconfig_through(line: CutLine, cluster: ClusterSpec, folder: Path) -> Path:
    """The cluster's kubeconfig with the line in place of its server, whose certificate is still the server's."""
    document = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    entry = _entry(document, cluster)
    entry["tls-server-name"] = urlsplit(entry["server"]).hostname
    entry["server"] = f"https://127.0.0.1:{line.port}"
    path = folder / "through.kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


def _entry(document: dict, cluster: ClusterSpec) -> dict:  # type: ignore[type-arg]
    name = cluster.context or document["current-context"]
    context = next(item["context"] for item in document["contexts"] if item["name"] == name)
    entry: dict = next(i["cluster"] for i in document["clusters"] if i["name"] == context["cluster"])  # type: ignore[type-arg]
    return entry
