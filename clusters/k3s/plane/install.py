"""`python -m clusters install`: the telemetry plane of clusters that have none, printed or applied."""

import yaml

from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.plane.arguments import InstallArguments
from clusters.k3s.plane.documents import plane_documents
from clusters.stand import StandError
from ray_configs.errors import UserError
from ray_configs.loading import load


def install_command(arguments: InstallArguments) -> None:
    """Print or apply the plane of each cluster.

    Raises:
        UserError: the inventory is none, knows no such cluster, or a cluster refuses an object.
    """
    inventory = load(arguments.config, Inventory)
    try:
        for cluster in _chosen(inventory, arguments):
            _install(cluster, inventory.namespace_prefix, is_applied=arguments.apply)
    except StandError as error:
        raise UserError(str(error)) from error


def _chosen(inventory: Inventory, arguments: InstallArguments) -> list[ClusterSpec]:
    if arguments.cluster:
        try:
            return [inventory.cluster(arguments.cluster)]
        except KeyError as error:
            raise UserError(f"--cluster: {error.args[0]}") from error
    chosen = [cluster for cluster in inventory.clusters if cluster.telemetry.namespace]
    if not chosen:
        raise UserError(
            f"{arguments.config}: every cluster's telemetry.namespace is empty, so their planes are outside them; "
            "name a namespace to install one"
        )
    return chosen


def _install(cluster: ClusterSpec, namespace_prefix: str, *, is_applied: bool) -> None:
    documents = plane_documents(cluster, namespace_prefix)
    if not is_applied:
        print(f"# telemetry plane of cluster {cluster.name}")
        print(yaml.safe_dump_all(documents, sort_keys=False, explicit_start=True), end="")
        return
    # What Kubernetes' client costs is paid only where something is applied.
    from clusters.k3s.connection import connect

    api = connect(cluster)
    for document in documents:
        api.apply(document, document["metadata"].get("namespace", ""), force=True)
    namespace = cluster.telemetry.namespace
    print(
        f"cluster {cluster.name}: {len(documents)} objects applied; the plane is ready when the pods of {namespace} are"
    )
