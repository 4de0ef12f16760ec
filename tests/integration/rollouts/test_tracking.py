"""Runs in a real MLflow."""

from pathlib import Path

import pytest
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from ray_configs.errors import UserError
from rollouts.tracking import open_tracking, tracked_run, tracking_uri


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/deep/mlflow.db"


def test_a_run_keeps_parameters_metrics_and_files(uri: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("{}")
    with tracked_run("fits", "first", {"lr": 0.1, "model": {"width": 64}}, uri=uri, tags={"kind": "fit"}) as run:
        for step in range(1200):
            run.log({"loss": 1.0 / (1 + step), "missing": float("nan")}, step)
        run.log_artifact(report)
        with tracked_run("fits", "child", uri=uri, parent_run_id=run.run_id) as child:
            pass
    data = run.client.get_run(run.run_id).data
    assert data.params == {"lr": "0.1", "model.width": "64"}
    assert data.tags["kind"] == "fit"
    assert set(data.metrics) == {"loss"}
    assert len(run.client.get_metric_history(run.run_id, "loss")) == 1200
    assert [artifact.path for artifact in run.client.list_artifacts(run.run_id)] == ["report.json"]
    assert run.client.get_run(child.run_id).data.tags[MLFLOW_PARENT_RUN_ID] == run.run_id
    assert run.client.get_run(run.run_id).info.status == "FINISHED"
    assert list(tmp_path.glob("deep/mlartifacts/fits/*/artifacts/report.json"))


def test_a_run_whose_block_raises_has_failed(uri: str) -> None:
    with pytest.raises(ZeroDivisionError), tracked_run("fits", "broken", uri=uri) as run:
        run.log({"loss": 1 / 0})
    assert open_tracking(uri).get_run(run.run_id).info.status == "FAILED"


def test_the_default_is_a_database_below_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking_uri() == f"sqlite:///{tmp_path}/out/mlflow.db"
    assert tracking_uri("sqlite:////a/b.db") == "sqlite:////a/b.db"
    assert tracking_uri("http://host:5000") == "http://host:5000"


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "bogus://nowhere"])
def test_an_address_that_does_not_answer_is_a_sentence(address: str) -> None:
    with pytest.raises(UserError, match=address):
        open_tracking(address)


def test_a_database_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database, and long enough to be taken for a damaged one" * 20)
    with pytest.raises(UserError, match=r"mlflow\.db"):
        open_tracking(f"sqlite:///{tmp_path}/mlflow.db")
