"""What a user reads when a cluster cannot be reached: one sentence that names the cluster and the fix."""

import socket
from pathlib import Path

import pytest
import yaml

from clusters.k3s.connection import connect, kubeconfig_path
from clusters.k3s.inventory import ClusterSpec, TelemetrySpec
from ray_configs.errors import UserError


def cluster(kubeconfig: str, context: str = "") -> ClusterSpec:
    telemetry = TelemetrySpec(prometheus_url="http://prometheus", otlp_endpoint="http://gateway:4318")
    return ClusterSpec(name="north", kubeconfig=kubeconfig, context=context, telemetry=telemetry)


def kubeconfig(folder: Path, server: str, *, current: str = "home") -> str:
    path = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("home", "away")],
        "current-context": current,
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def sentence(spec: ClusterSpec) -> str:
    with pytest.raises(UserError) as error:
        connect(spec)
    text = str(error.value)
    assert text.startswith("cluster north")
    assert "\n" not in text
    return text


def test_no_kubeconfig(tmp_path: Path) -> None:
    assert f"there is no kubeconfig {tmp_path}/nowhere; copy" in sentence(cluster(f"{tmp_path}/nowhere"))


def test_a_variable_that_is_not_set() -> None:
    assert "$NO_SUCH_VARIABLE/x names a variable that is not set" in sentence(cluster("$NO_SUCH_VARIABLE/x"))


def test_a_wrong_context_names_the_known_ones(tmp_path: Path) -> None:
    text = sentence(cluster(kubeconfig(tmp_path, "https://127.0.0.1:1"), "hoem"))
    assert "has no context 'hoem'; choose one of: home, away" in text


def test_a_file_that_is_no_kubeconfig(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("clusters: [1, 2\nusers: {")
    assert f"the kubeconfig {path} cannot be used" in sentence(cluster(str(path)))
    path.write_text("")
    assert f"the kubeconfig {path} cannot be used" in sentence(cluster(str(path)))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    server = f"https://127.0.0.1:{unused_port()}"
    assert "does not answer (GET /version)" in sentence(cluster(kubeconfig(tmp_path, server)))


def test_home_and_variables_are_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kubeconfig(tmp_path, "https://127.0.0.1:1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WHERE", str(tmp_path))
    assert kubeconfig_path(cluster("~/kubeconfig")) == path
    assert kubeconfig_path(cluster("$WHERE/kubeconfig")) == path
    monkeypatch.setenv("KUBECONFIG", f"{path}:{path}")
    assert kubeconfig_path(cluster("")) == f"{path}:{path}"
