"""A kubeconfig of a cluster with a bearer token in place of its credentials."""

from pathlib import Path

import yaml

from clusters.k3s.inventory import ClusterSpec


def token_kubeconfig(cluster: ClusterSpec, token: str, folder: Path) -> Path:
    """Written into `folder`; it names the same server by the same certificate."""
    document = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    name = cluster.context or document["current-context"]
    context = next(item["context"] for item in document["contexts"] if item["name"] == name)
    server = next(item for item in document["clusters"] if item["name"] == context["cluster"])
    path = folder / "token.kubeconfig"
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [server],
                "users": [{"name": "bearer", "user": {"token": token}}],
                "contexts": [{"name": "bearer", "context": {"cluster": server["name"], "user": "bearer"}}],
                "current-context": "bearer",
            }
        )
    )
    return path
