"""Training on a real Ray, tracked by a real MLflow server, and what the command line says where none listens."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from mlflow import MlflowClient

from learners.train import TrainConfig, fit_models
from learners.world_models.checkpoint import load_checkpoint
from rollouts.ray_session import PROJECT_ROOT
from tests.integration.learners import tiny


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of an MLflow server of our own."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={port}", "--workers=1"]
    stores = [f"--backend-store-uri=sqlite:///{tmp_path}/server.db", f"--artifacts-destination={tmp_path}/artifacts"]
    with (tmp_path / "server.log").open("w") as log:
        # A session of its own, because the server starts further processes, which must end with it.
        process = subprocess.Popen(
            [*command, *stores],
            cwd=tmp_path,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while not answers(f"http://127.0.0.1:{port}/health"):
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


@pytest.mark.usefixtures("ray_cluster")
def test_both_models_are_fitted_and_a_server_shows_their_numbers(server: str, tmp_path: Path) -> None:
    config = TrainConfig(fit=tiny.FIT, tracking_uri=server)
    result = fit_models(config, tiny.windows(), tmp_path / "models", about_data={"dataset": "toy"})
    passive, conditioned = result.of("passive")[0], result.of("action_conditioned")[0]
    assert not load_checkpoint(passive.checkpoint).network.config.action_conditioned
    assert load_checkpoint(conditioned.checkpoint).network.config.action_conditioned
    assert passive.effects is not None and passive.effects.is_file()

    client = MlflowClient(server)
    experiment = client.get_experiment_by_name("world-models")
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"passive-seed0", "action_conditioned-seed0"}
    for fitted in (passive, conditioned):
        run = runs[f"{fitted.model}-seed0"]
        assert run.info.status == "FINISHED"
        assert (run.data.params["dataset"], run.data.params["num_windows"]) == ("toy", str(result.num_windows))
        assert run.data.metrics["best_validation_returns"] == pytest.approx(fitted.metrics["validation_returns"])
        curve = client.get_metric_history(run.info.run_id, "validation_returns")
        assert [point.step for point in curve] == [0, 1]
        assert [file.path for file in client.list_artifacts(run.info.run_id)] == [fitted.checkpoint.name]


def test_an_address_where_nothing_listens_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "learners", "compare", "world-models", "--tracking-uri", address]
    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert f"no MLflow server answers at {address}" in ended.stderr
    assert "Traceback" not in ended.stderr
