"""What a connection says when a cluster refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.connection import connect, connect_with_token
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.kinds import CONFIG_MAP, NODE
from ray_configs.errors import UserError
from tests.cluster.token_kubeconfig import token_kubeconfig

pytestmark = pytest.mark.cluster


def test_a_token_that_is_refused_is_one_sentence(cluster_spec: ClusterSpec, tmp_path: Path) -> None:
    refused = replace(cluster_spec, kubeconfig=str(token_kubeconfig(cluster_spec, "expired", tmp_path)), context="")
    with pytest.raises(UserError, match=r"^cluster real refused .*credentials are expired or wrong: renew") as error:
        connect(refused)
    assert "\n" not in str(error.value)


def test_a_token_stands_alone_without_the_kubeconfigs_certificate(cluster_spec: ClusterSpec) -> None:
    with pytest.raises(KubeError) as error:
        connect_with_token(cluster_spec, lambda: "no token").list(NODE)
    assert error.value.status == 401


def test_what_is_refused_names_the_kubernetes_reason(api: KubeApi, module_namespace: str) -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "twice"}}
    api.create(document, module_namespace)
    with pytest.raises(KubeError) as error:
        api.create(document, module_namespace)
    assert (error.value.status, error.value.reason) == (409, "AlreadyExists")
    assert api.find(CONFIG_MAP, "absent", module_namespace) is None
    assert not api.delete(CONFIG_MAP, "absent", module_namespace)
