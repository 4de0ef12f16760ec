"""Runs in MLflow: a local SQLite file by default, any tracking server by its address."""

import logging
import math
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import requests
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from sqlalchemy.exc import SQLAlchemyError

from ray_configs.errors import UserError

_ANSWER_WITHIN_SECONDS = 3.0
_MAX_METRICS_PER_CALL = 1000
_MAX_PARAMETERS_PER_CALL = 100
"""MLflow's limits for one batch."""
_HTTP_ENVIRONMENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""A server that goes away ends a run within a minute or two, not within MLflow's default of many."""


def tracking_uri(uri: str | None = None) -> str:
    """Where runs go: `uri`, else MLFLOW_TRACKING_URI, else `out/mlflow.db` in the current directory.

    A relative SQLite path is made absolute, because actors have another working directory.
    """
    uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///out/mlflow.db"
    prefix = "sqlite:///"
    return f"{prefix}{Path(uri.removeprefix(prefix)).absolute()}" if uri.startswith(prefix) else uri


def open_tracking(uri: str | None = None) -> MlflowClient:
    """A client of `tracking_uri(uri)`, which is also made MLflow's current one.

    Raises:
        UserError: the server does not answer within a few seconds, or the database cannot be opened.
    """
    uri = tracking_uri(uri)
    if uri.startswith(("http://", "https://")):
        _require_answer(uri)
    elif uri.startswith("sqlite:///"):
        _make_parent(Path(uri.removeprefix("sqlite:///")))
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # MLflow 3.17 maps its tables with a loader that SQLAlchemy 2.1 deprecates; nothing here can change that.
            warnings.filterwarnings("ignore", message="The ``noload`` loader strategy")
            mlflow.set_tracking_uri(uri)
            client = MlflowClient(tracking_uri=uri)
            client.search_experiments(max_results=1)
    except (MlflowException, SQLAlchemyError) as error:
        sentence = str(error).splitlines()[0]
        raise UserError(f"cannot open the MLflow tracking at {uri} ({sentence}); correct tracking_uri") from error
    return client


class TrackedRun:
    """A run that is being written. Metrics are kept back and sent in batches; `flush` sends them now."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self.client = client
        self.run_id = run_id
        self._metrics: list[Metric] = []

    def log(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Note values at a step. What is not finite is left out: MLflow's stores do not agree on what it means."""
        now = int(time.time() * 1000)
        finite = {name: float(value) for name, value in metrics.items() if math.isfinite(value)}
        self._metrics += [Metric(name, value, now, step) for name, value in finite.items()]
        if len(self._metrics) >= _MAX_METRICS_PER_CALL:
            self.flush()

    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Note parameters; nested mappings become dotted names."""
        flat = [Param(name, str(value)[:6000]) for name, value in _flat(parameters)]
        for start in range(0, len(flat), _MAX_PARAMETERS_PER_CALL):
            self.client.log_batch(self.run_id, params=flat[start : start + _MAX_PARAMETERS_PER_CALL])

    def log_artifact(self, path: Path | str, folder: str | None = None) -> None:
        """Copy a file to the run's artifacts."""
        self.client.log_artifact(self.run_id, str(path), folder)

    def flush(self) -> None:
        """Send what is kept back."""
        for start in range(0, len(self._metrics), _MAX_METRICS_PER_CALL):
            self.client.log_batch(self.run_id, metrics=self._metrics[start : start + _MAX_METRICS_PER_CALL])
        self._metrics = []


@contextmanager
def tracked_run(
    experiment: str,
    run_name: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    uri: str | None = None,
    tags: Mapping[str, str] | None = None,
    parent_run_id: str | None = None,
) -> Iterator[TrackedRun]:
    """A run of `experiment` (made if it is new) that ends as FINISHED, or as FAILED if the block raises.

    Args:
        experiment: name of the experiment.
        run_name: name of the run.
        parameters: what the run was made with.
        uri: as for `tracking_uri`.
        tags: further tags.
        parent_run_id: shows this run beneath that one.

    Raises:
        UserError: as `open_tracking`.
    """
    client = open_tracking(uri)
    parent = {MLFLOW_PARENT_RUN_ID: parent_run_id} if parent_run_id else {}
    created = client.create_run(experiment_id(client, experiment), run_name=run_name, tags={**parent, **(tags or {})})
    run = TrackedRun(client, created.info.run_id)
    try:
        run.log_parameters(parameters or {})
        yield run
        run.flush()
    except BaseException:
        client.set_terminated(run.run_id, status="FAILED")
        raise
    client.set_terminated(run.run_id, status="FINISHED")


def experiment_id(client: MlflowClient, name: str) -> str:
    """Id of the experiment, which is made if it is new; beside a SQLite file, its artifacts stand in `mlartifacts`."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    uri, location = client.tracking_uri, None
    if uri.startswith("sqlite:///"):
        location = (Path(uri.removeprefix("sqlite:///")).parent / "mlartifacts" / name).as_uri()
    try:
        return str(client.create_experiment(name, artifact_location=location))
    except MlflowException:
        # Another process may have made it between the question and the answer.
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)


def _flat(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _require_answer(uri: str) -> None:
    for name, value in _HTTP_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        requests.get(f"{uri.rstrip('/')}/health", timeout=_ANSWER_WITHIN_SECONDS).close()
    except requests.RequestException as error:
        raise UserError(
            f"no MLflow server answers at {uri}: start it, or correct tracking_uri (sqlite:///out/mlflow.db needs none)"
        ) from error


def _make_parent(database: Path) -> None:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {database.parent}: {error.strerror}; give another tracking_uri") from error
