"""One Ray session, local or on a cluster, with the settings that a small shared machine needs."""

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ray_configs.errors import UserError

PROJECT_ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("clusters", "envs", "rollouts", "learners", "ray_configs")
_ANSWER_WITHIN_SECONDS = 3.0
_ENVIRONMENT: Mapping[str, str] = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Two processes with two threads each on two cores are several times slower than with one.
    "OMP_NUM_THREADS": "1",
    # Ray warns that it will stop hiding accelerators from actors that ask for none; take the coming behaviour.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True, kw_only=True)
class RaySettings:
    """A local session; a cluster named by RAY_ADDRESS has its own."""

    num_cpus: int | None = None
    """Logical CPUs; None: those of the machine."""
    object_store_bytes: int = 300_000_000
    """Memory for objects; results are paths, so little is needed."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """Custom resources that a local session offers, such as `stand_lab: 2`."""


@contextmanager
def ray_session(settings: RaySettings | None = None) -> Iterator[None]:
    """Be connected to Ray inside the block.

    In this order: the session that this process has already (left open afterwards), the cluster that RAY_ADDRESS names
    (as inside a Ray job), a local session of our own, whose processes and files are gone afterwards.

    Raises:
        UserError: RAY_ADDRESS names a cluster that does not answer.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS")
    if address and address != "local":
        _connect(address)
        try:
            yield
        finally:
            ray.shutdown()
        return
    # Short and on the root file system: the paths of Ray's sockets must stay under 107 bytes.
    temp_dir = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    try:
        _start(settings or RaySettings(), temp_dir)
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(temp_dir, ignore_errors=True)


def _start(settings: RaySettings, temp_dir: str) -> None:
    import ray

    before = os.environ.get("PYTHONPATH")
    # The session's processes inherit the environment: actors import our packages whatever the working directory.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(PROJECT_ROOT), *([before] if before else [])])
    try:
        ray.init(
            address="local",
            num_cpus=settings.num_cpus,
            resources=dict(settings.resources),
            include_dashboard=False,
            object_store_memory=settings.object_store_bytes,
            _temp_dir=temp_dir,
            **_quiet(),
        )
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _connect(address: str) -> None:
    import ray

    # A job's environment was shipped with the job; a plain script ships the packages (not the data beside them).
    is_job = "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ
    runtime_env = None if is_job else {"py_modules": [str(PROJECT_ROOT / name) for name in _PACKAGES]}
    try:
        _require_answer(address)
        ray.init(address=address, runtime_env=runtime_env, **_quiet())
    except OSError as error:
        raise UserError(
            f"no Ray cluster answers at RAY_ADDRESS={address}: start one, or unset RAY_ADDRESS to run locally"
        ) from error


def _require_answer(address: str) -> None:
    """Knock once, because Ray itself would try for minutes. OSError if nobody opens."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_WITHIN_SECONDS).close()


def _quiet() -> dict[str, Any]:
    # Ray warns of having turned its token on, which it does by itself and must: its ports listen on every interface.
    return {"log_to_driver": False, "logging_level": logging.ERROR}
