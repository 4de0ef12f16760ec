"""A full disk, a killed writer, and runs that were damaged afterwards. Nothing is patched: the faults are real."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ray_configs.errors import UserError
from rollouts.dataset.reader import list_runs, read_run
from rollouts.dataset.schema import FILES, TABLES
from rollouts.dataset.validation import validate, validate_run
from rollouts.dataset.writer import write_run
from tests.episodes import assert_equal, make_episode

ROOT = Path(__file__).resolve().parents[4]

WRITE_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from ray_configs.errors import UserError
from rollouts.dataset.writer import write_run
from tests.episodes import make_episode
dataset = Path(sys.argv[1])
write_run(make_episode(run_id="before"), dataset)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_run(make_episode(run_id="after"), dataset)
except UserError as error:
    print(error)
"""

WRITE_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from rollouts.dataset.writer import write_run
from tests.episodes import make_episode
for number in count():
    write_run(make_episode(run_id=f"r{number:04d}", seed=number), Path(sys.argv[1]))
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(make_episode(), tmp_path)


@pytest.fixture
def endless_writer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path)], cwd=ROOT)
    yield process
    process.kill()
    process.wait()


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE_ON_A_FULL_DISK, str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert "cannot write run after" in result.stdout and str(tmp_path) in result.stdout
    assert "free some space" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["run_before"]
    assert_equal(make_episode(run_id="before"), read_run(tmp_path / "run_before"))


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UserError, match=r"taken.*name another data set folder"):
        write_run(make_episode(), tmp_path / "taken" / "dataset")


def test_a_killed_writer_leaves_only_whole_runs(tmp_path: Path, endless_writer: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("run_*"))) < 5:
        assert endless_writer.poll() is None and time.monotonic() < deadline
        time.sleep(0.003)
    # Killed in the middle of a file more often than not: all that it does is to write runs.
    while not list(tmp_path.glob(".tmp-*/node_features.parquet")):
        assert time.monotonic() < deadline
    endless_writer.send_signal(signal.SIGKILL)
    endless_writer.wait()
    runs = list_runs(tmp_path)
    assert len(runs) >= 5
    for number, path in enumerate(runs):
        assert validate_run(path) == []
        assert_equal(make_episode(run_id=f"r{number:04d}", seed=number), read_run(path))
    torn = {path.name for path in tmp_path.iterdir()} - {path.name for path in runs}
    assert {violation.run for violation in validate(tmp_path)} == torn


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_the_fix(run: Path, name: str) -> None:
    (run / name).unlink()
    assert [(v.run, v.file) for v in validate_run(run)] == [(run.name, name)]
    needed = {"metadata.json", "actions.parquet", "rewards.parquet", *(n for n in TABLES if "_features" in n)}
    if name in needed:
        with pytest.raises(UserError, match=rf"{name} is missing.*delete the run directory"):
            read_run(run)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, empty, flip_a_bit])
@pytest.mark.parametrize("name", ["node_features.parquet", "edge_features.parquet"])
def test_a_corrupt_parquet_is_named_with_the_fix(run: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(run / name)
    with pytest.raises(UserError, match=rf"{name} is damaged.*delete the run directory") as caught:
        read_run(run)
    assert "\n" not in str(caught.value)
    assert [violation.file for violation in validate_run(run)] == [name]


@pytest.mark.parametrize("name", ["metadata.json", "graph.json"])
def test_corrupt_json_is_named(run: Path, name: str) -> None:
    cut(run / name)
    assert [violation.file for violation in validate_run(run)] == [name]


def test_folders_that_are_no_data_set_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        list_runs(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no run"):
        validate(tmp_path)
    with pytest.raises(UserError, match="there is no run directory"):
        read_run(tmp_path / "run_x")


def test_writers_of_one_run_at_the_same_time_commit_it_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: write_run(make_episode(), tmp_path), range(16)))
    assert paths == {tmp_path / "run_a1"} == set(tmp_path.iterdir())
    assert validate(tmp_path) == []


@pytest.mark.parametrize("name", ["metadata.json", "actions.parquet", "rewards.parquet", "stand_features.parquet"])
def test_files_of_two_runs_mixed_are_named(run: Path, tmp_path: Path, name: str) -> None:
    other = write_run(make_episode(run_id="b2", num_steps=4), tmp_path / "other")
    (run / name).write_bytes((other / name).read_bytes())
    assert name in {violation.file for violation in validate_run(run)}
    if name == "metadata.json":
        (run / name).write_text("{}")
    with pytest.raises(UserError, match=r"run_a1.*delete the run|run_a1.*collect the run again"):
        read_run(run)
