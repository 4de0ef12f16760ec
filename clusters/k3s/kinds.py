"""The kinds of Kubernetes objects that this package touches, and where the API serves them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
"""A Kubernetes object as the API takes and gives it."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind and its address."""

    api_version: str
    """`v1` or `group/version`."""
    name: str
    plural: str
    is_namespaced: bool = True

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """URL path of the collection, of one object, or of its subresource; no namespace: of all namespaces."""
        root = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        scope = f"/namespaces/{namespace}" if self.is_namespaced and namespace else ""
        return "/".join(part for part in (f"{root}{scope}/{self.plural}", name, subresource) if part)


_APPS = "apps/v1"
_RBAC = "rbac.authorization.k8s.io/v1"
CHAOS_VERSION = "chaos-mesh.org/v1alpha1"

NAMESPACE = Kind(api_version="v1", name="Namespace", plural="namespaces", is_namespaced=False)
NODE = Kind(api_version="v1", name="Node", plural="nodes", is_namespaced=False)
POD = Kind(api_version="v1", name="Pod", plural="pods")
SERVICE = Kind(api_version="v1", name="Service", plural="services")
CONFIG_MAP = Kind(api_version="v1", name="ConfigMap", plural="configmaps")
SECRET = Kind(api_version="v1", name="Secret", plural="secrets")
EVENT = Kind(api_version="v1", name="Event", plural="events")
SERVICE_ACCOUNT = Kind(api_version="v1", name="ServiceAccount", plural="serviceaccounts")
RESOURCE_QUOTA = Kind(api_version="v1", name="ResourceQuota", plural="resourcequotas")
LIMIT_RANGE = Kind(api_version="v1", name="LimitRange", plural="limitranges")
DEPLOYMENT = Kind(api_version=_APPS, name="Deployment", plural="deployments")
DAEMON_SET = Kind(api_version=_APPS, name="DaemonSet", plural="daemonsets")
REPLICA_SET = Kind(api_version=_APPS, name="ReplicaSet", plural="replicasets")
AUTOSCALER = Kind(api_version="autoscaling/v2", name="HorizontalPodAutoscaler", plural="horizontalpodautoscalers")
LEASE = Kind(api_version="coordination.k8s.io/v1", name="Lease", plural="leases")
NETWORK_POLICY = Kind(api_version="networking.k8s.io/v1", name="NetworkPolicy", plural="networkpolicies")
ROLE = Kind(api_version=_RBAC, name="Role", plural="roles")
ROLE_BINDING = Kind(api_version=_RBAC, name="RoleBinding", plural="rolebindings")
DEFINITION = Kind(
    api_version="apiextensions.k8s.io/v1",
    name="CustomResourceDefinition",
    plural="customresourcedefinitions",
    is_namespaced=False,
)
CLUSTER_ROLE = Kind(api_version=_RBAC, name="ClusterRole", plural="clusterroles", is_namespaced=False)
CLUSTER_ROLE_BINDING = Kind(
    api_version=_RBAC, name="ClusterRoleBinding", plural="clusterrolebindings", is_namespaced=False
)
ACCESS_REVIEW = Kind(
    api_version="authorization.k8s.io/v1",
    name="SelfSubjectAccessReview",
    plural="selfsubjectaccessreviews",
    is_namespaced=False,
)
STRESS_CHAOS = Kind(api_version=CHAOS_VERSION, name="StressChaos", plural="stresschaos")
NETWORK_CHAOS = Kind(api_version=CHAOS_VERSION, name="NetworkChaos", plural="networkchaos")
POD_CHAOS = Kind(api_version=CHAOS_VERSION, name="PodChaos", plural="podchaos")
DNS_CHAOS = Kind(api_version=CHAOS_VERSION, name="DNSChaos", plural="dnschaos")
HTTP_CHAOS = Kind(api_version=CHAOS_VERSION, name="HTTPChaos", plural="httpchaos")
IO_CHAOS = Kind(api_version=CHAOS_VERSION, name="IOChaos", plural="iochaos")
CHAOS_KINDS = (STRESS_CHAOS, NETWORK_CHAOS, POD_CHAOS, DNS_CHAOS, HTTP_CHAOS, IO_CHAOS)

_KNOWN: Mapping[tuple[str, str], Kind] = {
    (kind.api_version, kind.name): kind for kind in tuple(globals().values()) if isinstance(kind, Kind)
}


def kind_of(document: Document) -> Kind:
    """The kind of an object that carries `apiVersion` and `kind`.

    Raises:
        KeyError: this package touches no such kind.
    """
    return _KNOWN[document["apiVersion"], document["kind"]]
