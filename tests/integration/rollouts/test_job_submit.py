"""`ray job submit --working-dir .` on a running head fills a data set, as on a cluster."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollouts.dataset.reader import list_runs
from rollouts.ray_session import PROJECT_ROOT
from tests.ray_head import RAY, ray_head

CONFIG = """
application: small-core
dataset: unused
scenarios:
  - {split: train, count: 3, seed: 2}
policies:
  - {name: random}
stands_per_actor: 2
"""


@pytest.fixture
def head() -> Iterator[dict[str, str]]:
    with ray_head() as environment:
        yield environment


@pytest.mark.slow
def test_a_submitted_job_fills_a_data_set_at_an_absolute_path(head: dict[str, str], tmp_path: Path) -> None:
    config, dataset_dir = tmp_path / "small.yaml", tmp_path / "dataset"
    config.write_text(CONFIG)
    command = [RAY, "job", "submit", "--working-dir", ".", "--"]
    command += ["python", "-m", "rollouts", "collect", str(config), "--out", str(dataset_dir)]
    done = subprocess.run(command, env=head, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 episodes committed" in done.stdout
    assert len(list_runs(dataset_dir)) == 3
