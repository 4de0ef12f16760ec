"""What ships for KubeRay is accepted by an API server that has KubeRay's definitions."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import NotFoundError, ResourceNotFoundError

import ray_configs
from clusters.k3s.inventory import ClusterSpec
from tests.cluster.environment import needed_path

pytestmark = pytest.mark.cluster

MANIFESTS = sorted((Path(ray_configs.__file__).parent / "ray").glob("kuberay_*.yaml"))
MANAGER = "otel-control-gym-tests"
SERVED_SECONDS = 30.0
STRICT = (("fieldValidation", "Strict"),)
"""A field that the definition lacks is refused, where it would be dropped unseen."""


@pytest.fixture(scope="module")
def kuberay(cluster_spec: ClusterSpec) -> Iterator[DynamicClient]:
    """A client of a cluster that has the definitions; those that this test brought are removed again."""
    folder = needed_path("GYM_KUBERAY_CRDS")
    documents = [yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))]
    api = new_client_from_config(cluster_spec.kubeconfig, context=cluster_spec.context or None)
    client = DynamicClient(api)
    definitions = client.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    before = {item.metadata.name for item in definitions.get().items}
    for document in documents:
        client.server_side_apply(definitions, body=document, field_manager=MANAGER, force_conflicts=True)
    try:
        yield client
    finally:
        for document in documents:
            if document["metadata"]["name"] not in before:
                definitions.delete(name=document["metadata"]["name"])
        api.close()


def served(client: DynamicClient, api_version: str, kind: str) -> Any:
    """The resource, once the API server serves it: it is told of before."""
    deadline = time.monotonic() + SERVED_SECONDS
    while True:
        try:
            resource = client.resources.get(api_version=api_version, kind=kind)
            client.get(resource)
            return resource
        except (ResourceNotFoundError, NotFoundError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
            client.resources.invalidate_cache()


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_real_api_server_accepts_the_manifest(kuberay: DynamicClient, namespace: str, path: Path) -> None:
    for document in yaml.safe_load_all(path.read_text()):
        resource = served(kuberay, document["apiVersion"], document["kind"])
        created = kuberay.create(resource, body=document, namespace=namespace, query_params=list(STRICT))
        assert created.metadata.name.startswith(document["metadata"].get("name", "gym-collect-"))
        worker = created.spec.get("workerGroupSpecs") or created.spec.rayClusterSpec.workerGroupSpecs
        assert worker[0].resources["stand_north"] == "4"
        broken = document | {"spec": document["spec"] | {"unknownField": 1}}
        with pytest.raises(ApiException, match="unknownField"):
            kuberay.create(resource, body=broken, namespace=namespace, query_params=list(STRICT))
