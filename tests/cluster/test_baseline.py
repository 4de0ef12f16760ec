"""A used stand comes back to its baseline: what differed is named, only that is restarted, and nothing else is left."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from clusters.k3s.inventory import ClusterSpec
from tests.cluster.environment import needed
from tests.cluster.small_shop import SMALL_SHOP

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi
    from clusters.k3s.reset_report import ResetReport

pytestmark = pytest.mark.cluster
Document = dict[str, Any]
READY_TIMEOUT_SECONDS = 120.0


@pytest.fixture(scope="module")
def shop(api: "KubeApi", cluster_spec: ClusterSpec, module_namespace: str) -> Iterator[tuple[str, "ResetReport"]]:
    """(namespace, report of the first start) of one stand for all tests here."""
    needed("GYM_SYNTHETIC_IMAGE")
    yield module_namespace, reset(api, cluster_spec, module_namespace)


def reset(api: "KubeApi", cluster: ClusterSpec, namespace: str) -> "ResetReport":
    from clusters.k3s.baseline import restore_baseline

    return restore_baseline(
        api, SMALL_SHOP, namespace=namespace, cluster=cluster, ready_timeout_seconds=READY_TIMEOUT_SECONDS
    )


def pods(api: "KubeApi", namespace: str) -> dict[str, str]:
    """Uid -> service of all pods that stay."""
    from clusters.k3s.kinds import POD
    from clusters.k3s.objects.names import COMPONENT_LABEL
    from clusters.k3s.pod_health import is_leaving

    found = (pod for pod in api.list(POD, namespace) if not is_leaving(pod))
    return {pod["metadata"]["uid"]: pod["metadata"]["labels"][COMPONENT_LABEL] for pod in found}


def versions(api: "KubeApi", namespace: str) -> dict[str, str]:
    """`Kind name` -> generation or resource version: changed by whoever changes what is wanted."""
    from clusters.k3s.applying import stand_contents

    return {
        f"{kind.name} {name}": str(it["metadata"].get("generation") or it["metadata"]["resourceVersion"])
        for (kind, name), it in stand_contents(api, namespace).items()
    }


def change_container(api: "KubeApi", namespace: str, service: str, **fields: Any) -> None:
    from clusters.k3s.kinds import DEPLOYMENT

    deployment = api.get(DEPLOYMENT, service, namespace)
    containers = deployment["spec"]["template"]["spec"]["containers"]
    changed = [{**containers[0], **fields}, *containers[1:]]
    api.patch(DEPLOYMENT, service, namespace, {"spec": {"template": {"spec": {"containers": changed}}}})


def test_a_new_stand_is_ready_and_says_how_it_knows(shop: tuple[str, "ResetReport"], api: "KubeApi") -> None:
    namespace, report = shop
    assert report.is_new and not report.differed and not report.restarted
    assert "7 objects are as built from small-shop" in report.text and "3 pods" in report.evidence
    assert sorted(pods(api, namespace).values()) == ["flags", "store", "web"]


def test_a_reset_of_an_untouched_stand_changes_and_restarts_nothing(
    shop: tuple[str, "ResetReport"], api: "KubeApi", cluster_spec: ClusterSpec
) -> None:
    namespace, _ = shop
    before = pods(api, namespace), versions(api, namespace)
    report = reset(api, cluster_spec, namespace)
    assert (pods(api, namespace), versions(api, namespace)) == before
    assert not report.is_new and not report.differed and not report.restarted and not report.removed
    assert report.emptied == ("flags", "store", "web")


def test_whatever_was_done_to_a_stand_is_named_and_undone_and_the_rest_keeps_its_pods(
    shop: tuple[str, "ResetReport"], api: "KubeApi", cluster_spec: ClusterSpec
) -> None:
    from clusters.k3s.api import STAND_LABEL
    from clusters.k3s.flag_values import read_variants, write_variants
    from clusters.k3s.kinds import AUTOSCALER, CONFIG_MAP, DEPLOYMENT, SERVICE

    namespace, _ = shop
    before = pods(api, namespace)
    baseline = {name: api.get(DEPLOYMENT, name, namespace)["spec"] for name in ("web", "store", "flags")}
    labels = {"labels": {STAND_LABEL: namespace}}
    write_variants(api, SMALL_SHOP, namespace, {"storeFailure": "on"})
    change_container(api, namespace, "web", image="registry.invalid/nothing:1", imagePullPolicy="Never")
    api.patch(DEPLOYMENT, "store", namespace, {"spec": {"replicas": 3}, "metadata": {"annotations": {"note": "x"}}})
    broken = [{"name": "tcp-service", "port": 6379, "targetPort": 1}]
    api.patch(SERVICE, "store", namespace, {"spec": {"ports": broken}})
    canary = api.get(DEPLOYMENT, "store", namespace)
    canary = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "store-canary", **labels}} | {
        "spec": canary["spec"] | {"replicas": 1}
    }
    api.create(canary, namespace)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "store"}
    scaler = {"apiVersion": AUTOSCALER.api_version, "kind": AUTOSCALER.name, "metadata": {"name": "store", **labels}}
    api.create(scaler | {"spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 3}}, namespace)
    foreign = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "somebody-elses"}, "data": {}}
    api.create(foreign, namespace)

    report = reset(api, cluster_spec, namespace)

    assert {name: api.get(DEPLOYMENT, name, namespace)["spec"] for name in baseline} == baseline
    assert "note" not in api.get(DEPLOYMENT, "store", namespace)["metadata"]["annotations"]
    assert api.get(SERVICE, "store", namespace)["spec"]["ports"][0]["targetPort"] == 6379
    assert api.find(CONFIG_MAP, "somebody-elses", namespace) is not None
    assert read_variants(api, SMALL_SHOP, namespace) == {"storeFailure": "off"}
    assert set(report.removed) == {"Deployment store-canary", "HorizontalPodAutoscaler store"}
    told = "; ".join(report.differed)
    assert "Deployment web: spec.template.spec.containers.web.image: registry.invalid/nothing:1 -> " in told
    assert "Deployment store: spec.replicas: 3 -> 1" in told
    assert "Deployment store: annotations.note: x -> nothing" in told
    assert "Service store: spec.ports.tcp-service.targetPort: 1 -> 6379" in told
    assert "flag storeFailure: on -> off" in told
    after = pods(api, namespace)
    assert sorted(after.values()) == ["flags", "store", "web"]
    # The pod with the missing image never served, so the one of the baseline stayed.
    assert {uid for uid, service in before.items() if service == "flags"} <= after.keys()
    assert set(report.restarted) <= {"web", "store"}


def test_a_pod_that_is_just_starting_is_waited_for(
    shop: tuple[str, "ResetReport"], api: "KubeApi", cluster_spec: ClusterSpec
) -> None:
    from clusters.k3s.kinds import POD
    from clusters.k3s.objects.names import COMPONENT_LABEL

    namespace, _ = shop
    before = pods(api, namespace)
    for pod in api.list(POD, namespace, label_selector=f"{COMPONENT_LABEL}=store"):
        api.delete(POD, pod["metadata"]["name"], namespace, grace_seconds=0)

    report = reset(api, cluster_spec, namespace)

    after = pods(api, namespace)
    assert sorted(after.values()) == ["flags", "store", "web"]
    assert not report.differed and not report.restarted
    assert {uid for uid, service in before.items() if service != "store"} == before.keys() & after.keys()


def test_fields_of_somebody_else_are_a_conflict_unless_they_are_taken_over(
    shop: tuple[str, "ResetReport"], api: "KubeApi", cluster_spec: ClusterSpec
) -> None:
    from clusters.k3s.api import KubeError
    from clusters.k3s.applying import apply_objects
    from clusters.k3s.kinds import DEPLOYMENT
    from clusters.k3s.objects import stand_objects

    namespace, _ = shop
    theirs = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 2}}
    api.apply(theirs, namespace, force=True, manager="somebody-else")
    documents = stand_objects(SMALL_SHOP, namespace=namespace, cluster=cluster_spec)
    with pytest.raises(KubeError, match="somebody-else") as refused:
        apply_objects(api, namespace, documents)
    assert refused.value.status == 409
    report = reset(api, cluster_spec, namespace)
    assert report.differed == ("Deployment web: spec.replicas: 2 -> 1",)
    assert api.get(DEPLOYMENT, "web", namespace)["spec"]["replicas"] == 1
