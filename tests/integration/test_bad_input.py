"""Bad input as a user meets it: one sentence on stderr that names the thing and the fix, exit code 2, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rollouts.dataset.reader import list_runs
from rollouts.dataset.writer import write_run
from tests.episodes import make_episode

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2, done.stderr
    assert len(lines) == 1, done.stderr
    for part in said:
        assert part in lines[0]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_run(make_episode(), tmp_path / "dataset")
    return tmp_path / "dataset"


CONFIG = "dataset: out\nscenarios: [{split: train, count: 2}]\npolicies: [{name: do_nothing}]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CONFIG + "stand_per_actor: 3\n", ("unknown key 'stand_per_actor'", "known here", "stands_per_actor")),
        (CONFIG.replace("count: 2", "count: -2"), ("count and seed must not be negative, not -2",)),
        (CONFIG.replace("do_nothing", "do_noting"), ("do_noting", "do_nothing")),
        (CONFIG + "application: big-core\n", ("big-core", "small-core")),
        (CONFIG + "backend: k4s\n", ("k4s", "simulated")),
        (CONFIG + "reward: {slo_violation: -1.0}\n", ("slo_violation is -1.0",)),
        (CONFIG + "time_scales: {control_step_seconds: 35.0}\n", ("control_step_seconds 35.0 is no multiple",)),
        ("dataset: [\n", ("is not valid YAML",)),
    ],
)
def test_a_bad_configuration(tmp_path: Path, text: str, said: tuple[str, ...]) -> None:
    (tmp_path / "fill.yaml").write_text(text)
    refused(run(tmp_path, "rollouts", "collect", "fill.yaml", "--out", "runs"), *said)


def test_a_missing_configuration(tmp_path: Path) -> None:
    refused(run(tmp_path, "rollouts", "collect", "nowhere.yaml"), "nowhere.yaml", "No such file")


def test_a_corrupt_parquet(dataset: Path, tmp_path: Path) -> None:
    [torn] = [path / "node_features.parquet" for path in dataset.iterdir()]
    torn.write_bytes(torn.read_bytes()[:-100])
    (tmp_path / "train.yaml").write_text("seeds: [0]\n")
    refused(run(tmp_path, "learners", "train", "train.yaml", "--dataset", "dataset"), "node_features.parquet")
    found = run(tmp_path, "rollouts", "validate", "dataset")
    assert found.returncode == 1
    assert "node_features.parquet" in found.stdout


def test_a_torn_run_is_named_and_not_read(dataset: Path, tmp_path: Path) -> None:
    [whole] = list(dataset.iterdir())
    (whole / "metadata.json").unlink()
    refused(run(tmp_path, "rollouts", "inspect", str(whole)), whole.name, "metadata.json")


def test_a_data_set_that_is_not_there(tmp_path: Path) -> None:
    refused(run(tmp_path, "rollouts", "validate", "nowhere"), "nowhere", "No such file")


def test_a_tracking_server_that_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "evaluate.yaml").write_text(
        "rankers: [{name: random, entry_point: 'rollouts.evaluation.rankers:RandomRanker'}]\n"
        "tracking: {experiment: x, uri: 'http://127.0.0.1:9'}\n"
    )
    refused(run(tmp_path, "rollouts", "evaluate", "evaluate.yaml", "--out", "report"), "http://127.0.0.1:9")


def test_a_checkpoint_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "evaluate.yaml").write_text(
        "rankers:\n"
        "- {name: a, entry_point: 'learners.world_models.ranker:load_ranker', parameters: {checkpoint: no.pt}}\n"
    )
    refused(run(tmp_path, "rollouts", "evaluate", "evaluate.yaml", "--out", "report"), "no.pt", "learners train")


def test_a_fill_is_not_played_into_a_data_set_of_another_contract(dataset: Path) -> None:
    (run_folder,) = list_runs(dataset)
    metadata = run_folder / "metadata.json"
    metadata.write_text(metadata.read_text().replace('"contract_version": "2.0"', '"contract_version": "1.0"'))
    config = dataset.parent / "fill.yaml"
    config.write_text("scenarios:\n  - {split: train, count: 1}\npolicies:\n  - {name: do_nothing}\ndataset: unused\n")
    done = run(dataset.parent, "rollouts", "collect", str(config), "--out", str(dataset), "--resume")
    refused(done, run_folder.name, "contract_version 1.0", "collect the run again")
    assert list_runs(dataset) == [run_folder]
