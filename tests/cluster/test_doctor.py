"""What the doctor says of a real cluster, of one without Chaos Mesh, and of an account that may do little."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from clusters.applications import load_application
from clusters.k3s.api import KubeApi
from clusters.k3s.arguments import DoctorArguments
from clusters.k3s.credentials import StandToken
from clusters.k3s.doctor.examining import doctor_command, examine
from clusters.k3s.doctor.point import Point, Status
from clusters.k3s.inventory import ClusterSpec, ImageSpec, Inventory, TelemetrySpec
from clusters.k3s.kinds import POD
from clusters.k3s.placement import place
from tests.cluster.placing import ours, scratch_inventory, written
from tests.cluster.token_kubeconfig import token_kubeconfig

pytestmark = pytest.mark.cluster

APPLICATION = load_application("small-core")


def look(cluster: ClusterSpec, *, may_start_pods: bool = False) -> dict[str, Point]:
    inventory = Inventory(clusters=(cluster,), namespace_prefix="gym-test-doctor")
    points = examine(cluster, inventory, APPLICATION, may_start_pods=may_start_pods)
    topics = [point.topic for point in points]
    assert len(set(topics)) == len(topics)
    return {point.topic: point for point in points}


def lacking(points: Sequence[Point]) -> set[str]:
    return {point.topic for point in points if point.status is Status.MISSING and point.is_needed}


def test_a_cluster_that_has_everything(api: KubeApi, cluster_spec: ClusterSpec, plane: TelemetrySpec) -> None:
    points = look(replace(cluster_spec, telemetry=plane))
    assert lacking(list(points.values())) <= {"container metrics"}  # a plane that just began has none yet
    for topic in ("API server", "permissions", "capacity", "images", "Chaos Mesh", "Chaos Mesh controllers"):
        assert points[topic].status is Status.OK, points[topic]
    for topic in ("collector", "Prometheus", "Prometheus intake"):
        assert points[topic].status is Status.OK, points[topic]
    # No stand has run here: nobody can know yet whether its signals arrive.
    for topic in ("edges", "node signals", "journey signals"):
        assert points[topic].status is Status.UNKNOWN, points[topic]
        assert "no stand runs" in points[topic].finding
    assert points["Coroot"].status is Status.UNKNOWN
    assert not points["Coroot"].is_needed


def test_network_policies_are_tried_and_nothing_stays(api: KubeApi, cluster_spec: ClusterSpec) -> None:
    assert look(cluster_spec)["network policies"].status is Status.UNKNOWN
    point = look(cluster_spec, may_start_pods=True)["network policies"]
    assert point.status is not Status.UNKNOWN, point
    assert ("a pod of another namespace got through" in point.finding) == (point.status is Status.MISSING)
    assert ours(api, Inventory(clusters=(cluster_spec,), namespace_prefix="gym-test-doctor")) == []


def test_without_chaos_mesh_or_telemetry_each_says_how_to_install_it(
    emulated_spec: ClusterSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = replace(
        emulated_spec,
        images=ImageSpec(synthetic="nowhere.test/synthetic:1", pull_policy="Never"),
        telemetry=TelemetrySpec(prometheus_url="http://127.0.0.1:9", otlp_endpoint="http://gateway.telemetry:4318"),
        stands=100_000,
    )
    points = look(bare)
    assert lacking(list(points.values())) >= {"Chaos Mesh", "Prometheus", "collector", "images", "capacity"}
    assert "helm install chaos-mesh" in points["Chaos Mesh"].fix
    assert "python -m clusters install" in points["Prometheus"].fix
    assert "python -m clusters install" in points["collector"].fix
    assert "/var/lib/rancher/k3s/agent/images" in points["images"].fix
    assert "set stands to" in points["capacity"].fix
    config = written(Inventory(clusters=(bare,), namespace_prefix="gym-test-doctor"), tmp_path)
    assert doctor_command(DoctorArguments(config=config)) == 1
    assert "helm install" in capsys.readouterr().out


def test_an_account_that_may_do_little_is_told_which_rights_it_lacks(
    api: KubeApi, cluster_spec: ClusterSpec, tmp_path: Path
) -> None:
    with scratch_inventory(cluster_spec) as inventory:
        stand = place(inventory, APPLICATION, holder="a")
        token = StandToken(api, stand.namespace, lambda: False)()
        kubeconfig = token_kubeconfig(cluster_spec, token, tmp_path)
        points = look(replace(cluster_spec, kubeconfig=str(kubeconfig), context=""))
        assert list(points) == ["connection", "permissions"]
        assert "cannot list resource" in points["connection"].finding
        assert "get namespaces" in points["permissions"].finding
        assert "ClusterRole" in points["permissions"].fix
        assert stand.api.list(POD, stand.namespace) == []


def test_one_broken_cluster_does_not_hide_the_others(
    cluster_spec: ClusterSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = Inventory(clusters=(replace(cluster_spec, name="lost", context="nowhere"), cluster_spec))
    assert doctor_command(DoctorArguments(config=written(inventory, tmp_path))) == 1
    told = capsys.readouterr().out
    assert "Cluster lost" in told
    assert f"Cluster {cluster_spec.name}" in told
    assert "nowhere" in told
