"""A stand's namespace made ready for a new holder: there, bounded, and closed to whoever held it before."""

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.capacity import StandNeed
from clusters.k3s.connection import connect_with_token
from clusters.k3s.credentials import StandToken, renew_account
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.isolation import isolation_documents, namespace_document
from clusters.k3s.kinds import NAMESPACE, POD
from clusters.k3s.lease import HeldLease
from clusters.k3s.network_peers import pod_ranges

_SPREADING_SECONDS = 15.0
"""Within which the API server knows a new role, or that an account is another one."""


def furnish(
    admin: KubeApi, cluster: ClusterSpec, lease: HeldLease, *, application: str, leases: str, need: StandNeed
) -> KubeApi:
    """Make or renew all that isolates the stand of a lease, and return a connection by its own account.

    Whatever of it is there already is brought up to date, so a crash halfway is mended by the next holder.

    Raises:
        KubeError: the cluster refuses something, or does not answer.
    """
    name = lease.name
    if admin.find(NAMESPACE, name) is None:
        admin.create(namespace_document(name, application=application, leases=leases))
    ranges, servers = pod_ranges(admin)
    for document in isolation_documents(
        name, need=need, telemetry=cluster.telemetry, pod_ranges=ranges, server_addresses=servers
    ):
        admin.apply(document, name, force=True)
    renew_account(admin, name)
    api = connect_with_token(cluster, StandToken(admin, name, lambda: lease.is_over))
    for attempt in Retrying(
        stop=stop_after_delay(_SPREADING_SECONDS),
        wait=wait_fixed(0.2),
        retry=retry_if_exception(lambda error: isinstance(error, KubeError) and error.status in (401, 403)),
        reraise=True,
    ):
        with attempt:
            api.list(POD, name)
    return api
