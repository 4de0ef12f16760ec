"""Bad input ends with code 2 and one sentence, before any cluster is asked; what a cluster lacks is code 1."""

from pathlib import Path

import pytest

from clusters.__main__ import COMMANDS
from ray_configs.command_line import run

INVENTORY = """
clusters:
  - name: north
    kubeconfig: {folder}/nowhere
    telemetry: {{prometheus_url: "http://p:9090", otlp_endpoint: "http://gateway.telemetry:4318"}}
"""


def call(*arguments: str) -> int:
    return run("python -m clusters", "", COMMANDS, arguments)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "stands.yaml"
    path.write_text(INVENTORY.format(folder=tmp_path))
    return path


@pytest.mark.parametrize("command", ["doctor", "list", "gc"])
def test_an_inventory_that_is_not_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(command, "nowhere.yaml") == 2
    assert "cannot read nowhere.yaml" in capsys.readouterr().err


def test_an_application_that_is_not_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("doctor", str(config), "--application", "shop") == 2
    assert "no application 'shop'; choose one of" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["doctor", "list", "gc"])
def test_a_cluster_that_cannot_be_asked_is_told_beside_the_others(
    command: str, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert call(command, str(config)) == 1
    assert f"cluster north: there is no kubeconfig {tmp_path}/nowhere" in " ".join(capsys.readouterr().out.split())


def test_taking_down_a_stand_of_such_a_cluster(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("down", str(config), "gym-shop-1") == 2
    assert "there is no kubeconfig" in capsys.readouterr().err
