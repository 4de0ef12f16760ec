"""A stand's token in its own namespace and in its neighbour's: every verb on every kind that a stand may touch."""

from collections.abc import Callable, Iterator

import pytest

from clusters.applications import load_application
from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.isolation import RULES
from clusters.k3s.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    LEASE,
    NAMESPACE,
    NODE,
    POD,
    ROLE,
    ROLE_BINDING,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    Kind,
)
from clusters.k3s.placed_stand import PlacedStand
from clusters.k3s.placement import place
from clusters.k3s.roster import leases_namespace
from tests.cluster.placing import scratch_inventory

pytestmark = pytest.mark.cluster

VERSIONS = {"": "v1", "apps": "apps/v1", "autoscaling": "autoscaling/v2", "chaos-mesh.org": "chaos-mesh.org/v1alpha1"}
ABSENT = "nothing-of-that-name"
RIGHTS = [
    pytest.param(group, resource, verb, id=f"{verb} {resource}")
    for group, resources, verbs in RULES
    for resource in resources
    for verb in verbs
]
FORBIDDEN = 403


@pytest.fixture(scope="module")
def stands(cluster_spec: ClusterSpec) -> Iterator[tuple[PlacedStand, PlacedStand]]:
    with scratch_inventory(cluster_spec) as inventory:
        application = load_application("small-core")
        yield place(inventory, application, holder="one"), place(inventory, application, holder="another")


def status(request: Callable[[], object]) -> int:
    """HTTP status of a request."""
    try:
        request()
    except KubeError as error:
        return error.status
    return 200


def use(api: KubeApi, group: str, resource: str, verb: str, namespace: str) -> int:
    """Status of `verb` on something that is not there: whoever may do it is told 404 or that the body is wrong."""
    plural, _, subresource = resource.partition("/")
    kind = Kind(api_version=VERSIONS[group], name=plural, plural=plural)
    name = f"{ABSENT}/{subresource}" if subresource else ABSENT
    document = {"apiVersion": CONFIG_MAP.api_version, "kind": CONFIG_MAP.name, "metadata": {"name": name}}
    requests: dict[str, Callable[[], object]] = {
        "get": lambda: api.get(kind, name, namespace),
        "list": lambda: api.list(kind, namespace),
        "watch": lambda: next(api.watch(kind, namespace, timeout_seconds=1), None),
        "create": lambda: api.create(document, namespace, kind=kind, name=name if subresource else "", dry_run=True),
        "update": lambda: api.replace(document, namespace, kind=kind),
        "patch": lambda: api.patch(kind, name, namespace, {}),
        "delete": lambda: api.delete(kind, name, namespace),
    }
    return status(requests[verb])


@pytest.mark.parametrize(("group", "resource", "verb"), RIGHTS)
def test_what_a_stand_may_do_at_home_is_forbidden_next_door(
    stands: tuple[PlacedStand, PlacedStand], group: str, resource: str, verb: str
) -> None:
    stand, neighbour = stands
    assert use(stand.api, group, resource, verb, stand.namespace) not in (401, FORBIDDEN)
    assert use(stand.api, group, resource, verb, neighbour.namespace) == FORBIDDEN


@pytest.mark.parametrize("kind", [SECRET, SERVICE_ACCOUNT, ROLE, ROLE_BINDING, LEASE], ids=lambda kind: kind.plural)
@pytest.mark.parametrize("verb", ["get", "list", "create", "delete"])
def test_what_decides_over_rights_is_out_of_reach_even_at_home(
    stands: tuple[PlacedStand, PlacedStand], kind: Kind, verb: str
) -> None:
    stand, _ = stands
    document = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": ABSENT}}
    requests: dict[str, Callable[[], object]] = {
        "get": lambda: stand.api.get(kind, ABSENT, stand.namespace),
        "list": lambda: stand.api.list(kind, stand.namespace),
        "create": lambda: stand.api.create(document, stand.namespace, dry_run=True),
        "delete": lambda: stand.api.delete(kind, ABSENT, stand.namespace),
    }
    assert status(requests[verb]) == FORBIDDEN


def test_nothing_beyond_the_namespace(stands: tuple[PlacedStand, PlacedStand]) -> None:
    stand, neighbour = stands
    api = stand.api
    assert {status(lambda kind=kind: api.list(kind)) for kind in (POD, SERVICE, DEPLOYMENT, NODE, NAMESPACE)} == {403}
    assert status(lambda: api.delete(NAMESPACE, stand.namespace)) == FORBIDDEN
    assert status(lambda: api.delete(NAMESPACE, neighbour.namespace)) == FORBIDDEN
    prefix = stand.namespace.split("-small-core")[0]
    assert status(lambda: api.list(LEASE, leases_namespace(prefix))) == FORBIDDEN
    assert status(lambda: api.patch(POD, f"{ABSENT}/exec", stand.namespace, {})) == FORBIDDEN
